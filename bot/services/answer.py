"""Answering inside the webhook: everything there is to say in one message, written down before it is said."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import bindparam, insert, update

from bot.core.effects import Ask, Say
from bot.core.intents import Context
from bot.core.journey import QuestionState
from bot.core.messages import MessageStatus, Origin, Via
from bot.core.outreach import Facts, GateDecision, MessageFacts, PatientFacts, Verdict, decide
from bot.core.people import Visit
from bot.journeys import discover
from bot.services import outbox, reviews
from bot.services.turn import Turn
from bot.services.wording import phone_for, text_key, values_for
from bot.store.columns import new_id
from bot.store.queries.conversations import INSERT_MESSAGE
from bot.store.tables import Conversation
from bot.store.tables import Question as QuestionRow

KEPT_REPLY_TIMES = 40
USEFUL_FOR = timedelta(hours=12)
ANSWER_WITHIN = timedelta(days=3)
"""An answer to a question that is about no visit counts so long."""

_SENTENCE = re.compile(r"(?<=[.!?。！？؟।])\s+")
_QUESTION = insert(QuestionRow.__table__)  # type: ignore[arg-type]
_CONVERSATION = (
    update(Conversation)
    .where(Conversation.id == bindparam("which"))
    .values(version=Conversation.version + 1, last_inbound_at=bindparam("at"))
)
_REPLIED = (
    update(Conversation)
    .where(Conversation.id == bindparam("which"))
    .values(
        version=Conversation.version + 1,
        last_inbound_at=bindparam("at"),
        last_outbound_at=bindparam("at"),
        recent_replies=bindparam("replies"),
    )
)
_WARNED = _REPLIED.values(last_safety_at=bindparam("at"), last_safety_family=bindparam("family"))


def render(turn: Turn, effect: Say | Ask) -> tuple[str, str]:
    name = next((p.name for p in turn.situation.people if p.patient_id == turn.patient_id), "")
    visits = _spoken_of(turn, effect)
    clinic = turn.clinic
    # One message says the number to call once; the safety text always does.
    spoken = phone_for(clinic, visits or turn.near)
    again = any(spoken in text for _effect, text, _language in turn.said)
    more = {"phone": ""} if again and getattr(effect, "origin", None) is not Origin.SAFETY else {}
    values = values_for(clinic, now=turn.now, name=name, visits=visits, near=turn.near, **more, **effect.values)
    key = text_key(effect.key, clinic, turn.now, near=visits or turn.near)
    language = getattr(effect, "language", None) or turn.language
    rendered = reviews.render(clinic, key, language=language, values=values)
    return rendered.text, rendered.language


def _spoken_of(turn: Turn, effect: Say | Ask) -> tuple[Visit, ...]:
    if isinstance(effect, Ask):
        return _subjects(turn, effect)
    return tuple(v for v in turn.visits if v.appointment_id in effect.about) if effect.about else turn.visits


def _subjects(turn: Turn, ask: Ask) -> tuple[Visit, ...]:
    by_id = {visit.appointment_id: visit for visit in turn.situation.visits}
    return tuple(by_id[appointment_id] for appointment_id, _version in ask.subjects if appointment_id in by_id)


def answer(turn: Turn) -> Sequence[tuple[str, str]]:
    """One message with everything there is to say, written down before the webhook answers with it."""
    if not turn.said:
        turn.batch.add(_CONVERSATION, {"which": turn.phone.id, "at": turn.now})
        return ()
    texts = [text for _effect, text, _language in turn.said]
    first, _text, language = turn.said[0]
    origins = [effect.origin for effect, _text, _language in turn.said if isinstance(effect, Say)]
    origin = next((o for o in (Origin.SAFETY, Origin.CONSENT) if o in origins), Origin.REPLY)
    if origin is Origin.REPLY and turn.situation.is_resumed(turn.now):
        texts.insert(0, render(turn, Say("general/automatic_again"))[0])
    body = joined(texts)
    message_id = new_id()
    verdict = _gate(turn, origin, first.key, message_id)
    goes_out = verdict.word is Verdict.SEND
    draft = outbox.Draft(
        conversation_id=turn.phone.id,
        contact_point_id=turn.phone.contact_point_id,
        body=body,
        kind=first.key,
        origin=origin,
        language=language,
        patient_id=turn.patient_id,
        reply_to=turn.message_id if goes_out else None,
        via=Via.TWIML,
        status=MessageStatus.SENDING if goes_out else MessageStatus.DROPPED,
        expires_at=turn.now + USEFUL_FOR,
        decision=str(verdict.word),
        decision_reason=str(verdict.reason),
    )
    row = outbox.row_of(draft, vault=turn.clinic.vault, now=turn.now, message_id=message_id)
    turn.batch.add(INSERT_MESSAGE, row)
    if not goes_out:
        turn.batch.add(_CONVERSATION, {"which": turn.phone.id, "at": turn.now})
        return ()
    for effect, _text, _language in turn.said:
        if isinstance(effect, Ask):
            _open_question(turn, effect, message_id)
    _remember_reply(turn, origin)
    return ((message_id, body),)


def joined(texts: Sequence[str]) -> str:
    """Several texts as one message: a line each, and what an earlier one has said already is left out."""
    said: set[str] = set()
    lines = []
    for text in texts:
        fresh = [sentence for sentence in _SENTENCE.split(text) if sentence not in said]
        said.update(fresh)
        if fresh:
            lines.append(" ".join(fresh))
    return "\n".join(lines)


def _gate(turn: Turn, origin: Origin, kind: str, message_id: str) -> GateDecision:
    """The same gate as for all else, asked with what this transaction has already read."""
    about = next((p for p in turn.situation.people if p.patient_id == turn.patient_id), None)
    settings = turn.clinic.settings
    message = MessageFacts(
        message_id=message_id, origin=origin, kind=kind, planned_at=turn.now, patient_id=turn.patient_id
    )
    facts = Facts(
        number_status=turn.phone.number_status,
        number_consent=turn.consent,
        zone=settings.clinic_timezone,
        quiet=settings.quiet,
        patient=PatientFacts(status=about.status, paused=False, consent=turn.link_consent(about)) if about else None,
    )
    return decide(message, facts, turn.now)


def _open_question(turn: Turn, ask: Ask, message_id: str) -> None:
    visits = _subjects(turn, ask)
    loop = turn.loop if turn.loop is not None and not ask.subjects else None
    journey = discover()[loop.journey if loop is not None else "appointment"]
    mine = (q for q in turn.situation.questions if q.is_live(turn.now) and q.journey == journey.name)
    bound = next((q for q in mine if q.step == ask.step), None)
    same = bound is not None and (bound.subjects, bound.pending) == (ask.subjects, ask.pending)
    if bound is not None and same and (bound.options == ask.options or not ask.subjects):
        return  # Asked again in other words: the question that is open stays the one that is open.
    step = journey.step(ask.step)
    ends = [visit.starts_at for visit in visits] or [turn.now + ANSWER_WITHIN]
    enrollment = turn.enrolled.get(ask.subjects[0][0]) if len(ask.subjects) == 1 else turn.loop_id if loop else None
    known = turn.situation.enrollments.get(ask.subjects[0][0]) if len(ask.subjects) == 1 else None
    turn.batch.add(
        _QUESTION,
        {
            "id": new_id(),
            "conversation_id": turn.phone.id,
            "message_id": message_id,
            "enrollment_id": enrollment or (known.id if known else None),
            "patient_id": turn.patient_id,
            "journey": journey.name,
            "step": ask.step,
            "context": step.context if loop is not None and step is not None else Context.APPOINTMENT_REMINDER,
            "options": list(ask.options or (step.options if step else ())),
            "subjects": [list(subject) for subject in ask.subjects],
            "pending": ask.pending,
            "state": QuestionState.OPEN,
            "asked_at": turn.now,
            "expires_at": max(ends),
        },
    )


def _remember_reply(turn: Turn, origin: Origin) -> None:
    times = [*turn.phone.recent_replies, turn.now.isoformat()][-KEPT_REPLY_TIMES:]
    values = {"which": turn.phone.id, "at": turn.now, "replies": times}
    if origin is Origin.SAFETY:
        turn.batch.add(_WARNED, {**values, "family": turn.understanding.details.danger or ""})
    else:
        turn.batch.add(_REPLIED, values)
