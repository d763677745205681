"""Today: who comes first, what may be missed, what the chart lacks; and what one press does about it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from bot.core.people import AppointmentStatus, NumberStatus, Participation
from bot.services import today
from bot.store.tables import Appointment, AppointmentChange, ContactPoint, Escalation, Patient, Role, User
from tests.web.console.desk import Browser, Desk

Sit = Callable[[str], Browser]
CHANGE = re.compile(r'name="change" value="([0-9a-f]{32})"')
ROW = re.compile(r'<bdi class="name">([^<]+)</bdi>')


def missed(desk: Desk, patient_id: str, times: int) -> None:
    for number in range(times):
        visit = desk.visit(900 + number, patient_id, days=-30 * (number + 1))
        desk.change(Appointment, Appointment.appointment_id == visit, status=AppointmentStatus.NOSHOW)


def test_the_most_urgent_stands_first_with_its_next_step(desk: Desk, browser_of: Sit) -> None:
    for number, given in ((10, "Rosa"), (11, "James")):
        desk.patient(number, given, "Delgado")
        desk.visit(number, f"P-{number:03}")
    desk.text(11, "do I have to fast?")
    desk.wait(minutes=3)
    desk.text(10, "my chest hurts and I cannot breathe")
    page = browser_of("Ana Ruiz").get("/console/").text
    assert ROW.findall(page) == ["Rosa Delgado", "James Delgado"]
    lead = page[page.index('class="lead emergency"') : page.index('class="tally"')]
    assert "Rosa Delgado" in lead
    assert "Call the patient now." in lead
    assert "Take it" in lead


def test_taking_it_claims_and_opens_the_conversation(desk: Desk, browser_of: Sit) -> None:
    desk.patient(10, "Rosa", "Delgado")
    talk = desk.text(10, "my chest hurts")
    [case] = desk.escalations(talk)
    browser = browser_of("Ana Ruiz")
    answer = browser.post(f"/console/escalations/{case}/claim")
    assert answer.headers["Location"].startswith(f"/console/conversations/{talk}")
    assert desk.row(Escalation).status == "claimed"
    # It stays on her page until it is done, and is no longer on anybody else's.
    assert "yours" in browser.get("/console/").text
    assert "Nobody waits here." in browser_of("Ben Cole").get("/console/").text


def test_who_may_miss_the_visit_stands_before_who_may_not(desk: Desk, browser_of: Sit) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), hours=3)
    james = desk.patient(11, "James", "Whitfield")
    desk.visit(2, james, hours=40)
    missed(desk, james, 3)
    lena = desk.patient(12, "Lena", "Okafor")
    desk.visit(3, lena, hours=5)
    desk.change(Appointment, Appointment.appointment_id == "V-3", response=Participation.ACCEPTED)
    desk.visit(4, lena, days=3)
    page = browser_of("Ana Ruiz").get("/console/").text
    part = page[page.index('id="confirm"') :]
    assert part.index("James Whitfield") < part.index("Rosa Delgado")
    assert "missed 3 before" in part
    assert "Lena Okafor" not in part


def test_an_answer_waits_for_the_chart_until_somebody_has_done_it(desk: Desk, browser_of: Sit) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), hours=30)
    browser = browser_of("Ana Ruiz")
    for response in ("accepted", "declined"):
        answer = browser.post("/console/visits/V-1/answer", {"response": response})
        assert answer.status_code == 200
    # The later answer is the one that counts.
    [row] = set(CHANGE.findall(answer.text))
    assert "Cancel the visit, offer the slot" in answer.text
    done = browser.post("/console/today/charted", {"change": row}).text
    assert "1 answer is in the chart." in done
    assert "The chart knows everything." in done
    with desk.clinic.database.read() as connection:
        changes = connection.execute(AppointmentChange.__table__.select()).all()  # type: ignore[attr-defined]
    assert all(change.charted_at for change in changes)
    assert len(changes) == 2
    back = browser.post("/console/today/charted", {"change": row, "undo": "yes"}).text
    assert "Back on the list." in back
    assert "Cancel the visit, offer the slot" in back


def test_only_whoever_did_it_takes_it_back(desk: Desk, browser_of: Sit) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), hours=30)
    ana, ben = browser_of("Ana Ruiz"), browser_of("Ben Cole")
    page = ana.post("/console/visits/V-1/answer", {"response": "accepted"}).text
    [row] = set(CHANGE.findall(page))
    ana.post("/console/today/charted", {"change": row})
    ben.post("/console/today/charted", {"change": row, "undo": "yes"})
    assert "The chart knows everything." in ana.get("/console/").text


def test_a_visit_whose_patient_cannot_be_texted_is_listed(desk: Desk, browser_of: Sit) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=9)
    browser = browser_of("Ana Ruiz")
    assert "can be reached" in browser.get("/console/").text
    desk.change(ContactPoint, ContactPoint.id == "phone-10", status=NumberStatus.INVALID)
    page = browser.get("/console/").text
    assert "Rosa Delgado" in page[page.index('id="numbers"') :]


def test_a_place_sees_its_own_day(desk: Desk, browser_of: Sit) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), hours=9)
    desk.text(10, "do I have to fast?")
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", locations=["Elm St"])
    assert "Rosa" not in browser.get("/console/").text
    assert browser.post("/console/visits/V-1/answer", {"response": "accepted"}).status_code == 403
    desk.change(User, User.name == "Ana Ruiz", locations=["Main St"])
    assert "Rosa" in browser.get("/console/").text


def test_who_may_only_look_gets_no_buttons(desk: Desk, browser_of: Sit) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), hours=9)
    browser = browser_of("Ana Ruiz")
    desk.change(User, User.name == "Ana Ruiz", role=Role.READ_ONLY)
    page = browser.get("/console/").text
    assert "Rosa" in page
    assert "visits/V-1/answer" not in page


def test_the_page_comes_anew_only_when_it_is_another(desk: Desk, browser_of: Sit) -> None:
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), hours=9)
    browser = browser_of("Ana Ruiz")
    mark = browser.get("/console/today/live").headers["ETag"]
    assert browser.get("/console/today/live", headers={"If-None-Match": mark}).status_code == 304
    desk.text(10, "my chest hurts")
    answer = browser.get("/console/today/live", headers={"If-None-Match": mark})
    assert answer.status_code == 200
    assert "my chest hurts" in answer.text


def test_an_address_of_the_inbox_of_old_leads_to_the_inbox(browser_of: Sit) -> None:
    answer = browser_of("Ana Ruiz").get("/console/?view=mine")
    assert answer.headers["Location"] == "/console/inbox?view=mine"


@pytest.mark.parametrize("patients", [1, 30])
def test_it_asks_the_database_no_more_often_for_many_than_for_one(
    desk: Desk, patients: int, count_queries: Callable[[], int]
) -> None:
    for number in range(patients):
        patient = desk.patient(number + 10, f"Rosa {number}", "Delgado")
        desk.visit(number, patient, hours=9)
        desk.text(number + 10, "do I have to fast?")
    with desk.clinic.database.read() as connection:
        before = count_queries()
        shown = today.read_today(
            desk.clinic, connection, user_id="nobody", locations=["Main St"], now=desk.clinic.clock()
        )
        assert count_queries() - before <= 8
    assert len(shown.needing) == min(patients, today.SHOWN)
    assert shown.unconfirmed_count == patients


def test_who_has_come_stands_on_the_page_until_the_chart_knows(desk: Desk, browser_of: Sit) -> None:
    visit = desk.visit(1, desk.patient(10, "Rosa", "Delgado"), minutes=20)
    talk = desk.text(10, "I'm here")
    browser = browser_of("Ana Ruiz")
    page = browser.get("/console/").text
    assert "Is here" in page
    assert "They are here: tell the front desk, and check them in." in page
    part = page[page.index('id="here-title"') :]
    assert "Rosa Delgado" in part[: part.index("</section>")]
    assert "arrived" in part[: part.index("</section>")]
    assert "Arrived" in browser.get(f"/console/conversations/{talk}").text
    assert "is here for the visit" in browser.get("/console/patients/P-010").text
    desk.change(Appointment, Appointment.appointment_id == visit, status=AppointmentStatus.ARRIVED)
    assert 'id="here-title"' not in browser.get("/console/").text


def test_a_visit_by_video_says_so_and_never_shows_its_link(desk: Desk, browser_of: Sit) -> None:
    visit = desk.visit(1, desk.patient(10, "Rosa", "Delgado"), minutes=20)
    sealed = desk.clinic.vault.seal("appointments.telehealth_url", visit, "https://video.example/j/81?pwd=aB")
    desk.change(Appointment, Appointment.appointment_id == visit, telehealth_url=sealed)
    talk = desk.text(10, "hello, a question")
    browser = browser_of("Ana Ruiz")
    for path in (f"conversations/{talk}", "patients/P-010"):
        page = browser.get(f"/console/{path}").text
        assert "by video" in page
        assert "video.example" not in page


def test_who_answers_sees_what_is_said_to_the_patient_alone(desk: Desk, browser_of: Sit) -> None:
    visit = desk.visit(1, desk.patient(10, "Rosa", "Delgado"), minutes=20)
    talk = desk.text(10, "hello, a question")
    browser = browser_of("Ana Ruiz")
    path = f"/console/conversations/{talk}"
    assert "alone" not in browser.get(path).text
    desk.change(Appointment, Appointment.appointment_id == visit, service="Behavioral health")
    desk.change(Patient, Patient.patient_id == "P-010", interpreter=True)
    page = browser.get(path).text
    assert "Sensitive: speak of it with the patient alone." in page
    assert "needs an interpreter" in page
