"""Pause and resume: what a coordinator's own words change, what sleeps and wakes, and claims that come back."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select

from bot.core.escalation import EscalationStatus, Reason
from bot.core.people import Participation
from bot.services import inbox, inbox_reply, inbox_snooze
from bot.services.inbox import Done, Unseen
from bot.services.inbox_snooze import NotNow, Snoozed
from bot.services.returns import give_back_idle
from bot.store.queries.inbox import View, listed
from bot.store.tables import Appointment, AuditEntry, Conversation, Escalation, Message, Question
from tests.services.sending import Scene
from tests.web.console.desk import Desk


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return Desk(scene.clinic)


@pytest.fixture
def ana(desk: Desk) -> str:
    return desk.user("Ana Ruiz")


@pytest.fixture
def talk(desk: Desk) -> str:
    """Rosa's conversation, with a routine question in it."""
    desk.visit(1, desk.patient(10, "Rosa", "Delgado"), days=3)
    return desk.text(10, "where do I park?")


def cases(desk: Desk, talk: str) -> dict[str, EscalationStatus]:
    with desk.clinic.database.read() as connection:
        rows = connection.execute(
            select(Escalation.reason, Escalation.status).where(Escalation.conversation_id == talk)
        )
        return {str(row.reason): row.status for row in rows}


def view(desk: Desk, which: View, user_id: str) -> list[str]:
    with desk.clinic.database.read() as connection:
        rows = listed(connection, which, user_id=user_id, now=desk.now, after=None)
        return [row.id for row in rows]


def reply(desk: Desk, talk: str, ana: str, words: str) -> None:
    desk.wait(minutes=1)
    written = inbox_reply.reply(desk.clinic, conversation_id=talk, actor_id=ana, body=words, now=desk.now)
    assert isinstance(written, inbox_reply.Written)


def last_reply(desk: Desk) -> str:
    with desk.clinic.database.read() as connection:
        row = connection.execute(
            select(Message.id, Message.body).where(Message.reply_to.is_not(None)).order_by(Message.id.desc()).limit(1)
        ).one()
    return desk.clinic.vault.open("messages.body", row.id, row.body)


def resolve(desk: Desk, talk: str, ana: str) -> None:
    for case in desk.escalations(talk):
        inbox.resolve(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now)


def test_a_yes_after_a_coordinators_question_answers_the_coordinator(desk: Desk, talk: str, ana: str) -> None:
    reply(desk, talk, ana, "Shall I cancel the visit?")
    resolve(desk, talk, ana)
    desk.wait(minutes=5)
    desk.text(10, "yes")
    assert desk.row(Appointment).response is Participation.NEEDS_ACTION
    assert cases(desk, talk)["staff-reply"] is EscalationStatus.OPEN


def test_an_ok_answers_what_was_asked(desk: Desk, talk: str, ana: str) -> None:
    reply(desk, talk, ana, "Does Tuesday at 3 work for you?")
    resolve(desk, talk, ana)
    desk.wait(minutes=5)
    desk.text(10, "ok")
    assert cases(desk, talk)["staff-reply"] is EscalationStatus.OPEN


def test_thanks_after_a_coordinators_answer_open_nothing(desk: Desk, talk: str, ana: str) -> None:
    reply(desk, talk, ana, "In the garage on Elm Street.")
    resolve(desk, talk, ana)
    desk.wait(minutes=5)
    desk.text(10, "thank you")
    assert "staff-reply" not in cases(desk, talk)


def test_a_question_of_the_bot_asked_since_is_answered_as_ever(desk: Desk, talk: str, ana: str) -> None:
    reply(desk, talk, ana, "In the garage on Elm Street.")
    resolve(desk, talk, ana)
    desk.wait(hours=1)
    with desk.clinic.database.begin() as connection:
        connection.execute(
            Question.__table__.insert().values(  # type: ignore[attr-defined]
                id="q1", conversation_id=talk, patient_id="P-010", journey="appointment", step="remind",
                context="appointment_reminder", options=["confirm", "reschedule", "decline"], subjects=[["V-1", 1]],
                state="open", asked_at=desk.now, expires_at=desk.now + timedelta(days=2),
            )
        )  # fmt: skip
    desk.wait(minutes=5)
    desk.text(10, "yes")
    assert desk.row(Appointment).response is Participation.ACCEPTED
    assert "This is the computer of" in last_reply(desk)
    desk.wait(minutes=5)
    desk.text(10, "where do I park?")
    assert "This is the computer of" not in last_reply(desk)


def test_two_days_later_a_yes_is_nobodys_in_particular(desk: Desk, talk: str, ana: str) -> None:
    reply(desk, talk, ana, "In the garage on Elm Street.")
    resolve(desk, talk, ana)
    desk.wait(hours=49)
    desk.text(10, "yes")
    assert "staff-reply" not in cases(desk, talk)


@pytest.mark.parametrize("words", ["STOP", "my chest hurts and I cannot breathe"])
def test_danger_and_stop_go_before_the_coordinators_question(desk: Desk, talk: str, ana: str, words: str) -> None:
    reply(desk, talk, ana, "Does Tuesday work?")
    desk.wait(minutes=5)
    desk.text(10, words)
    assert "staff-reply" not in cases(desk, talk)
    assert "This is the computer of" not in last_reply(desk)


def test_what_sleeps_is_out_of_sight_until_its_time(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    until = desk.now + timedelta(hours=3)
    assert inbox_snooze.snooze(
        desk.clinic, escalation_id=case, until=until, actor_id=ana, now=desk.now
    ) == Snoozed(until, talk)  # fmt: skip
    assert (view(desk, View.OPEN, ana), view(desk, View.SNOOZED, ana)) == ([], [case])
    assert view(desk, View.ALL, ana) == [case]
    desk.wait(hours=3)
    assert (view(desk, View.OPEN, ana), view(desk, View.SNOOZED, ana)) == ([case], [])


def test_what_sleeps_wakes_when_the_patient_writes(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    inbox_snooze.snooze(desk.clinic, escalation_id=case, until=desk.now + timedelta(days=2), actor_id=ana, now=desk.now)
    desk.wait(minutes=5)
    desk.text(10, "thank you")
    assert view(desk, View.OPEN, ana) == [case]


def test_an_emergency_never_sleeps_and_nothing_sleeps_for_ever(desk: Desk, talk: str, ana: str) -> None:
    desk.text(10, "my chest hurts and I cannot breathe")
    danger, question = desk.escalations(talk)
    tomorrow, never = desk.now + timedelta(days=1), desk.now + timedelta(days=31)
    for case, until, emergency in ((danger, tomorrow, True), (question, never, False), (question, desk.now, False)):
        outcome = inbox_snooze.snooze(desk.clinic, escalation_id=case, until=until, actor_id=ana, now=desk.now)
        assert outcome == NotNow(emergency)
    assert len(view(desk, View.OPEN, ana)) == 2


def test_snoozing_a_claim_gives_the_conversation_back_to_the_bot(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    inbox.claim(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now)
    inbox_snooze.snooze(desk.clinic, escalation_id=case, until=desk.now + timedelta(days=1), actor_id=ana, now=desk.now)
    assert desk.row(Conversation).held_by is None
    assert desk.row(Escalation).status is EscalationStatus.OPEN


def test_a_reply_waits_for_the_patient_and_their_word_ends_that(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    reply(desk, talk, ana, "In the garage on Elm Street.")
    assert view(desk, View.WAITING, ana) == [case]
    desk.wait(minutes=5)
    desk.text(10, "is it expensive?")
    assert view(desk, View.WAITING, ana) == []
    assert view(desk, View.MINE, ana) == [case]


def test_nothing_is_resolved_over_words_that_nobody_has_seen(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    inbox.claim(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now)
    seen = desk.row(Message, Message.direction == "inbound").id
    desk.wait(minutes=2)
    desk.text(10, "and can my daughter come in with me?")
    outcome = inbox.resolve(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now, seen=seen)
    assert isinstance(outcome, Unseen)
    [unseen] = outcome.message_ids
    outcome = inbox.resolve(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now, seen=unseen)
    assert isinstance(outcome, Done)
    assert set(cases(desk, talk).values()) == {EscalationStatus.RESOLVED}


def test_what_came_while_a_program_held_it_stays_in_front_of_people(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    inbox.claim(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now)
    desk.wait(minutes=2)
    desk.text(10, "ok and can my daughter come in with me?")
    inbox.resolve(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now)
    assert cases(desk, talk)["unanswered"] is EscalationStatus.OPEN


def test_a_claim_that_lies_idle_comes_back_with_word_of_it(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    inbox.claim(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now)
    desk.wait(minutes=29)
    assert give_back_idle(desk.clinic, desk.now) == 0
    desk.wait(minutes=1)
    assert give_back_idle(desk.clinic, desk.now) == 1
    row = desk.row(Escalation)
    assert (row.status, row.claimed_by, row.returned_from) == (EscalationStatus.OPEN, None, ana)
    assert desk.row(Conversation).held_by is None
    assert desk.row(AuditEntry, AuditEntry.action == "conversation.return").actor == "timer"
    # Whoever takes it now takes it without the mark.
    inbox.claim(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now)
    assert desk.row(Escalation).returned_at is None


def test_a_note_shows_that_somebody_is_at_it(desk: Desk, talk: str, ana: str) -> None:
    inbox.claim_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    desk.wait(minutes=25)
    inbox_reply.add_note(desk.clinic, conversation_id=talk, actor_id=ana, body="On the phone.", now=desk.now)
    desk.wait(minutes=25)
    assert give_back_idle(desk.clinic, desk.now) == 0
    desk.wait(minutes=5)
    assert give_back_idle(desk.clinic, desk.now) == 1


def test_an_emergency_comes_back_sooner(desk: Desk, talk: str, ana: str) -> None:
    desk.text(10, "my chest hurts and I cannot breathe")
    inbox.claim_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    desk.wait(minutes=10)
    assert give_back_idle(desk.clinic, desk.now) == 1


def test_the_patients_own_silence_keeps_a_claim_for_a_day(desk: Desk, talk: str, ana: str) -> None:
    reply(desk, talk, ana, "In the garage on Elm Street.")
    desk.wait(hours=23)
    assert give_back_idle(desk.clinic, desk.now) == 0
    desk.wait(hours=1)
    assert give_back_idle(desk.clinic, desk.now) == 1


def test_an_answer_from_before_the_claim_keeps_nothing(desk: Desk, talk: str, ana: str) -> None:
    reply(desk, talk, ana, "In the garage on Elm Street.")
    inbox.release_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    desk.wait(hours=1)
    inbox.claim_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    desk.wait(minutes=30)
    assert give_back_idle(desk.clinic, desk.now) == 1


def test_what_the_patient_wrote_into_an_idle_claim_is_not_lost(desk: Desk, talk: str, ana: str) -> None:
    resolve(desk, talk, ana)
    inbox.claim_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    desk.wait(minutes=3)
    desk.text(10, "can my daughter come in with me?")
    desk.wait(minutes=30)
    assert give_back_idle(desk.clinic, desk.now) == 1
    assert cases(desk, talk)[str(Reason.UNANSWERED)] is EscalationStatus.OPEN


def test_taken_back_after_the_release_it_is_unanswered(desk: Desk, talk: str, ana: str) -> None:
    resolve(desk, talk, ana)
    reply(desk, talk, ana, "In the garage on Elm Street.")
    said_at = desk.row(Conversation).last_staff_at
    desk.wait(minutes=3)
    desk.text(10, "can my daughter come in with me?")
    desk.wait(minutes=1)
    second = inbox_reply.reply(desk.clinic, conversation_id=talk, actor_id=ana, body="Sure.", now=desk.now)
    assert isinstance(second, inbox_reply.Written)
    inbox.release_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    assert "unanswered" not in cases(desk, talk)
    inbox_reply.undo(desk.clinic, message_id=second.message_id, actor_id=ana, now=desk.now)
    assert cases(desk, talk)["unanswered"] is EscalationStatus.OPEN
    assert desk.row(Conversation).last_staff_at == said_at


def test_what_is_taken_back_waits_for_nobody(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    desk.wait(minutes=1)
    written = inbox_reply.reply(desk.clinic, conversation_id=talk, actor_id=ana, body="Sure.", now=desk.now)
    assert isinstance(written, inbox_reply.Written)
    assert view(desk, View.WAITING, ana) == [case]
    inbox_reply.undo(desk.clinic, message_id=written.message_id, actor_id=ana, now=desk.now)
    assert view(desk, View.WAITING, ana) == []


def test_our_own_confirmation_is_no_answer_to_what_was_asked(desk: Desk, talk: str, ana: str) -> None:
    resolve(desk, talk, ana)
    inbox.claim_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    desk.wait(minutes=3)
    desk.text(10, "can my daughter come in with me?")
    desk.wait(minutes=3)
    desk.text(10, "STOP")  # Our confirmation goes out after the question.
    inbox.release_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    assert cases(desk, talk)["unanswered"] is EscalationStatus.OPEN


def test_thanks_into_a_held_conversation_come_back_to_nobody(desk: Desk, talk: str, ana: str) -> None:
    resolve(desk, talk, ana)
    reply(desk, talk, ana, "In the garage on Elm Street.")
    desk.wait(minutes=3)
    desk.text(10, "thank you")
    inbox.release_conversation(desk.clinic, conversation_id=talk, actor_id=ana, now=desk.now)
    assert "unanswered" not in cases(desk, talk)


def test_a_page_that_names_no_message_has_seen_nothing(desk: Desk, talk: str, ana: str) -> None:
    [case] = desk.escalations(talk)
    outcome = inbox.resolve(desk.clinic, escalation_id=case, actor_id=ana, now=desk.now, seen="nonsense")
    assert isinstance(outcome, Unseen)
