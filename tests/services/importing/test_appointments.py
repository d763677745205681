"""Visits from rows, and what becomes of questions and plans when one moves."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import insert

from bot.core.intents import Context
from bot.core.journey import QuestionState, TouchState
from bot.store.columns import new_id
from bot.store.tables import Conversation, Question, Touch
from tests.services.importing.conftest import Desk

ANA = "P1,Ana,Lopez,,601-555-0142,es,,yes"
VISIT = "A1,P1,2026-12-01T14:30,30,America/Chicago,Main St,Dr Smith,Checkup,booked"
STARTS = datetime(2026, 12, 1, 20, 30, tzinfo=UTC)


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """A desk that has Ana on file."""
    desk.patients(ANA)
    return desk


def visit(desk: Desk, appointment: str = "A1") -> Any:
    return desk.one("SELECT * FROM appointments WHERE appointment_id = :a", a=appointment)


def ask(desk: Desk, version: int = 1) -> tuple[str, str]:
    """An open question about A1, and a contact planned for it."""
    question, touch, talk = new_id(), new_id(), new_id()
    point = desk.one("SELECT contact_point_id FROM patient_contacts")[0]
    when = {"created_at": desk.now}
    with desk.clinic.database.begin() as connection:
        connection.execute(insert(Conversation).values(id=talk, contact_point_id=point, **when))
        connection.execute(
            insert(Question).values(
                id=question,
                conversation_id=talk,
                journey="appointment",
                step="confirm",
                context=Context.APPOINTMENT_REMINDER,
                subjects=[["A1", version], ["A9", 1]],
                state=QuestionState.OPEN,
                asked_at=desk.now,
                expires_at=desk.now + timedelta(days=9),
            )
        )
        connection.execute(
            insert(Touch).values(
                id=touch,
                key="appointment/A1/1/remind",
                journey="appointment",
                step="remind",
                patient_id="P1",
                subject_id="A1",
                subject_version=version,
                due_at=desk.now,
                expires_at=desk.now + timedelta(days=9),
                state=TouchState.PLANNED,
                updated_at=desk.now,
                **when,
            )
        )
    return question, touch


def answer(desk: Desk, response: str) -> None:
    with desk.clinic.database.begin() as connection:
        connection.exec_driver_sql(f"UPDATE appointments SET response = '{response}'")


def test_a_visit_lands(desk: Desk) -> None:
    assert desk.visits(VISIT).added == 1
    row = visit(desk)
    assert (row.patient_id, row.timezone, row.location, row.service) == ("P1", "America/Chicago", "Main St", "Checkup")
    assert (row.status, row.response, row.version, row.planned_version) == ("booked", "needs-action", 1, 0)
    assert row.duration_minutes == 30
    assert desk.opened("appointments.clinician", "A1") == "Dr Smith"
    assert str(row.starts_at).startswith("2026-12-01 20:30")


def test_the_same_file_again_changes_nothing(desk: Desk) -> None:
    desk.visits(VISIT)
    before = visit(desk)
    desk.later(days=1)
    report = desk.visits(VISIT)
    assert (report.added, report.changed, report.unchanged) == (0, 0, 1)
    assert visit(desk) == before


def test_a_moved_visit_is_a_new_version_and_its_old_questions_are_void(desk: Desk) -> None:
    desk.visits(VISIT)
    question, touch = ask(desk)
    answer(desk, "accepted")
    desk.later(hours=1)
    report = desk.visits(VISIT.replace("T14:30", "T15:30"))
    row = visit(desk)
    assert report.changed == 1
    assert (row.version, row.planned_version, row.response, row.status) == (2, 0, "needs-action", "booked")
    assert str(row.previous_starts_at).startswith("2026-12-01 20:30")
    assert desk.one("SELECT state FROM questions WHERE id = :q", q=question).state == "void"
    assert desk.one("SELECT state, reason FROM touches WHERE id = :t", t=touch)[:] == ("void", "moved")
    changes = desk.rows("SELECT field, before, after, actor FROM appointment_changes ORDER BY field")
    assert [change.field for change in changes] == ["response", "starts_at"]
    assert changes[0][1:] == ("accepted", "needs-action", "import")
    assert changes[1].before == STARTS.isoformat()


def test_a_cancelled_visit_silences_and_a_revived_one_asks_anew(desk: Desk) -> None:
    desk.visits(VISIT)
    ask(desk)
    answer(desk, "accepted")
    desk.visits(VISIT.replace("booked", "cancelled"))
    row = visit(desk)
    assert (row.status, row.version, row.response) == ("cancelled", 2, "accepted")
    assert desk.one("SELECT state FROM questions").state == "void"
    assert desk.one("SELECT state, reason FROM touches")[:] == ("void", "cancelled")
    desk.visits(VISIT)
    row = visit(desk)
    assert (row.status, row.version, row.response) == ("booked", 3, "needs-action")


def test_another_room_is_no_new_version(desk: Desk) -> None:
    desk.visits(VISIT)
    ask(desk)
    answer(desk, "accepted")
    desk.visits(VISIT.replace("Main St", "Elm St"))
    row = visit(desk)
    assert (row.version, row.response, row.location) == (1, "accepted", "Elm St")
    assert desk.one("SELECT state FROM questions").state == "open"
    assert desk.one("SELECT state FROM touches").state == "planned"


def test_a_question_about_the_new_version_stays(desk: Desk) -> None:
    desk.visits(VISIT)
    ask(desk, version=2)
    desk.visits(VISIT.replace("T14:30", "T15:30"))
    assert desk.one("SELECT state FROM questions").state == "open"
    assert desk.one("SELECT state FROM touches").state == "planned"


def test_a_confirmation_in_the_file_never_overrules_the_patients_answer(desk: Desk) -> None:
    desk.visits(VISIT)
    desk.visits(VISIT.replace("booked", "CNF"))
    assert visit(desk).response == "accepted"
    answer(desk, "declined")
    desk.visits(VISIT.replace("booked", "confirmed").replace("Main", "Elm"))
    assert (visit(desk).response, visit(desk).status) == ("declined", "booked")


def test_clocks_that_change(desk: Desk) -> None:
    report = desk.visits(
        "A1,P1,2027-03-14T02:30,30,America/Chicago,,,,booked",
        "A2,P1,2027-11-07T01:30,30,,,,,booked",
        "A3,P1,2027-03-14T02:30,30,America/Phoenix,,,,booked",
    )
    assert (report.added, report.rejected, report.warnings) == (2, 1, 1)
    told = [str(fault) for fault in report.faults]
    assert told[0] == "line 2: starts_at: date and time: does not exist in America/Chicago: clocks skip it"
    assert told[1].startswith("line 3: starts_at: date and time: happens twice")
    assert str(visit(desk, "A2").starts_at).startswith("2027-11-07 06:30")
    assert visit(desk, "A2").timezone == "America/Chicago"


def test_a_visit_called_off_need_not_say_when_it_was(desk: Desk) -> None:
    desk.visits(VISIT)
    before = visit(desk)
    report = desk.visits("A1,P1,,,,,,,cancelled", "A2,P1,,,,,,,cancelled")
    assert [(fault.line, fault.column, fault.warning) for fault in report.faults] == [(3, "starts_at", True)]
    assert (report.added, report.changed) == (0, 1)
    after = visit(desk)
    assert (after.status, after.starts_at, after.version) == ("cancelled", before.starts_at, before.version + 1)


def test_what_is_seldom_meant_is_asked_about(desk: Desk) -> None:
    report = desk.visits(
        "A1,P1,2026-11-01T10:00,30,,,,,booked",
        "A2,P1,2026-11-01T10:00,30,,,,,fulfilled",
        "A3,P1,2028-06-01T10:00,30,,,,,booked",
        "A4,P1,2026-12-11T00:00,30,,,,,booked",
        "A5,P1,2026-12-11T10:00,30,EST,,,,booked",
    )
    told = [(fault.line, fault.column, str(fault)) for fault in report.faults]
    assert [(line, column) for line, column, _ in told] == [
        (2, "starts_at"),
        (4, "starts_at"),
        (5, "starts_at"),
        (6, "timezone"),
    ]
    for (_, _, line), word in zip(told, ("past", "400 days", "midnight", "summer time"), strict=True):
        assert word in line
    assert (report.added, report.rejected) == (5, 0)


def test_bad_rows_are_told_and_good_ones_land(desk: Desk) -> None:
    report = desk.visits(
        "A1,P9,2026-12-01T14:30,30,,,,,booked",
        "A2,P1,soon,30,,,,,booked",
        "A3,P1,,30,,,,,booked",
        "A4,P1,2026-12-01T14:30,30,Moon/Sea,,,,booked",
        "A5,P1,2026-12-01T14:30,30,,,,,perhaps",
        "A6,P1,2126-12-01T14:30,30,,,,,booked",
        ",P1,2026-12-01T14:30,30,,,,,booked",
        "A7,P1,12/1/2026 2:30 PM,half an hour,,,,,",
        "A8,P1,2026-12-01T14:30,30,,,,,C",
        "A9,P1,2026-12-01T14:30,30,,a,b,c,d,e,f",
    )
    assert (report.added, report.rejected, report.warnings) == (1, 9, 1)
    told = [str(fault) for fault in report.faults]
    assert [line.split(":")[0] for line in told] == [f"line {number}" for number in range(2, 12)]
    assert told[0] == "line 2: patient_id: id: no patient has it; import patients first"
    assert told[9] == "line 11: cells: 11, where the header has 9"
    stored = [row[:] for row in desk.rows("SELECT line, reason FROM import_faults ORDER BY line")]
    assert stored == [(fault.line, fault.reason) for fault in report.faults]
    run = desk.one("SELECT * FROM import_runs WHERE kind = 'appointments'")
    assert (run.rows, run.added, run.rejected, run.warnings) == (10, 1, 9, 1)
    assert run.finished_at
    assert str(visit(desk, "A7").starts_at).startswith("2026-12-01 20:30")


def test_a_bare_c_is_read_by_the_company_it_keeps(desk: Desk) -> None:
    rows = ("A1,P1,2026-12-01T14:30,,,,,,C", "A2,P1,2026-12-02T14:30,,,,,,CX")
    assert desk.visits(*rows).rejected == 0
    assert (visit(desk, "A1").response, visit(desk, "A2").status) == ("accepted", "cancelled")


def test_a_dry_run_says_the_same_and_changes_nothing(desk: Desk) -> None:
    rows = (VISIT, "A2,P9,2026-12-01T14:30,30,,,,,booked")
    dry = desk.visits(*rows, dry_run=True)
    assert desk.rows("SELECT * FROM appointments") == []
    assert desk.rows("SELECT * FROM import_runs WHERE kind = 'appointments'") == []
    wet = desk.visits(*rows)
    assert (dry.added, dry.rejected, dry.faults) == (wet.added, wet.rejected, wet.faults)


def test_an_import_is_audited_without_patient_data(desk: Desk) -> None:
    report = desk.visits(VISIT)
    entry = desk.one("SELECT * FROM audit_entries WHERE object_id = :i", i=report.import_id)
    detail = entry.detail if isinstance(entry.detail, dict) else json.loads(entry.detail)
    assert (entry.actor, entry.action, detail["added"]) == ("cli", "import", 1)


LINK = "https://video.example/j/81234?pwd=a1B2"


def video(desk: Desk, link: str, at: str = "2026-12-01T14:30") -> Any:
    header = "appointment_id,patient_id,starts_at,timezone,telehealth_url"
    return desk.load("appointments", f"{header}\nA1,P1,{at},America/Chicago,{link}")


def test_a_link_lands_sealed_and_is_changed_by_a_later_file(desk: Desk) -> None:
    assert video(desk, LINK).added == 1
    assert desk.opened("appointments.telehealth_url", "A1") == LINK
    assert LINK.encode() not in visit(desk).telehealth_url
    assert video(desk, LINK).unchanged == 1
    video(desk, LINK + "9")
    assert desk.opened("appointments.telehealth_url", "A1") == LINK + "9"
    assert visit(desk).version == 1, "the time is the same: an answer still counts"
    desk.visits(VISIT)
    assert desk.opened("appointments.telehealth_url", "A1") == LINK + "9", "a file without the column leaves it"
    video(desk, "")
    assert visit(desk).telehealth_url is None


@pytest.mark.parametrize(
    ("link", "why"),
    [
        ("http://rooms.example/7", "no https address"),
        ("rooms.example/7", "no https address"),
        ("https://rooms.example/7 two", "no https address"),
        ("https://user@rooms.example/", "no https address"),
        ("https://video.example/" + "a" * 140, "longer than 160 characters"),
    ],
)
def test_a_link_that_no_text_can_carry_is_a_bad_row(desk: Desk, link: str, why: str) -> None:
    report = video(desk, link)
    assert (report.added, report.rejected) == (0, 1)
    assert f"line 2: telehealth_url: link: {why}" in str(report.faults[0])
    assert link not in str(report.faults[0])


def test_who_moves_has_not_arrived_yet(desk: Desk) -> None:
    desk.visits(VISIT)
    with desk.clinic.database.begin() as connection:
        connection.exec_driver_sql("UPDATE appointments SET arrived_at = '2026-12-01 20:20:00'")
    desk.visits(VISIT.replace("Main St", "Elm St"))
    assert visit(desk).arrived_at is not None
    desk.visits(VISIT.replace("T14:30", "T15:30"))
    assert visit(desk).arrived_at is None
