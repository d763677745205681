"""Putting a patient on a journey from their page: each program's form, each refusal in words, and the audit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from bot.content.measures import load_measures
from bot.content.paths import data_root
from bot.content.replies import load_series
from bot.services.enrolling import PROGRAMS
from bot.store.tables import AuditEntry, Discharge, Enrollment, Patient, PatientContact, Referral, Role, Touch
from bot.web.app import create_app
from tests.transcripts.around import signed
from tests.web.console.desk import Browser, Desk

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Sit = Callable[[str], Browser]
LOCALES = data_root() / "locales"
PAGE = "/console/patients/P-010/begin"
FORMS: dict[str, dict[str, str]] = {
    "transition": {"discharged_on": "2026-11-22", "risk": "high", "facility": "General"},
    "medication": {"due_on": "2026-11-24", "stage": "due", "medicine": "Metformin"},
    "referral": {"specialty": "Eyes", "urgency": "urgent", "referred_to": "Elm Eye Center"},
    "recall": {"measure": "a1c", "due_on": "2026-11-24"},
    "needs": {"help": "transport", "visit": "V-1"},
    "needs_screen": {},
    "phq2": {},
    "readings": {"reading": "pressure", "times": "3", "gap": "3"},
    "feedback": {},
}


@pytest.fixture
def desk(desk: Desk) -> Desk:
    """The same, with Rosa, her visit, and a clinician who has signed the lessons."""
    desk.clinic = replace(desk.clinic, series=signed(load_series(LOCALES)), measures=load_measures())
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=8)
    return desk


def loops(desk: Desk) -> list[Any]:
    with desk.clinic.database.read() as connection:
        query = select(Enrollment.__table__).order_by(Enrollment.journey)
        return list(connection.execute(query).all())


@pytest.mark.parametrize("what", sorted(FORMS))
def test_each_form_begins_its_journey(desk: Desk, browser_of: Sit, what: str) -> None:
    browser = browser_of("Ana Ruiz")
    page = browser.get(PAGE, query_string={"what": what}).text
    assert all(f'name="{name}"' in page for name in FORMS[what])
    done = browser.post(PAGE, {"what": what, **FORMS[what]})
    assert done.status_code == 303, done.text
    opened = next(row for row in loops(desk) if row.journey == PROGRAMS[what].journey)
    assert done.location.endswith(f"/console/loops/{opened.id}")
    assert browser.get(done.location).status_code == 200
    entry = desk.row(AuditEntry, AuditEntry.action == "loop.opened")
    assert (entry.object_id, entry.actor != "import") == (opened.id, True)
    again = browser.post(PAGE, {"what": what, **FORMS[what]})
    assert again.status_code == 422
    assert "open already" in again.text
    assert len([row for row in loops(desk) if row.journey == opened.journey]) == 1


def test_a_discharge_brings_the_call_too_and_nothing_stays_of_a_refusal(desk: Desk, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    for _twice in range(2):
        browser.post(PAGE, {"what": "transition", **FORMS["transition"]})
    assert [row.journey for row in loops(desk)] == ["transition", "transition_contact"]
    desk.row(Discharge, Discharge.patient_id == "P-010")


def test_lessons_from_a_day_and_only_signed_ones(desk: Desk, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")
    form = {"what": "series", "series": "diabetes", "begins": "2026-12-07"}
    assert browser.post(PAGE, form).status_code == 303
    assert loops(desk)[0].wake_at == datetime(2026, 12, 7, 16, tzinfo=UTC), "ten in the morning, in Chicago"
    for wrong in ("2020-01-01", "2027-12-31", "soon"):
        assert browser.post(PAGE, {**form, "series": "asthma", "begins": wrong}).status_code == 422


def test_a_text_waits_for_its_day(desk: Desk, browser_of: Sit) -> None:
    browser_of("Ana Ruiz").post(PAGE, {"what": "phq2", "begins": "2026-12-01"})
    assert desk.row(Touch, Touch.journey == "phq2").due_at == datetime(2026, 12, 1, 16, tzinfo=UTC)


def test_refused_in_plain_words(desk: Desk, browser_of: Sit) -> None:
    browser = browser_of("Ana Ruiz")

    def told(form: dict[str, str]) -> str:
        answer = browser.post(PAGE, form)
        assert answer.status_code == 422
        assert not loops(desk)
        return answer.text

    assert "not for somebody of that age" in told({"what": "recall", "measure": "infant", "due_on": "2026-11-24"})
    assert "is missing" in told({"what": "needs", "help": "transport", "visit": "V-999"})
    assert "cannot be meant" in told({"what": "transition", "discharged_on": "2026-10-01", "risk": "low"})
    desk.change(PatientContact, consent="unknown")
    assert "no consent to texts" in told({"what": "phq2"})
    desk.change(PatientContact, active=False)
    assert "no phone" in told({"what": "phq2"})
    desk.change(Patient, status="deceased")
    assert "not active" in told({"what": "referral", **FORMS["referral"]})
    assert browser.post(PAGE, {"what": "nothing"}).status_code == 400
    assert browser.post("/console/patients/nobody/begin", {"what": "phq2"}).status_code == 404


def test_without_consent_the_office_still_has_its_part(desk: Desk, browser_of: Sit) -> None:
    desk.change(PatientContact, consent="opted-out")
    browser = browser_of("Ana Ruiz")
    done = browser.post(PAGE, {"what": "needs", **FORMS["needs"]}, follow_redirects=True)
    assert "No texts go out" in done.text
    assert (loops(desk)[0].step, loops(desk)[0].office_step) == ("told_us", "find-help")
    browser.post(PAGE, {"what": "referral", **FORMS["referral"]})
    assert b"Elm" not in desk.row(Referral, Referral.patient_id == "P-010").referred_to


def test_unsigned_lessons_are_not_begun(console: Flask, desk: Desk) -> None:
    plain = replace(desk.clinic, series=replace(desk.clinic.series, by_name={
        name: replace(one, lessons=tuple(replace(lesson, reviewed_by="") for lesson in one.lessons))
        for name, one in desk.clinic.series.by_name.items()
    }))  # fmt: skip
    browser = Browser(create_app(plain))
    desk.user("Ana Ruiz")
    browser.sign_in("Ana")
    answer = browser.post(PAGE, {"what": "series", "series": "diabetes"})
    assert (answer.status_code, "No clinician has signed" in answer.text) == (422, True)


def test_who_may_only_look_begins_nothing(desk: Desk, console: Flask) -> None:
    desk.user("Rea Only", Role.READ_ONLY)
    browser = Browser(console)
    browser.sign_in("Rea")
    assert "Begin a journey" not in browser.get("/console/patients/P-010").text
    assert browser.post(PAGE, {"what": "phq2"}).status_code == 403
    assert not loops(desk)
