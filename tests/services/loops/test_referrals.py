"""Referrals from files: a loop where the file says that it stands, moved on by later files and never back."""

from __future__ import annotations

from datetime import datetime, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from bot.core.rows import Kind
from bot.services.importing.run import run_import
from bot.services.loops.aside import AGAIN_AFTER
from bot.store.tables import Enrollment, Escalation, Patient
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


def test_what_could_not_be_acted_on_is_tried_again(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    load(chat, "F1,P1,Eyes,accepted,2026-11-20,,")
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Patient).values(timezone="Mars/Olympus"))
    load(chat, "F1,P1,Eyes,scheduled,2026-11-20,,2026-12-20")
    assert chat.loop("referral", "P1").step == "accepted"
    assert ("urgent", "set-aside") in chat.escalations()
    chat.now += timedelta(hours=1)  # The load may have come after the first try: there is one more.
    chat.work()
    with chat.clinic.database.begin() as connection:
        connection.execute(update(Patient).values(timezone="America/Chicago"))
    chat.now += timedelta(hours=1)
    chat.work()
    assert chat.loop("referral", "P1").step == "accepted", "not in every round"
    chat.now += AGAIN_AFTER
    chat.work()
    assert chat.loop("referral", "P1").step == "scheduled"


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


NOT_CALLED_IN = {
    "en": "They never called",
    "es": "Nunca me llamaron",
    "ht": "Yo pa janm rele m",  # and no wish that we never call again
    "zh-Hans": "没有人联系我",
}


def begun(chat: Chat, stage: str, *, language: str = "en", specialty: str = "Eyes", number: str = "1") -> None:
    """A referral under way that has asked the patient nothing."""
    load(chat, f"F{number},P1,{specialty},{stage},2026-11-20,,")


@pytest.mark.parametrize("language", sorted(NOT_CALLED_IN))
def test_nobody_called_is_heard_though_nobody_asked(chat: Chat, language: str) -> None:
    chat.patient("P1", "Maria", language=language)
    begun(chat, "accepted")
    chat.text("P1", NOT_CALLED_IN[language])
    loop = chat.loop("referral", "P1")
    assert (loop.step, loop.office_step) == ("not_called", "ask-office")
    assert ("routine", "referral") in chat.escalations()
    assert "unclear" not in [reason for _priority, reason in chat.escalations()]


@pytest.mark.parametrize(
    ("words", "stage", "step", "reason"),
    [
        ("insurance said no", "accepted", "denied", "authorization"),
        ("El seguro me dijo que no", "received", "denied", "authorization"),
        ("I went", "accepted", "attended", "referral"),
        ("I went yesterday", "no-show", "attended", "referral"),
        # It has been told already, or is past that: nothing is taken back, and a person sees it.
        ("They never called", "attended", "attended", "referral"),
        ("They never called", "pending authorization", "auth_submitted", "referral"),
        ("my insurance denied it", "denied", "denied", "authorization"),
    ],
)  # fmt: skip
def test_what_is_told_moves_the_one_referral(chat: Chat, words: str, stage: str, step: str, reason: str) -> None:
    chat.patient("P1", "Maria")
    begun(chat, stage)
    chat.text("P1", words)
    assert chat.loop("referral", "P1").step == step
    assert reason in [reason for _priority, reason in chat.escalations()]


@pytest.mark.parametrize(("words", "step"), [("insurance said no", "denied"), ("I went already", "attended")])
def test_no_visit_here_is_taken_to_be_meant(chat: Chat, words: str, step: str) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", chat.now + timedelta(days=20))
    begun(chat, "accepted")
    chat.text("P1", words)
    assert (chat.loop("referral", "P1").step, chat.responses()) == (step, {"A1": "needs-action"})


THURSDAY = datetime(2026, 12, 10, 10, 0, tzinfo=ZoneInfo("America/Chicago"))


@pytest.mark.parametrize(
    ("words", "response"),
    [
        ("Please cancel Thursday, I went to another doctor", "declined"),
        ("Yes, see you Thursday. Nobody called me about the specialist", "accepted"),
    ],
)
def test_an_answer_beside_the_report_stands(chat: Chat, words: str, response: str) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", THURSDAY)
    begun(chat, "accepted")
    chat.text("P1", words)
    assert (chat.loop("referral", "P1").step, chat.responses()) == ("accepted", {"A1": response})
    assert ("routine", "referral") in chat.escalations()


@pytest.mark.parametrize(
    ("words", "asked"), [("My insurance denied it, so I can't come", True), ("No, my insurance denied it", False)]
)
def test_where_the_visit_may_be_meant_too_a_person_reads_it(chat: Chat, words: str, asked: bool) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", THURSDAY)
    begun(chat, "accepted")
    chat.text("P1", words)
    assert (chat.loop("referral", "P1").step, chat.responses()) == ("denied", {"A1": "needs-action"})
    with chat.clinic.database.read() as connection:
        cases = connection.execute(select(Escalation.suggestion, Escalation.appointment_id)).all()
    assert (("visit-meant-too", "A1") in [tuple(case) for case in cases]) is asked


def test_of_several_a_person_asks_which(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    begun(chat, "accepted")
    begun(chat, "accepted", specialty="Heart", number="2")
    chat.text("P1", "They never called")
    with chat.clinic.database.read() as connection:
        assert connection.execute(select(Enrollment.step)).scalars().all() == ["accepted", "accepted"]
    assert ("routine", "referral") in chat.escalations()


def test_what_another_question_takes_is_none_of_the_referrals(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    begun(chat, "accepted")
    chat.open("recall", "P1", kind="a1c")
    chat.pass_time(timedelta(hours=2))
    assert [sent.kind for sent in chat.sent] == ["recall/invite"]
    chat.text("P1", "I had it already, they never called me back")
    assert chat.loop("referral", "P1").step == "accepted"
