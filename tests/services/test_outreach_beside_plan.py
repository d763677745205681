"""An outreach that the clinic starts beside what planning does by itself: one text about a visit, never two at once."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from bot.core.intents import Context
from bot.services.outreach import OutreachRequest, Refusal, Started, start
from bot.services.plan import plan_due
from tests.transcripts.chat import Chat

IN_A_WEEK = datetime.fromisoformat("2026-11-30T15:00")


def remind(chat: Chat) -> Started:
    asked = OutreachRequest(patient_id="P1", kind=Context.APPOINTMENT_REMINDER, appointment_id="A1")
    started = start(chat.clinic, asked, actor="test", now=chat.now)
    assert isinstance(started, Started)
    return started


@pytest.mark.parametrize("planned_first", [True, False])
def test_a_reminder_asked_for_takes_the_place_of_the_booking_notice(chat: Chat, planned_first: bool) -> None:
    chat.patient("P1", "Ana")
    chat.visit("A1", "P1", IN_A_WEEK)
    if planned_first:
        assert plan_due(chat.clinic, at=chat.now).messages == 1
    assert remind(chat).decision == "send"
    chat.pass_time(timedelta(hours=2))
    assert [text.kind for text in chat.sent] == ["appointment/reminder_first"]


def test_a_reminder_that_may_not_go_out_takes_no_place(chat: Chat) -> None:
    chat.patient("P1", "Ana", consent="")
    chat.visit("A1", "P1", IN_A_WEEK)
    assert remind(chat).decision == "drop"
    assert plan_due(chat.clinic, at=chat.now).messages == 1


def test_a_slot_that_has_passed_is_not_offered(chat: Chat) -> None:
    chat.patient("P1", "Ana")
    asked = OutreachRequest(patient_id="P1", kind=Context.WAITLIST_OFFER, slot=chat.now - timedelta(minutes=1))
    refused = start(chat.clinic, asked, actor="test", now=chat.now)
    assert isinstance(refused, Refusal)
    assert refused.field == "slot"
