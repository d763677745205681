"""Taking in texts: once each, in turn, and nothing lost whatever happens at the same moment."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from time import sleep

import pytest
from sqlalchemy import func, select

from bot.core.messages import Direction
from bot.services.plan import plan_due
from bot.services.receive import Inbound, receive
from bot.store.tables import ContactPoint, Conversation, Escalation, Message
from tests.services.at_once import Broken, HeldUp, at_once
from tests.transcripts.chat import Chat

TUESDAY_10 = datetime.fromisoformat("2026-11-24T10:00")


def asked(chat: Chat) -> Chat:
    """Maria has been reminded of a visit tomorrow at 10:00."""
    chat.patient("P1", "Maria")
    chat.visit("A1", "P1", TUESDAY_10)
    chat.pass_time(timedelta(hours=1))
    assert [text.kind for text in chat.sent] == ["appointment/reminder_last"]
    return chat


def count(chat: Chat, table: type, *where: object) -> int:
    with chat.clinic.database.read() as connection:
        return connection.execute(select(func.count()).select_from(table).where(*where)).scalar_one()  # type: ignore[arg-type]


def inbound(chat: Chat, body: str, sid: str, phone: str | None = None) -> Inbound:
    return Inbound(message_sid=sid, sender=phone or chat.phones["P1"], body=body)


def test_the_same_message_again_gets_the_same_answer_and_changes_nothing(chat: Chat) -> None:
    asked(chat)
    first = receive(chat.clinic, inbound(chat, "yes", "SM1"), chat.now)
    before = chat.records()
    for _again in range(3):
        assert receive(chat.clinic, inbound(chat, "yes", "SM1"), chat.now + timedelta(minutes=5)) == first
    assert first.texts
    assert chat.records() == before
    assert chat.inbound_count() == 1


def test_an_old_text_delivered_again_does_not_undo_a_newer_one(chat: Chat) -> None:
    asked(chat)
    chat.text("P1", "yes", "SM1")
    chat.text("P1", "actually no i cant", "SM2")
    chat.text("P1", "yes", "SM1")
    assert chat.responses() == {"A1": "declined"}


def test_one_message_delivered_several_times_at_once_is_taken_in_once(chat: Chat) -> None:
    asked(chat)
    clinic, now = chat.clinic, chat.now
    replies = at_once(*[lambda: receive(clinic, inbound(chat, "yes", "SM1"), now)] * 4)
    assert len(set(replies)) == 1
    assert len(replies[0].texts) == 1
    assert chat.inbound_count() == 1
    assert count(chat, Message, Message.direction == Direction.OUTBOUND, Message.reply_to.is_not(None)) == 1


def test_two_texts_at_once_from_one_phone_are_taken_in_turn(chat: Chat) -> None:
    asked(chat)
    clinic, now = chat.clinic, chat.now
    replies = at_once(
        lambda: receive(clinic, inbound(chat, "yes", "SM1"), now),
        lambda: receive(clinic, inbound(chat, "no i cant come", "SM2"), now),
        lambda: receive(clinic, inbound(chat, "is parking free?", "SM3"), now),
    )
    assert [len(reply.texts) for reply in replies] == [1, 1, 1]
    assert chat.inbound_count() == 3
    said = {"declined": "off the calendar", "accepted": "We"}
    response = chat.responses()["A1"]
    assert any(said[response] in text.body for reply in replies for text in reply.texts)
    assert ("routine", "declined") in chat.escalations()
    assert ("routine", "question") in chat.escalations()


def test_a_number_never_seen_before_texts_several_times_at_once(chat: Chat) -> None:
    clinic, now = chat.clinic, chat.now
    phone = "+16015550177"
    texts = [inbound(chat, "hello? I need help with something", f"SM{n}", phone) for n in range(4)]
    at_once(*[lambda text=text: receive(clinic, text, now) for text in texts])  # type: ignore[misc]
    assert chat.inbound_count() == 4
    assert count(chat, ContactPoint) == 1
    assert count(chat, Conversation) == 1


def test_a_text_that_waited_for_a_stop_hears_of_it(chat: Chat) -> None:
    asked(chat)
    held = HeldUp(chat.clinic.understand)
    slow = replace(chat.clinic, understand=held)
    with ThreadPoolExecutor(2) as pool:
        stop = pool.submit(receive, slow, inbound(chat, "STOP", "SM1"), chat.now)
        assert held.entered.wait(30)
        later = pool.submit(receive, chat.clinic, inbound(chat, "is parking free?", "SM2"), chat.now)
        sleep(0.4)
        held.go_on.set()
        assert len(stop.result(30).texts) == 1
        assert later.result(30).texts == ()
    assert ("routine", "question") in chat.escalations()


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_yes_that_crosses_a_move_does_not_confirm_the_new_time(chat: Chat) -> None:
    asked(chat)
    held = HeldUp(chat.clinic.understand)
    slow = replace(chat.clinic, understand=held)
    with ThreadPoolExecutor(1) as pool:
        yes = pool.submit(receive, slow, inbound(chat, "yes", "SM1"), chat.now)
        assert held.entered.wait(30)
        chat.move("A1", datetime.fromisoformat("2026-11-25T14:30"))
        held.go_on.set()
        yes.result(30)
    assert chat.responses() == {"A1": "needs-action"}
    chat.pass_time(timedelta(hours=1))
    assert chat.sent[-1].kind == "appointment/moved"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_writing_to_a_conversation_does_not_wait_for_a_text_being_taken_in(chat: Chat) -> None:
    """The planner writes rows that refer to the conversation while it holds what a text may want: no circle."""
    asked(chat)
    chat.visit("A2", "P1", datetime.fromisoformat("2026-11-24T15:00"))
    held = HeldUp(chat.clinic.understand)
    with ThreadPoolExecutor(1) as pool:
        text = pool.submit(receive, replace(chat.clinic, understand=held), inbound(chat, "hmm", "SM1"), chat.now)
        assert held.entered.wait(30)
        assert plan_due(chat.clinic, at=chat.now + timedelta(hours=6)).messages == 1
        held.go_on.set()
        text.result(30)


def test_when_understanding_fails_a_person_gets_the_text_and_danger_is_still_seen(chat: Chat) -> None:
    asked(chat)
    broken = replace(chat.clinic, understand=Broken(chat.clinic.understand))
    receive(broken, inbound(chat, "yes", "SM1"), chat.now)
    receive(broken, inbound(chat, "and something else that is rather long, so nobody asks again", "SM2"), chat.now)
    assert chat.responses() == {"A1": "needs-action"}
    assert ("routine", "unclear") in chat.escalations()
    reply = receive(broken, inbound(chat, "i have chest pain", "SM3"), chat.now)
    assert "911" in reply.texts[0].body
    assert ("emergency", "emergency") in chat.escalations()


def test_whatsapp_is_a_conversation_of_its_own(chat: Chat) -> None:
    asked(chat)
    receive(chat.clinic, inbound(chat, "hi", "SM1", "whatsapp:" + chat.phones["P1"]), chat.now)
    assert count(chat, ContactPoint) == 2
    assert count(chat, Conversation) == 2


def test_a_long_text_is_kept_to_its_last_word(chat: Chat) -> None:
    asked(chat)
    words = "word " * 800 + "and then I fell"
    receive(chat.clinic, inbound(chat, words, "SM1", "whatsapp:" + chat.phones["P1"]), chat.now)
    with chat.clinic.database.read() as connection:
        row = connection.execute(select(Message.id, Message.body).where(Message.twilio_sid == "SM1")).one()
    assert chat.clinic.vault.open("messages.body", row.id, row.body) == words
    assert count(chat, Escalation) == 1


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_texts_planning_and_imports_never_end_in_an_error(chat: Chat) -> None:
    """They lock the same rows in their own orders: whatever happens, each text is taken in and answered."""
    people = [f"P{number}" for number in range(6)]
    for number, patient_id in enumerate(people):
        chat.patient(patient_id, f"Name{number}")
        chat.visit(f"A{number}", patient_id, datetime.fromisoformat(f"2026-11-24T{9 + number:02d}:00"))
    clinic, now = chat.clinic, chat.now

    def text() -> int:
        answered = 0
        for turn in range(8):
            for patient_id in people:
                body = ("yes", "no i cant come", "another day please", "hmm")[turn % 4]
                message = inbound(chat, body, f"SM{turn}-{patient_id}", chat.phones[patient_id])
                answered += bool(receive(clinic, message, now).texts)
        return answered

    def plan() -> int:
        return sum(plan_due(clinic, at=now + timedelta(minutes=10 * turn)).messages for turn in range(40))

    def move() -> int:
        for turn in range(12):
            for number in range(6):
                chat.move(f"A{number}", datetime.fromisoformat(f"2026-11-{24 + turn % 2}T{9 + number:02d}:00"))
        return 0

    at_once(text, plan, move)
    assert chat.inbound_count() == 48
