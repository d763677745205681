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


def test_what_stalled_before_the_first_file_is_not_begun_anew(chat: Chat) -> None:
    """Today is 23 November: a list of referrals that were sent long ago is no news, but overdue."""
    for number in range(1, 6):
        chat.patient(f"P{number}", "Maria")
    load(
        chat,
        "F1,P1,Eyes,sent,2026-10-01,,",
        "F2,P2,Eyes,accepted,2026-11-10,,",
        "F3,P3,Eyes,received,2026-11-21,stat,",
        "F4,P4,Eyes,scheduled,2026-10-01,,2026-11-16",
        "F5,P5,Eyes,pending authorization,2026-10-01,,",
    )
    steps = [chat.loop("referral", f"P{number}").step for number in range(1, 6)]
    assert steps == ["overdue", "checking", "overdue", "visit_check", "auth_submitted"]
    assert chat.loop("referral", "P1").office_step == "call-office-and-patient"


def test_a_no_in_the_first_file_is_taken_up(chat: Chat) -> None:
    for number in range(1, 6):
        chat.patient(f"P{number}", "Maria")
    load(
        chat,
        "F1,P1,Eyes,denied,2026-11-20,,",
        "F2,P2,Skin,rejected,2026-11-20,,",
        "F3,P3,Knee,seen,2026-11-10,,",
        "F4,P4,Knee,withdrawn,2026-11-20,,",
        "F5,P5,Knee,duplicate,2026-11-20,,",
    )
    steps = [chat.loop("referral", f"P{number}").office_step for number in range(1, 4)]
    assert steps == ["appeal-or-offer", "send-elsewhere", "fetch-note"]
    assert [chat.loop("referral", f"P{number}") for number in (4, 5)] == [None, None]
