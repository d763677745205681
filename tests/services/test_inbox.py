"""The inbox: who has what, what is sent, what is taken back, and when the bot may speak again."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from bot.core.escalation import EscalationStatus
from bot.core.messages import MessageStatus, Origin
from bot.core.outreach import GateReason
from bot.core.people import NumberStatus, Participation, PatientStatus
from bot.services import inbox, inbox_reply, inbox_visits, patient_record
from bot.services.inbox import Closed, Done, Gone, HeldBy
from bot.services.inbox_reply import Blocked, Moved, Unfit, Written
from bot.store.queries import threads
from bot.store.tables import (
    Appointment,
    AppointmentChange,
    AuditEntry,
    ContactPoint,
    Conversation,
    Escalation,
    Message,
    Note,
    Patient,
)
from tests.services.sending import Scene
from tests.web.console.desk import Desk


@pytest.fixture
def desk(scene: Scene) -> Desk:
    return Desk(scene.clinic)


@pytest.fixture
def ana(desk: Desk) -> str:
    return desk.user("Ana Ruiz")


@pytest.fixture
def ben(desk: Desk) -> str:
    return desk.user("Ben Cole")


@pytest.fixture
def talk(desk: Desk) -> str:
    """Rosa's conversation, with an emergency in it."""
    desk.patient(10, "Rosa", "Delgado")
    return desk.text(10, "my chest hurts and I can't breathe")


def held(desk: Desk, talk: str) -> str | None:
    return desk.row(Conversation, Conversation.id == talk).held_by  # type: ignore[no-any-return]


def state(desk: Desk, escalation_id: str) -> EscalationStatus:
    return desk.row(Escalation, Escalation.id == escalation_id).status  # type: ignore[no-any-return]


def test_a_claim_is_exclusive_and_silences_the_bot(desk: Desk, ana: str, ben: str, talk: str) -> None:
    (one,) = desk.escalations(talk)
    claimed = Done(EscalationStatus.CLAIMED, talk)
    assert inbox.claim(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now) == claimed
    assert inbox.claim(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now) == claimed
    assert inbox.claim(desk.clinic, escalation_id=one, actor_id=ben, now=desk.now) == HeldBy(ana, "Ana Ruiz")
    assert held(desk, talk) == ana
    answered = desk.row(Conversation, Conversation.id == talk).recent_replies
    desk.wait(minutes=1)
    desk.text(10, "what time do you close?")
    assert desk.row(Conversation, Conversation.id == talk).recent_replies == answered


def test_of_many_claims_at_once_one_wins(desk: Desk, talk: str) -> None:
    (one,) = desk.escalations(talk)
    everybody = [desk.user(f"Person{number} Jones") for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(
            pool.map(lambda who: inbox.claim(desk.clinic, escalation_id=one, actor_id=who, now=desk.now), everybody)
        )
    winners = [who for who, outcome in zip(everybody, outcomes, strict=True) if isinstance(outcome, Done)]
    assert len(winners) == 1
    assert all(outcome.user_id == winners[0] for outcome in outcomes if isinstance(outcome, HeldBy))
    assert held(desk, talk) == winners[0]


def test_release_hands_back(desk: Desk, ana: str, ben: str, talk: str) -> None:
    (one,) = desk.escalations(talk)
    inbox.claim(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now)
    assert isinstance(inbox.release(desk.clinic, escalation_id=one, actor_id=ben, now=desk.now), HeldBy)
    assert inbox.release(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now) == Done(
        EscalationStatus.OPEN, talk
    )
    assert (state(desk, one), held(desk, talk)) == (EscalationStatus.OPEN, None)
    assert isinstance(inbox.claim(desk.clinic, escalation_id=one, actor_id=ben, now=desk.now), Done)
    inbox.release(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now, force=True)
    assert held(desk, talk) is None


def test_resolve_frees_and_lets_the_journeys_go_on(desk: Desk, ana: str, ben: str, talk: str) -> None:
    (one,) = desk.escalations(talk)
    assert desk.row(Patient).paused_since is not None
    inbox.claim(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now)
    assert isinstance(inbox.resolve(desk.clinic, escalation_id=one, actor_id=ben, now=desk.now), HeldBy)
    assert isinstance(inbox.resolve(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now), Done)
    assert (state(desk, one), held(desk, talk)) == (EscalationStatus.RESOLVED, None)
    assert desk.row(Patient).paused_since is None
    assert isinstance(inbox.resolve(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now), Done)
    assert isinstance(inbox.claim(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now), Closed)
    assert isinstance(inbox.release(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now), Closed)


def test_another_emergency_keeps_everybody_on_the_phone_paused(desk: Desk, ana: str) -> None:
    desk.patient(10, "Rosa", "Delgado")
    desk.patient(11, "Luz", "Delgado", phone=10)
    talk = desk.text(10, "my chest hurts and I can't breathe")
    (one,) = desk.escalations(talk)
    desk.change(Escalation, Escalation.id == one, patient_id=None)
    for number in (10, 11):
        desk.change(Patient, Patient.patient_id == f"P-{number:03}", paused_since=desk.now)
    other = "e" * 32
    row = desk.row(Escalation, Escalation.id == one)._asdict() | {"id": other, "patient_id": "P-011"}
    with desk.clinic.database.begin() as connection:
        connection.execute(Escalation.__table__.insert(), row)  # type: ignore[attr-defined]
    inbox.resolve(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now)
    assert desk.row(Patient, Patient.patient_id == "P-010").paused_since is None
    assert desk.row(Patient, Patient.patient_id == "P-011").paused_since is not None


def test_what_is_not_there_is_gone(desk: Desk, ana: str) -> None:
    for change in (inbox.claim, inbox.release, inbox.resolve):
        assert change(desk.clinic, escalation_id="none", actor_id=ana, now=desk.now) == Gone()
    for whole in (inbox.claim_conversation, inbox.release_conversation):
        assert whole(desk.clinic, conversation_id="none", actor_id=ana, now=desk.now) == Gone()
    assert reply(desk, "none", ana) == Gone()


def reply(desk: Desk, talk: str, who: str, body: str = "Calling you now.", seen: str | None = None) -> object:
    return inbox_reply.reply(desk.clinic, conversation_id=talk, actor_id=who, body=body, now=desk.now, seen=seen)


def test_a_reply_claims_and_waits_for_undo(desk: Desk, ana: str, ben: str, talk: str) -> None:
    written = reply(desk, talk, ana)
    assert isinstance(written, Written)
    row = desk.row(Message, Message.id == written.message_id)
    assert (row.origin, row.status, row.author_id) == (Origin.STAFF, MessageStatus.PLANNED, ana)
    assert (written.due_at - desk.now).total_seconds() == desk.clinic.settings.undo_seconds
    assert desk.clinic.vault.open("messages.body", row.id, row.body) == "Calling you now."
    assert held(desk, talk) == ana
    assert [state(desk, one) for one in desk.escalations(talk)] == [EscalationStatus.CLAIMED]
    assert reply(desk, talk, ben) == HeldBy(ana, "Ana Ruiz")


def test_undo_takes_back_what_has_not_gone_out(desk: Desk, ana: str, ben: str, talk: str) -> None:
    written = reply(desk, talk, ana)
    assert isinstance(written, Written)
    undo = {"message_id": written.message_id, "now": desk.now}
    assert inbox_reply.undo(desk.clinic, actor_id=ben, **undo) is None
    assert inbox_reply.undo(desk.clinic, actor_id=ana, **undo) == "Calling you now."
    assert inbox_reply.undo(desk.clinic, actor_id=ana, **undo) is None
    sent = reply(desk, talk, ana)
    assert isinstance(sent, Written)
    desk.change(Message, Message.id == sent.message_id, status=MessageStatus.CLAIMED)
    assert inbox_reply.undo(desk.clinic, message_id=sent.message_id, actor_id=ana, now=desk.now) is None


def test_a_draft_is_warned_of_what_came_since(desk: Desk, ana: str, talk: str) -> None:
    with desk.clinic.database.read() as connection:
        seen = threads.newest_inbound(connection, talk)
    assert isinstance(reply(desk, talk, ana, seen=seen), Written)
    desk.wait(minutes=1)
    desk.text(10, "it is better now")
    moved = reply(desk, talk, ana, seen=seen)
    assert isinstance(moved, Moved)
    (unseen,) = moved.message_ids
    row = desk.row(Message, Message.id == unseen)
    assert desk.clinic.vault.open("messages.body", row.id, row.body) == "it is better now"
    assert isinstance(reply(desk, talk, ana, seen=unseen), Written)
    assert isinstance(reply(desk, talk, ana, seen=None), Written)


def test_nothing_goes_where_nothing_may_go(desk: Desk, ana: str, talk: str) -> None:
    for changes, reason in (
        ((ContactPoint, {"status": NumberStatus.UNSAFE}, {"status": NumberStatus.ACTIVE}), GateReason.NUMBER_UNSAFE),
        ((Patient, {"status": PatientStatus.DECEASED}, {"status": PatientStatus.ACTIVE}), GateReason.DECEASED),
    ):
        table, bad, good = changes
        desk.change(table, **bad)
        blocked = reply(desk, talk, ana)
        assert isinstance(blocked, Blocked)
        assert blocked.reason is reason
        desk.change(table, **good)
    desk.text(10, "STOP")
    blocked = reply(desk, talk, ana)
    assert isinstance(blocked, Blocked)
    assert (blocked.reason, blocked.since) == (GateReason.NUMBER_OPTED_OUT, desk.now)


@pytest.mark.parametrize("body", ["", " \n ", "x" * 1601])
def test_a_reply_has_words_and_not_too_many(desk: Desk, ana: str, talk: str, body: str) -> None:
    assert isinstance(reply(desk, talk, ana, body), Unfit)


def test_a_note_is_sealed_and_no_message(desk: Desk, ana: str, talk: str) -> None:
    note_id = inbox_reply.add_note(
        desk.clinic, conversation_id=talk, actor_id=ana, body="Ask for the daughter", now=desk.now
    )
    row = desk.row(Note, Note.id == note_id)
    assert b"daughter" not in row.body
    assert desk.clinic.vault.open("notes.body", row.id, row.body) == "Ask for the daughter"
    with desk.clinic.database.read() as connection:
        assert all(message.author_id is None for message in threads.messages(connection, talk))


def test_an_answer_by_voice_is_kept_with_who_noted_it(desk: Desk, ana: str) -> None:
    visit = desk.visit(1, desk.patient(10, "Rosa", "Delgado"))
    answer = {"appointment_id": visit, "response": Participation.ACCEPTED, "actor_id": ana, "now": desk.now}
    assert inbox_visits.answer_visit(desk.clinic, **answer) is Participation.NEEDS_ACTION
    assert inbox_visits.answer_visit(desk.clinic, **answer) is Participation.ACCEPTED
    row = desk.row(Appointment)
    assert (row.response, row.responded_at) == (Participation.ACCEPTED, desk.now)
    change = desk.row(AppointmentChange)
    assert (change.actor, change.before, change.after) == (ana, "needs-action", "accepted")


def test_texts_stop_by_word_and_restart_by_form(desk: Desk, ana: str, talk: str) -> None:
    told = {"patient_id": "P-010", "actor_id": ana, "now": desk.now}
    assert patient_record.stop_texts(desk.clinic, evidence="  ", **told) is False
    assert patient_record.stop_texts(desk.clinic, evidence="said so on the phone", **told) is True
    blocked = reply(desk, talk, ana)
    assert isinstance(blocked, Blocked)
    assert blocked.reason is GateReason.PATIENT_OPTED_OUT
    assert patient_record.restart_texts(desk.clinic, evidence="form signed today", **told) is True
    assert isinstance(reply(desk, talk, ana), Written)


def test_every_act_stands_in_the_audit_trail(desk: Desk, ana: str, talk: str) -> None:
    (one,) = desk.escalations(talk)
    reply(desk, talk, ana)
    inbox.resolve(desk.clinic, escalation_id=one, actor_id=ana, now=desk.now)
    with desk.clinic.database.read() as connection:
        done = connection.execute(AuditEntry.__table__.select()).all()  # type: ignore[attr-defined]
    actions = {row.action for row in done if row.actor == ana}
    assert {"conversation.claim", "escalation.claim", "message.reply", "escalation.resolve"} <= actions
