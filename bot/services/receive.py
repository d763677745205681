"""An inbound text: stored, understood, acted on and answered, in one transaction."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import structlog
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from bot.core import language_offer
from bot.core.binding import asked_of, bind, question_in_mind
from bot.core.courtesy import heard, is_bare_yes
from bot.core.household import parts, parts_by_visit
from bot.core.intake import is_left, respond
from bot.core.intents import Context, Evidence, Intent, OptOutScope, Understanding
from bot.core.messages import Direction, MessageStatus, Via
from bot.core.overhearing import beside
from bot.core.people import Channel
from bot.core.situation import Beside, Part, Response, Situation, named_in
from bot.journeys import discover
from bot.services.apply import apply
from bot.services.clinic import Clinic
from bot.services.situation import situation_of
from bot.services.turn import Turn
from bot.store.batch import Batch
from bot.store.columns import new_id
from bot.store.database import TRIES, InACircle
from bot.store.queries import conversations

log = structlog.get_logger(__name__)

WHATSAPP = "whatsapp:"
LONG_TEXT = 40
"""Characters above which a text is no mere slip of the thumb."""


@dataclass(frozen=True, slots=True)
class Media:
    """A picture, a voice message or a file that came along."""

    content_type: str
    url: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """One text as the provider hands it over. `sender` is E.164, with the provider's channel prefix if it has one."""

    message_sid: str
    sender: str
    recipient: str = ""
    body: str = ""
    media: tuple[Media, ...] = ()
    opt_out_type: str | None = None
    """STOP, START or HELP when the provider has already answered the consent word itself."""


@dataclass(frozen=True, slots=True)
class ReplyText:
    """One text to send back inside the webhook's response; the id rides in its statusCallback."""

    message_id: str
    body: str


@dataclass(frozen=True, slots=True)
class Reply:
    """What the webhook answers: no text, or some."""

    texts: tuple[ReplyText, ...] = ()


def receive(clinic: Clinic, inbound: Inbound, now: datetime) -> Reply:
    """Take in one text. The same MessageSid again gives the same answer and changes nothing. Raises DatabaseDown."""
    clinic.set_up()  # Now, if it has to be read anew: not while the conversation is locked.
    for _try in range(TRIES - 1):
        try:
            return _take_in(clinic, inbound, now)
        except (InACircle, IntegrityError) as error:
            # An import or the planner held what this text wanted, and the other way round, or wrote at this moment the
            # very row that this text was about to write, or changed the visit that it is about. All of ours is undone:
            # once more.
            log.warning("taken in once more", reason=type(error).__name__)
    return _take_in(clinic, inbound, now)


def _take_in(clinic: Clinic, inbound: Inbound, now: datetime) -> Reply:
    try:
        with clinic.database.begin() as connection:
            reply = _receive(connection, clinic, inbound, now)
    except IntegrityError:
        # Another process took this very MessageSid in a moment ago, and ours is rolled back.
        with clinic.database.read() as connection:
            message_id = conversations.seen(connection, inbound.message_sid)
            if message_id is None:
                raise
            return _answered_before(connection, clinic, message_id)
    return reply


def _receive(connection: Connection, clinic: Clinic, inbound: Inbound, now: datetime) -> Reply:
    channel = Channel.WHATSAPP if inbound.sender.startswith(WHATSAPP) else Channel.SMS
    sender = inbound.sender.removeprefix(WHATSAPP)
    around = conversations.surroundings(connection, clinic.vault, sender, channel, inbound.message_sid, now)
    (phone,) = around["phone"]
    if around["seen"]:
        return _answered_before(connection, clinic, around["seen"][0].id)
    situation = replace(
        situation_of(clinic, phone, around),
        carrier_handled=inbound.opt_out_type is not None,
        has_media=bool(inbound.media),
        is_long=len(inbound.body) > LONG_TEXT,
        words=inbound.body,
    )
    situation = replace(situation, named=named_in(inbound.body, situation.people))
    heard_before = situation.tongue
    understanding = _understand(clinic, inbound, situation, now)
    binding = bind(inbound.body, understanding, situation.questions, situation.visits, now)
    understanding = heard(understanding, binding, opted_out=situation.opted_out)
    situation = replace(
        situation,
        parts=_parts(clinic, inbound.body, situation, now),
        beside=_beside(clinic, inbound.body, situation, now),
    )
    situation = replace(
        _listened(situation, inbound.body, understanding),
        bare_yes=is_bare_yes(inbound.body, understanding),
        takes_offer=language_offer.said(understanding) if situation.asked_of_language(now) else None,
    )
    response = respond(understanding, situation, binding=binding, journeys=discover(), now=now)
    message_id = new_id()
    turn = Turn(
        clinic=clinic,
        batch=Batch(connection),
        phone=phone,
        situation=situation,
        understanding=understanding,
        message_id=message_id,
        words=inbound.body,
        now=now,
        needs=around["needs"],
    )
    _hold(turn.batch, situation, response)
    left = is_left(response.effects, understanding, situation, now)
    _store(clinic, inbound, turn, response.patient_id, left=left)
    texts = apply(turn, response)
    tongue = language_offer.settled(situation.tongue, response.effects, now) if texts else situation.tongue
    if tongue != heard_before:
        turn.batch.add(conversations.TONGUE, {"which": phone.id, "heard": tongue.as_json()})
    if any(need.snoozed_until or need.waiting_since for need in around["needs"]):
        turn.batch.add(conversations.HEARD, {"conversation": phone.id, "at": now})
    turn.batch.flush(commit=True)
    return Reply(tuple(ReplyText(sent_id, body) for sent_id, body in texts))


def _parts(clinic: Clinic, text: str, situation: Situation, now: datetime) -> tuple[Part, ...]:
    """What the text says of one and of another: of the people on the phone by name, or of the visits asked about."""
    language = situation.people[0].language if situation.people else None
    asked = asked_of(situation.questions, now, language=language)

    def understand(clause: str) -> Understanding:
        return clinic.understand(clause, asked)

    if len(situation.people) > 1 and situation.named:
        return parts(text, situation.people, understand)
    subjects = {subject for question in situation.questions for subject in question.subjects}
    ahead = [v for v in situation.visits if v.is_open(now) and (v.appointment_id, v.version) in subjects]
    return parts_by_visit(text, ahead, understand, now) if len(ahead) > 1 else ()


def _beside(clinic: Clinic, text: str, situation: Situation, now: datetime) -> Beside | None:
    """What the text says beside a report about an open loop, read by itself."""
    rest = beside(text, situation.loops, discover())
    if not rest:
        return None
    language = situation.people[0].language if situation.people else None
    asked = asked_of(situation.questions, now, language=language)
    return Beside(rest, clinic.understand(rest, asked).intents)


def _listened(situation: Situation, text: str, understanding: Understanding) -> Situation:
    """With the language of this text taken in."""
    if not situation.people:
        return situation
    tongue = language_offer.hear(situation.tongue, text, understanding, on_file=situation.people[0].language)
    offers = language_offer.due(tongue, text, understanding, situation.languages)
    return replace(situation, tongue=tongue, offers=offers)


def _hold(batch: Batch, situation: Situation, response: Response) -> None:
    """Lock the visits that are about to be answered, in one order everywhere, unless one has changed meanwhile."""
    about = {enrollment.subject_id for enrollment in response.enrollments if enrollment.journey == "appointment"}
    seen = {visit.appointment_id: visit.version for visit in situation.visits}
    for appointment_id in sorted(about & seen.keys()):
        batch.require(conversations.UNCHANGED, {"appointment_id": appointment_id, "version": seen[appointment_id]})


def _understand(clinic: Clinic, inbound: Inbound, situation: Situation, now: datetime) -> Understanding:
    language = situation.people[0].language if situation.people else None
    asked = asked_of(situation.questions, now, language=language)
    if situation.asked_of_language(now):
        # "Do you want our texts in Tagalog?": "hindi" is no there, and in English a language.
        context = Context.CHECKIN_YES_NO if asked.context is Context.NONE else asked.context
        asked = replace(asked, context=context, language=situation.tongue.asked)
    try:
        return _with_carrier(clinic.understand(inbound.body, asked), inbound.opt_out_type)
    except Exception:
        # Fail upward: whatever broke, the danger scan still runs and a person gets to see the text.
        log.exception("understanding failed", reason="understanding")
        return _last_resort(clinic, inbound.body)


def _with_carrier(understanding: Understanding, opt_out_type: str | None) -> Understanding:
    """What the provider has read as a consent word is one, whatever we think of it."""
    intent = {"STOP": Intent.OPT_OUT, "START": Intent.OPT_IN, "HELP": Intent.HELP}.get(opt_out_type or "")
    if intent is None or (understanding.has(intent) and understanding.details.keyword):
        return understanding
    # START may be the carrier's reading of a YES that answers a reminder: what we read in it stands beside it.
    grave = (Intent.EMERGENCY, Intent.SYMPTOM)
    spent = (Intent.UNCLEAR, Intent.OPT_IN)
    others = tuple(i for i in understanding.intents if i in grave or (intent is Intent.OPT_IN and i not in spent))
    return replace(
        understanding,
        intents=(*others, intent),
        confidence=1.0,
        auto=True,
        evidence=(*understanding.evidence, Evidence(intent, "carrier", opt_out_type or "")),
        details=replace(understanding.details, keyword=opt_out_type, scope=OptOutScope.ALL),
    )


def _last_resort(clinic: Clinic, text: str) -> Understanding:
    try:
        danger = clinic.understand.scan(text)
    except Exception:
        log.exception("danger scan failed", reason="scan")
        danger = ()
    intents = (Intent.EMERGENCY,) if danger else (Intent.UNCLEAR,)
    return Understanding(intents, 0.0, auto=bool(danger), evidence=danger)


def _store(clinic: Clinic, inbound: Inbound, turn: Turn, patient_id: str | None, *, left: bool) -> None:
    understanding = turn.understanding
    row = {
        "id": turn.message_id,
        "conversation_id": turn.phone.id,
        "contact_point_id": turn.phone.contact_point_id,
        "patient_id": patient_id,
        "direction": Direction.INBOUND,
        "kind": str(understanding.intent),
        "body": clinic.vault.seal("messages.body", turn.message_id, inbound.body),
        "language": understanding.language,
        "segments": 1,
        "media": [{"type": media.content_type, "url": media.url} for media in inbound.media],
        "status": MessageStatus.RECEIVED,
        "via": Via.REST,
        "twilio_sid": inbound.message_sid,
        "lane_rank": 9,
        "attempts": 0,
        "understood": {
            "intents": [str(intent) for intent in understanding.intents],
            "confidence": round(understanding.confidence, 3),
            "auto": understanding.auto,
            "rules": [piece.rule for piece in understanding.evidence],
            **_asked(turn),
            **({conversations.LEFT: True} if left else {}),
        },
        "created_at": turn.now,
        "updated_at": turn.now,
    }
    turn.batch.add(conversations.INSERT_MESSAGE, row)


def _asked(turn: Turn) -> dict[str, object]:
    """What the text was read against, so that a person's correction of it can be learned from."""
    question = question_in_mind(turn.situation.questions, turn.now)
    if question is None:
        return {}
    return {"question": question.id, "context": str(question.context), "options": list(question.options)}


def _answered_before(connection: Connection, clinic: Clinic, message_id: str) -> Reply:
    # A reply that was since handed to REST is on its way already: saying it here again would double it.
    return Reply(
        tuple(
            ReplyText(row.id, clinic.vault.open("messages.body", row.id, row.body))
            for row in conversations.answers_to(connection, message_id)
            if row.via is Via.TWIML
        )
    )
