"""Referrals from files: a loop where the file says that it stands, moved on by later files and never back."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

from bot.core.rows import Kind
from bot.services.importing.run import run_import
from tests.transcripts.chat import Chat

HEADER = "referral_id,patient_id,specialty,status,requested_on,urgency,scheduled_on"


def load(chat: Chat, *rows: str) -> None:
    body = "\n".join((HEADER, *rows, "")).encode()
    report = run_import(chat.clinic, Kind.REFERRALS, BytesIO(body), file_name="r.csv", actor="test", dry_run=False)
    assert not report.faults, report.faults
    chat.work()


def test_files_move_it_on_and_never_back(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    load(chat, "F1,P1,Eyes,sent,2026-11-20,,")
    assert chat.loop("referral", "P1").step == "sent"
    load(chat, "F1,P1,Eyes,scheduled,2026-11-20,,2026-12-03")
    row = chat.loop("referral", "P1")
    assert (row.step, row.data["visit_in"]) == ("scheduled", "10")
    chat.report(row.id, "attended")
    load(chat, "F1,P1,Eyes,accepted,2026-11-20,,")
    assert chat.loop("referral", "P1").step == "attended"
    load(chat, "F1,P1,Eyes,closed,2026-11-20,,")
    assert chat.loop("referral", "P1").outcome == "closed"


def test_old_ones_and_closed_ones_open_nothing(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    load(chat, "F1,P1,Eyes,sent,2026-01-20,,", "F2,P1,Eyes,closed,2026-11-20,,")
    assert chat.loop("referral", "P1") is None


def test_one_that_cannot_wait_is_overdue_after_a_day(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    load(chat, "F1,P1,Eyes,received,2026-11-23,stat,")
    assert chat.loop("referral", "P1").office_step == "other-office-calls"
    chat.pass_time(timedelta(days=1, hours=1))
    assert chat.loop("referral", "P1").step == "overdue"
    assert chat.escalations() == [("urgent", "referral")]
    assert not chat.sent


def test_the_insurance_has_three_days_where_it_is_urgent(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    load(chat, "F1,P1,Eyes,pending authorization,2026-11-23,urgent,")
    chat.pass_time(timedelta(days=3, hours=1))
    assert chat.escalations() == [("routine", "authorization")]
