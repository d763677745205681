"""The patient's page: the story and its pages, why a text went or did not, what is to come, and what staff change."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlalchemy import insert, select

from bot.core.journey import TouchState
from bot.core.people import ConsentStatus
from bot.services.gate import decide_and_store
from bot.services.patient_timeline import Kind, read_story
from bot.services.plan import plan_due
from bot.store.columns import new_id
from bot.store.tables import (
    Appointment,
    AppointmentChange,
    AuditEntry,
    Enrollment,
    Message,
    Patient,
    PatientContact,
    Role,
    Touch,
    User,
)
from tests.web.console.desk import Desk
from tests.web.console.patient_pages import EVIDENCE, PAGE, SQLITE, Sit, ahead_of, story_of


def decide(desk: Desk) -> None:
    """Let the gate look at what waits."""
    with desk.clinic.database.begin() as connection:
        ids = connection.execute(select(Message.id).where(Message.status == "planned")).scalars().all()
        decide_and_store(connection, desk.clinic, ids, desk.now)


def test_everything_that_happened_stands_in_the_story(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    desk.wait(minutes=5)
    talk = desk.text(10, "my chest hurts and I cannot breathe")
    [case] = desk.escalations(talk)
    browser.post(f"/console/escalations/{case}/claim")
    browser.post(f"/console/conversations/{talk}/calls")
    browser.post(f"/console/conversations/{talk}/notes", {"body": "Her daughter is with her."})
    browser.post("/console/visits/V-1/answer", {"response": "tentative"})
    browser.post(f"/console/escalations/{case}/resolve", {"outcome": "called", "seen": ""})
    browser.post(f"/console/escalations/{case}/resolve", {"outcome": "called"})
    told = story_of(browser.get(PAGE).text)
    for words in (
        "Visit on record: ", "Journey begun: Visit reminders", "my chest hurts and I cannot breathe",
        "read as: An emergency", "Emergency: Possible emergency", "Possible emergency: claimed by Ana Ruiz",
        "Possible emergency: resolved by Ana Ruiz (called)", "Called the patient.", "Her daughter is with her.",
        "Ana Ruiz: Wants another time", "Agreed to texts from the clinic&#39;s file", ">Call<",
    ):  # fmt: skip
        assert words in told, words
    # Who looked, and what is only planned, is asked for by name.
    assert "looked at" not in told
    assert "planned for" not in told
    browser.get(PAGE)
    viewed = story_of(browser.get(f"{PAGE}?kind=views").text)
    assert "Ana Ruiz looked at this page (2 times)" in viewed
    assert "First reminder planned for" in story_of(browser.get(f"{PAGE}?kind=journeys").text)


@pytest.mark.parametrize("kind", list(Kind))
@SQLITE
def test_each_kind_is_shown_by_itself(kind: Kind, desk: Desk, rosa: str, browser_of: Sit) -> None:
    desk.text(10, "do I have to fast?")
    browser = browser_of("Ana Ruiz")
    browser.post(f"{PAGE}/language", {"language": "es"})
    page = browser.get(f"{PAGE}?kind={kind.value}").text
    chosen = re.findall(r'kind=(\w+)" +aria-current', page)
    assert chosen == [kind.value]
    told = story_of(page)
    assert ("do I have to fast?" in told) == (kind in (Kind.MESSAGES, Kind.CASES))
    assert ("Language: English → Spanish · Ana Ruiz" in told) == (kind is Kind.RECORD)


def test_the_story_goes_page_by_page_and_loses_nothing(desk: Desk, rosa: str) -> None:
    """Many things of several kinds at one and the same moment, on both databases."""
    with desk.clinic.database.begin() as connection:
        for number in range(9):
            row = {"appointment_id": "V-1", "at": desk.now, "actor": "import", "field": "location"}
            connection.execute(insert(AppointmentChange).values(id=new_id(), before="A", after=f"B{number}", **row))
            line = {"at": desk.now, "actor": "ana", "action": "patient.status", "object_type": "patient"}
            detail = {"before": "active", "after": "inactive"}
            connection.execute(insert(AuditEntry).values(object_id=rosa, detail=detail, digest="x", **line))
            begun = {"journey": "survey", "patient_id": rosa, "step": "asked", "created_at": desk.now}
            values = {"id": new_id(), "subject_id": f"S-{number}", "updated_at": desk.now, **begun}
            connection.execute(insert(Enrollment).values(**values))

    def pages(limit: int) -> list[list[tuple[str, str]]]:
        seen: list[list[tuple[str, str]]] = []
        before: str | None = None
        with desk.clinic.database.read() as connection:
            while True:
                told = read_story(
                    desk.clinic, connection, rosa, user_id="ana", zone="UTC", before=before, limit=limit
                )  # fmt: skip
                seen.append([(event.source, event.id) for event in told.events])
                if told.earlier is None:
                    return seen
                before = told.earlier

    whole = pages(500)
    assert len(whole) == 1
    assert len(whole[0]) > 27
    by_few = pages(4)
    assert [each for page in by_few for each in page] == whole[0]
    assert all(len(page) <= 4 for page in by_few)


@pytest.mark.parametrize(
    "before", ["x", "", "YWJj", "MjAyNnwx", "=" * 50, "MjAyNi0xMS0yM1QxNjowMDowMCswMDowMHx2aWV3ZWR8eA"]
)
@SQLITE
def test_a_mark_that_is_none_shows_the_newest(before: str, desk: Desk, rosa: str, browser_of: Sit) -> None:
    page = browser_of("Ana Ruiz").get(PAGE, query_string={"before": before, "kind": "nothing-such"})
    assert page.status_code == 200
    assert "Visit on record: " in page.text


def test_a_page_takes_few_queries_however_much_there_is(
    desk: Desk, rosa: str, browser_of: Sit, count_queries: Callable[[], int]
) -> None:
    browser = browser_of("Ana Ruiz")

    def asked() -> int:
        before = count_queries()
        assert browser.get(PAGE).status_code == 200
        return count_queries() - before

    asked()
    at_first = asked()
    for number in range(2, 7):
        desk.visit(number, rosa, days=2 * number)
        desk.wait(minutes=2)
        desk.text(10, f"do I have to fast before visit {number}?")
    plan_due(desk.clinic, at=desk.now)
    assert asked() <= at_first + 4 <= 60


def test_why_says_what_the_gate_said_with_its_dates(desk: Desk, rosa: str, browser_of: Sit) -> None:
    desk.wait(hours=12)  # it is ten in the evening
    decide(desk)
    desk.change(PatientContact, consent=ConsentStatus.OPTED_OUT)
    desk.wait(hours=11)
    decide(desk)
    told = story_of(browser_of("Ana Ruiz").get(PAGE).text)
    assert "It had to wait until" in told
    assert "because of quiet hours." in told
    assert "It did not go out because the patient has opted out of texts." in told
    assert "Mon, Nov 23" in told or "Yesterday" in told


def test_why_tells_of_what_no_gate_decided(desk: Desk, rosa: str, browser_of: Sit) -> None:
    desk.wait(hours=12)
    decide(desk)
    desk.change(Appointment, version=2)
    plan_due(desk.clinic, at=desk.now)
    told = story_of(browser_of("Ana Ruiz").get(PAGE).text)
    held = told.index("because of quiet hours.")
    assert told.index("It did not go out because the visit was moved or changed.") > held


def test_why_a_reminder_never_became_a_text(desk: Desk, rosa: str, browser_of: Sit) -> None:
    desk.change(Touch, Touch.step == "reminder_first", state=TouchState.SKIPPED, reason="no-usable-number")
    desk.change(Touch, Touch.step == "reminder_last", state=TouchState.VOID, reason="another-time")
    told = story_of(browser_of("Ana Ruiz").get(PAGE).text)
    assert "was not made because there is no number that can be texted" in told
    assert "was not made because the patient asked for another time" in told


def test_what_is_to_come_stands_with_its_words(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    coming = ahead_of(browser.get(PAGE).text)
    assert "First reminder" in coming
    assert "Rosa, you have a visit" in coming
    assert "it is left out because the visit is not confirmed" in coming
    browser.post(f"{PAGE}/language", {"language": "ar"})
    page = ahead_of(browser.get(PAGE).text)
    assert "Arabic" in page
    assert "Translation not approved" in page
    assert "Translation not approved" not in coming
    browser.post(f"{PAGE}/consent", {"change": "stop", "program": "appointment", "evidence": EVIDENCE})
    stopped = ahead_of(browser.get(PAGE).text)
    assert "As things stand it would not go out because the patient wants no texts of this kind." in stopped


@SQLITE
def test_who_may_only_look_sees_no_forms(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", role=Role.READ_ONLY)
    page = browser.get(PAGE).text
    main = page[page.index('<main id="main"') : page.index("</main>")]
    assert "<form" not in main
    assert "(601) 555-0110" in main
    assert "Visit on record: " in main


@SQLITE
def test_a_piece_of_the_story_is_a_view_too(desk: Desk, rosa: str, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    piece = browser.get(f"{PAGE}?kind=visits", headers={"HX-Request": "true"}).text
    assert "<html" not in piece
    assert "Visit on record: " in piece
    with desk.clinic.database.read() as connection:
        views = connection.execute(select(AuditEntry).where(AuditEntry.action == "patient.view")).all()
    assert len(views) == 1
    assert browser.get("/console/patients/none?kind=visits", headers={"HX-Request": "true"}).status_code == 404


@SQLITE
def test_the_head_says_who_it_is(desk: Desk, rosa: str, browser_of: Sit) -> None:
    desk.change(Patient, timezone="America/Los_Angeles")
    page = browser_of("Ana Ruiz").get(PAGE).text
    head = page[page.index('class="head"') : page.index("</header>", page.index('class="head"'))]
    for words in ("Rosa Delgado", "1961-04-17 (65 years)", "English", "8:00 AM", "Los Angeles", "P-010"):
        assert words in head, words
    assert "Agreed to texts from the clinic&#39;s file" in head
