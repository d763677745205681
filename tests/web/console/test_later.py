"""Replies kept for later: at their time through the gate, never over the patient's newer words, and never by night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from bot.core.outreach import GateReason
from bot.services import deliver_claim, inbox, inbox_later, inbox_reply
from bot.services.inbox import Gone, HeldBy
from bot.services.inbox_reply import Blocked, Night, NoTime, Outcome, Written
from bot.store.tables import Conversation, Decision, Escalation, Message
from tests.web.console.desk import Desk

HOUR = timedelta(hours=1)


@pytest.fixture
def talk(desk: Desk) -> str:
    """Rosa has asked for a person, at ten in the morning."""
    desk.patient(10, "Rosa", "Delgado")
    return desk.text(10, "I want to talk to a person please")


@pytest.fixture
def write(desk: Desk, talk: str) -> Callable[..., Outcome]:
    """Ana writes to her: `write(later=…, at_night=…)`."""

    def written(body: str = "We have a place on Thursday at 3. Do you want it?", **how: object) -> Outcome:
        return inbox_reply.reply(
            desk.clinic,
            conversation_id=talk,
            actor_id="ana",
            body=body,
            now=desk.now,
            **how,  # type: ignore[arg-type]
        )

    return written


def claim(desk: Desk) -> deliver_claim.Claim:
    return deliver_claim.claim(desk.clinic, holder="w", limit=10)


def held(desk: Desk) -> Message:
    found: Message = desk.row(Message, Message.author_id == "ana")
    return found


def test_it_goes_out_at_its_time_and_is_said_only_then(desk: Desk, talk: str, write: Callable[..., Outcome]) -> None:
    at = desk.now + 3 * HOUR
    outcome = write(later=at)
    assert isinstance(outcome, Written)
    assert outcome.due_at == at
    conversation = desk.row(Conversation)
    assert (conversation.held_by, conversation.last_staff_at) == (None, None)
    desk.wait(hours=2, minutes=59)
    assert outcome.message_id not in [text.id for text in claim(desk).ready]
    desk.wait(minutes=1)
    assert outcome.message_id in [text.id for text in claim(desk).ready]
    conversation = desk.row(Conversation)
    assert (conversation.last_staff_at, conversation.last_staff_asked) == (desk.now, True)


def test_it_waits_for_a_person_when_the_patient_writes_first(
    desk: Desk, talk: str, write: Callable[..., Outcome]
) -> None:
    inbox.resolve(desk.clinic, escalation_id=desk.escalations(talk)[0], actor_id="ana", now=desk.now)
    write(later=desk.now + 2 * HOUR)
    desk.wait(hours=1)
    desk.text(10, "thank you")
    assert desk.row(Escalation).status == "resolved"
    desk.wait(hours=1)
    for _ in range(3):
        claim(desk)
        desk.wait(minutes=15)
    assert (held(desk).status, held(desk).decision_reason) == ("planned", GateReason.PATIENT_WROTE)
    assert desk.row(Decision, Decision.message_id == held(desk).id).reason == GateReason.PATIENT_WROTE
    raised = desk.row(Escalation, Escalation.status == "open")
    assert (raised.reason, raised.suggestion) == ("staff-reply", inbox_later.LOOK_AT_IT)
    # Nobody has looked for a day: of no use any more.
    desk.wait(hours=24)
    claim(desk)
    assert (held(desk).status, held(desk).decision_reason) == ("dropped", GateReason.EXPIRED)


def test_a_person_who_has_read_it_sends_it_all_the_same(desk: Desk, talk: str, write: Callable[..., Outcome]) -> None:
    write(later=desk.now + 2 * HOUR)
    desk.wait(hours=1)
    desk.text(10, "and another thing")
    sent = inbox_later.send_now(desk.clinic, message_id=held(desk).id, actor_id="ana", now=desk.now)
    assert isinstance(sent, Written)
    assert (held(desk).kind, held(desk).created_at) == ("staff", desk.now)
    assert desk.row(Conversation).held_by == "ana"
    assert held(desk).id in [text.id for text in claim(desk).ready]
    again = inbox_later.send_now(desk.clinic, message_id=held(desk).id, actor_id="ana", now=desk.now)
    assert isinstance(again, Gone)


def test_nobody_sends_what_stands_in_somebody_elses_conversation(
    desk: Desk, talk: str, write: Callable[..., Outcome]
) -> None:
    write(later=desk.now + 2 * HOUR)
    inbox.claim_conversation(desk.clinic, conversation_id=talk, actor_id="ben", now=desk.now)
    outcome = inbox_later.send_now(desk.clinic, message_id=held(desk).id, actor_id="ana", now=desk.now)
    assert isinstance(outcome, HeldBy)
    assert isinstance(write(later=desk.now + 2 * HOUR), HeldBy)


def test_anybody_takes_it_back_until_then(desk: Desk, write: Callable[..., Outcome]) -> None:
    write("See you then.", later=desk.now + 2 * HOUR)
    assert inbox_reply.undo(desk.clinic, message_id=held(desk).id, actor_id="ben", now=desk.now) == "See you then."
    write("See you then.", later=desk.now + 2 * HOUR)
    desk.wait(hours=2)
    claim(desk)
    assert inbox_reply.undo(desk.clinic, message_id=held(desk).id, actor_id="ben", now=desk.now) is None


def test_an_opt_out_stops_it_like_everything(desk: Desk, write: Callable[..., Outcome]) -> None:
    write(later=desk.now + 2 * HOUR)
    desk.text(10, "STOP")
    desk.wait(hours=2)
    claim(desk)
    assert (held(desk).status, held(desk).decision_reason) == ("dropped", GateReason.NUMBER_OPTED_OUT)
    assert isinstance(write(later=desk.now + HOUR), Blocked)


@pytest.mark.parametrize("ahead", [timedelta(), -HOUR, timedelta(days=31)])
def test_a_time_is_ahead_and_not_too_far(desk: Desk, write: Callable[..., Outcome], ahead: timedelta) -> None:
    assert isinstance(write(later=desk.now + ahead), NoTime)


def test_at_night_a_person_says_so_twice(desk: Desk, write: Callable[..., Outcome]) -> None:
    nine_in_the_evening = desk.now + 11 * HOUR
    eight_in_the_morning = desk.now + 22 * HOUR
    assert write(later=nine_in_the_evening) == Night(eight_in_the_morning)
    assert isinstance(write(later=nine_in_the_evening, at_night=True), Written)
    desk.wait(hours=11)
    assert write() == Night(eight_in_the_morning)
    assert isinstance(write(at_night=True), Written)


def test_what_was_kept_is_not_sent_into_the_night_by_mistake(desk: Desk, write: Callable[..., Outcome]) -> None:
    write(later=desk.now + 24 * HOUR)
    desk.wait(hours=11)
    how = {"message_id": held(desk).id, "actor_id": "ana", "now": desk.now}
    assert inbox_later.send_now(desk.clinic, **how) == Night(desk.now + 11 * HOUR)
    assert desk.row(Conversation).held_by is None
    assert isinstance(inbox_later.send_now(desk.clinic, **how, at_night=True), Written)


def test_whoever_is_writing_is_not_woken(desk: Desk, write: Callable[..., Outcome]) -> None:
    desk.wait(hours=11)
    desk.text(10, "are you there?")
    desk.wait(minutes=59)
    assert isinstance(write(), Written)
    desk.wait(minutes=1)
    assert isinstance(write(), Night)


def test_the_night_is_the_patients(desk: Desk, talk: str) -> None:
    in_tokyo, late = "Asia/Tokyo", datetime.fromisoformat("2026-11-24T02:00+09:00")
    assert inbox_reply.night(desk.clinic, in_tokyo, None, late, now=desk.now) == late + 6 * HOUR
    assert inbox_reply.night(desk.clinic, "America/Chicago", None, late, now=desk.now) is None
