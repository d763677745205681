"""Planning: whatever the lead time, and whoever plans at the same moment, one text about one visit."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update

from bot.core.journey import QuestionState
from bot.core.messages import Direction, MessageStatus
from bot.services.plan import plan_due
from bot.store.tables import Appointment, Message, Patient, PatientContact, Question, Touch
from tests.services.at_once import at_once
from tests.transcripts.chat import Chat

MONDAY_9 = datetime(2026, 11, 23, 15, tzinfo=UTC)


def at(words: str) -> datetime:
    """A time on the clinic's clock."""
    return datetime.fromisoformat(words)


def kinds(chat: Chat) -> list[str]:
    return [text.kind.removeprefix("appointment/") for text in chat.sent]


def waiting(chat: Chat) -> int:
    with chat.clinic.database.read() as connection:
        return connection.execute(
            select(func.count()).select_from(Message).where(Message.status == MessageStatus.PLANNED)
        ).scalar_one()


def test_planning_again_plans_nothing_new(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    first = plan_due(chat.clinic, at=chat.now)
    assert (first.visits, first.messages) == (1, 1)
    again = plan_due(chat.clinic, at=chat.now)
    assert (again.visits, again.touches, again.messages) == (0, 0, 0)
    assert waiting(chat) == 1


def test_the_longest_id_a_visit_may_have_does_not_end_planning(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A" * 128, "P1", at("2026-11-24T08:00"))
    assert plan_due(chat.clinic, at=chat.now).messages == 1
    assert plan_due(chat.clinic, at=chat.now).touches == 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("hours", [1.5, 2, 5, 11, 12, 20, 23, 24, 25, 30, 47, 49, 60, 71, 73, 80, 100, 200])
def test_whatever_the_lead_time_texts_about_a_visit_are_few_and_far_between(chat: Chat, hours: float) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", chat.now + timedelta(hours=hours))
    chat.work()
    at_first = kinds(chat)
    chat.pass_time(timedelta(hours=hours + 1))
    assert len(at_first) <= 1
    assert at_first == ["reminder_last"] or hours > 24
    assert "reminder_last" in kinds(chat)
    assert len(set(kinds(chat))) == len(kinds(chat))
    gaps = [later.at - earlier.at for earlier, later in zip(chat.sent, chat.sent[1:], strict=False)]
    assert all(gap >= timedelta(hours=20) for gap in gaps)


def test_two_planners_at_once_make_each_text_once(chat: Chat) -> None:
    for number in range(30):
        chat.patient(f"P{number}", f"Name{number}")
        chat.visit(f"A{number}", f"P{number}", at(f"2026-11-24T08:{number:02d}"))
    counts = at_once(*[lambda: plan_due(chat.clinic, at=MONDAY_9)] * 3)
    assert sum(count.messages for count in counts) == 30
    with chat.clinic.database.read() as connection:
        per_visit = connection.execute(
            select(func.count()).select_from(Message).group_by(Message.appointment_id)
        ).scalars()
        assert list(per_visit) == [1] * 30


def test_two_planners_at_once_do_not_take_a_household_apart(chat: Chat) -> None:
    for number in range(8):
        chat.patient(f"P{number}", f"Ana{number}", phone=f"+1601555{140 + number:04d}")
        chat.patient(f"Q{number}", f"Luis{number}", phone=f"+1601555{140 + number:04d}")
        chat.visit(f"A{number}", f"P{number}", at("2026-11-24T08:00"))
        chat.visit(f"B{number}", f"Q{number}", at("2026-11-24T08:30"))
    at_once(*[lambda: plan_due(chat.clinic, at=MONDAY_9)] * 3)
    chat.deliver()
    assert kinds(chat) == ["household"] * 8


def test_a_visit_that_moves_before_its_text_went_out_gets_the_new_time_only(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    plan_due(chat.clinic, at=chat.now)
    chat.move("A1", at("2026-11-24T08:30"))
    plan_due(chat.clinic, at=chat.now)
    chat.deliver()
    (text,) = chat.sent
    assert "8:30" in text.body
    assert states(chat) == {QuestionState.OPEN: 1, QuestionState.VOID: 1}


def test_the_gate_drops_the_old_time_even_before_planning_has_seen_the_move(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    plan_due(chat.clinic, at=chat.now)
    chat.move("A1", at("2026-11-24T08:30"))
    chat.deliver()
    assert chat.sent == []
    chat.work()
    assert ["8:30" in text.body for text in chat.sent] == [True]


def states(chat: Chat) -> dict[QuestionState, int]:
    with chat.clinic.database.read() as connection:
        rows = connection.execute(select(Question.state, func.count()).group_by(Question.state)).all()
    return {row[0]: row[1] for row in rows}


def test_a_visit_cancelled_before_its_text_went_out_is_never_spoken_of(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    plan_due(chat.clinic, at=chat.now)
    chat.cancel("A1")
    chat.pass_time(timedelta(days=1))
    assert chat.sent == []


def test_a_move_is_told_once_also_when_it_moves_again(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    chat.work()
    chat.move("A1", at("2026-11-26T10:00"))
    chat.move("A1", at("2026-11-26T11:00"))
    chat.work()
    chat.work()
    assert kinds(chat) == ["reminder_last", "moved"]
    assert "11:00" in chat.sent[-1].body


def test_everybody_of_a_household_hears_of_their_own_move_and_cancellation(chat: Chat) -> None:
    chat.patient("P1", "Ana")
    chat.patient("P2", "Luis", phone=chat.phones["P1"])
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    chat.visit("A2", "P2", at("2026-11-24T08:30"))
    chat.work()
    chat.move("A2", at("2026-11-26T10:00"))
    chat.cancel("A1")
    chat.work()
    assert kinds(chat) == ["household", "cancelled", "moved"] or kinds(chat) == ["household", "moved", "cancelled"]


def test_a_sibling_whose_reminder_falls_due_later_is_in_the_same_text(chat: Chat) -> None:
    chat.patient("P1", "Ana")
    chat.patient("P2", "Luis", phone=chat.phones["P1"])
    chat.visit("A1", "P1", at("2026-11-24T09:00"))
    chat.visit("A2", "P2", at("2026-11-24T15:00"))
    chat.pass_time(timedelta(hours=20))
    (text,) = chat.sent
    assert text.kind == "appointment/household"
    assert "Ana" in text.body
    assert "Luis" in text.body


def test_one_visit_of_a_waiting_household_text_moves_and_the_other_is_still_reminded(chat: Chat) -> None:
    chat.patient("P1", "Ana")
    chat.patient("P2", "Luis", phone=chat.phones["P1"])
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    chat.visit("A2", "P2", at("2026-11-24T08:30"))
    plan_due(chat.clinic, at=chat.now)
    chat.move("A1", at("2026-11-30T08:00"))
    chat.work()
    assert kinds(chat) == ["booked", "reminder_last"]
    assert "Luis" in chat.sent[1].body
    assert "Ana" not in chat.sent[1].body
    assert chat.text("P1", "yes") != []
    assert chat.responses() == {"A1": "needs-action", "A2": "accepted"}


@pytest.mark.parametrize("who", ["P1", "P2"])
def test_without_consent_a_sibling_is_not_named_and_the_other_one_is_reminded_all_the_same(
    chat: Chat, who: str
) -> None:
    chat.patient("P1", "Ana")
    chat.patient("P2", "Luis", phone=chat.phones["P1"])
    with chat.clinic.database.begin() as connection:
        connection.execute(update(PatientContact).where(PatientContact.patient_id == who).values(consent="unknown"))
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    chat.visit("A2", "P2", at("2026-11-24T08:30"))
    chat.work()
    (text,) = chat.sent
    assert ("Ana" in text.body, "Luis" in text.body) == (who == "P2", who == "P1")


def test_an_opt_out_between_planning_and_sending_silences(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-24T08:00"))
    plan_due(chat.clinic, at=chat.now)
    chat.text("P1", "STOP")
    chat.pass_time(timedelta(days=1))
    assert chat.sent == []


def test_who_has_answered_before_the_reminder_gets_none(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-24T11:00"))
    assert chat.text("P1", "I will be there tomorrow")
    assert chat.responses() == {"A1": "accepted"}
    chat.pass_time(timedelta(hours=20))
    assert kinds(chat) == []
    chat.pass_time(timedelta(hours=5))
    assert kinds(chat) == ["same_day"]


def test_who_has_declined_gets_nothing_more(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-11-27T11:00"))
    chat.text("P1", "I cant come on friday")
    chat.pass_time(timedelta(days=5))
    assert kinds(chat) == []
    with chat.clinic.database.read() as connection:
        left = connection.execute(select(Touch.reason).where(Touch.state.in_(["planned", "queued"]))).all()
        outbound = select(Message.id).where(Message.direction == Direction.OUTBOUND, Message.reply_to.is_(None))
        assert left == []
        assert connection.execute(outbound).all() == []


def test_the_moment_of_planning_is_not_the_moment_of_sending(chat: Chat) -> None:
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-12-04T11:00"))
    counts = plan_due(chat.clinic, at=chat.now + timedelta(days=10, hours=4))
    assert counts.messages == 1
    assert waiting(chat) == 1


@pytest.mark.parametrize("ahead", [timedelta(days=3), timedelta(days=60), timedelta(days=3650)])
def test_planning_far_ahead_takes_no_reminder_away(chat: Chat, ahead: timedelta) -> None:
    """Whoever looks past a visit has not made it pass."""
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", chat.now + timedelta(days=1, hours=4))
    assert plan_due(chat.clinic, at=chat.now + ahead).messages == 0
    chat.pass_time(timedelta(hours=6))
    assert kinds(chat) == ["reminder_last"]


def test_of_what_a_visit_calls_for_by_then_one_is_made(chat: Chat) -> None:
    """Planned a day before it, a visit of next week brings its reminder, and not the news that it was booked."""
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", at("2026-12-04T11:00"))
    assert plan_due(chat.clinic, at=chat.now + timedelta(days=10, hours=4)).messages == 1
    chat.deliver()
    chat.pass_time(timedelta(days=1))
    assert kinds(chat) == ["reminder_last"]


@pytest.mark.parametrize("table", [Appointment, Patient])
def test_one_that_cannot_be_planned_keeps_no_other_back(chat: Chat, table: type) -> None:
    for number in range(1, 6):
        chat.patient(f"P{number}", "Maria")
        chat.visit(f"A{number}", f"P{number}", at("2026-11-24T08:00"))
    spoilt = {Appointment: {"timezone": "Nowhere/Land"}, Patient: {"given_name": b"sealed with a key that is gone"}}
    with chat.clinic.database.begin() as connection:
        connection.execute(update(table).where(table.patient_id == "P3").values(spoilt[table]))
    counts = plan_due(chat.clinic, at=chat.now)
    assert (counts.messages, counts.failed) == (4, 1)
    again = plan_due(chat.clinic, at=chat.now)
    assert (again.messages, again.failed) == (0, 1)
