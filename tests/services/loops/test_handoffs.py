"""Discharges and refills from files, and the clock that only a call stops."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from io import BytesIO

import pytest

from bot.core.business_days import after, contact_by
from bot.core.rows import Kind
from bot.services.importing.run import run_import
from tests.transcripts.chat import Chat

ZONE = "America/Chicago"


def load(chat: Chat, kind: Kind, *rows: str) -> None:
    body = "\n".join((*rows, "")).encode()
    report = run_import(chat.clinic, kind, BytesIO(body), file_name="r.csv", actor="test", dry_run=False)
    assert not report.faults, report.faults
    chat.work()


@pytest.fixture
def home(chat: Chat) -> Chat:
    """Somebody who went home on a Friday, told of on the Monday after it."""
    chat.patient("P1", "Maria")
    load(chat, Kind.DISCHARGES, "discharge_id,patient_id,discharged_at,risk", "D1,P1,2026-11-20T15:00,high")
    return chat


def test_a_discharge_opens_check_ins_and_a_clock(home: Chat) -> None:
    contact = home.loop("transition_contact", "P1")
    assert home.loop("transition", "P1").step == "day1"
    assert contact.office_due_at == datetime(2026, 11, 24, 23, 0, tzinfo=UTC), "Tuesday at five, in Chicago"


def test_a_discharge_may_be_a_day_and_no_more(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    load(chat, Kind.DISCHARGES, "discharge_id,patient_id,discharged_at,risk", "D1,P1,11/23/2026,high")
    assert chat.loop("transition", "P1").step == "day1"
    assert chat.loop("transition_contact", "P1").office_due_at == datetime(2026, 11, 25, 23, 0, tzinfo=UTC)


def test_neither_a_text_nor_its_answer_is_the_call(home: Chat) -> None:
    home.pass_time(timedelta(hours=3))
    assert [text.kind for text in home.sent] == ["transition/well"]
    home.text("P1", "2")
    assert home.loop("transition", "P1").step == "day2"
    assert home.loop("transition_contact", "P1").step == "due"
    home.pass_time(timedelta(days=2))
    assert home.loop("transition_contact", "P1").step == "overdue"
    home.report(home.loop("transition_contact", "P1").id, "contact-logged")
    assert home.loop("transition_contact", "P1").outcome == "reached-late"


def test_attempts_count_and_do_not_set_the_clock_back(home: Chat) -> None:
    contact = home.loop("transition_contact", "P1")
    home.report(contact.id, "attempt-logged")
    home.pass_time(timedelta(hours=1))
    home.report(contact.id, "attempt-logged")
    assert home.loop("transition_contact", "P1").office_due_at == contact.office_due_at
    home.pass_time(timedelta(days=2))
    assert home.loop("transition_contact", "P1").step == "attempted"
    assert ("urgent", "transition") in home.escalations()


def test_a_call_in_time_ends_it(home: Chat) -> None:
    home.report(home.loop("transition_contact", "P1").id, "contact-logged")
    assert home.loop("transition_contact", "P1").outcome == "reached"


def test_business_days_leave_out_weekends_and_holidays() -> None:
    friday, thanksgiving = date(2026, 11, 20), frozenset({date(2026, 11, 26)})
    assert after(friday, 2) == date(2026, 11, 24)
    assert after(date(2026, 11, 25), 2, thanksgiving) == date(2026, 11, 30)
    late = datetime(2026, 11, 26, 4, 0, tzinfo=UTC)  # Still Wednesday in Chicago.
    assert contact_by(late, ZONE, thanksgiving) == datetime(2026, 11, 30, 23, 0, tzinfo=UTC)


def test_a_refill_is_told_of_and_ends_when_picked_up(chat: Chat) -> None:
    header = "refill_id,patient_id,due_on,medicine,status"
    chat.patient("P1", "Maria")
    load(chat, Kind.REFILLS, header, "M1,P1,2026-11-24,Metformin,due")
    chat.pass_time(timedelta(hours=2))
    assert [text.kind for text in chat.sent] == ["medication/due"]
    assert "etformin" not in chat.sent[0].body
    load(chat, Kind.REFILLS, header, "M1,P1,2026-11-24,Metformin,ready")
    assert chat.loop("medication", "P1").step == "ready"
    load(chat, Kind.REFILLS, header, "M1,P1,2026-11-24,Metformin,picked up")
    assert chat.loop("medication", "P1").outcome == "picked-up"
