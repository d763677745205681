"""The order of precedence for every inbound: danger and consent, always both; then people, the journey, the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.core import language_offer
from bot.core.answering import answer, help_text, in_danger
from bot.core.arriving import arrive
from bot.core.binding import ANSWERS, Binding
from bot.core.effects import (
    Answer,
    Ask,
    ChangeConsent,
    Effect,
    Escalate,
    MarkPatient,
    PauseJourneys,
    Say,
    SetLanguage,
)
from bot.core.escalation import Priority, Reason
from bot.core.intents import Intent, OptOutScope, Understanding
from bot.core.journey import Journey
from bot.core.messages import Origin
from bot.core.people import ConsentStatus, PatientStatus
from bot.core.referring import words_of
from bot.core.residue import RESIDUE
from bot.core.situation import Response, Situation

SAFETY_AGAIN: Final = timedelta(minutes=30)
"""One safety reply per conversation and family in this time; repeats escalate all the same."""
MAYBE_THE_VISIT: Final = frozenset({"cancel", "end", "quit"})
"""Carrier opt-out words that patients also use to call a visit off."""
LOOP_WINDOWS: Final = ((timedelta(minutes=2), 6), (timedelta(minutes=15), 10), (timedelta(days=1), 40))
"""More replies than this and two machines may be talking to each other: the bot falls silent, a person looks."""

_NEUTRAL: Final = frozenset({"violence", "abuse", "child", "elder", "domestic"})


def respond(
    understanding: Understanding,
    situation: Situation,
    *,
    binding: Binding,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response:
    """Decide about one inbound. Total: whatever was written, it is acted on, answered or in front of a person."""
    patient_id = _about(understanding, situation, binding)
    first = _audible(
        (*_danger(understanding, situation, now), *_consent(understanding, situation, binding, now)), situation, now
    )
    if understanding.has(Intent.EMERGENCY):
        told = in_danger(understanding, situation, binding, journeys)
        return Response((*first, *told.effects), told.enrollments, binding if told.enrollments else None, patient_id)
    if understanding.has(Intent.OPT_OUT) and understanding.details.scope is OptOutScope.ALL:
        return Response(first, patient_id=patient_id)
    if situation.held:
        # The person who holds the conversation reads it; the bot keeps out of it.
        spoken = (Origin.SAFETY, Origin.CONSENT)
        kept = tuple(effect for effect in first if not isinstance(effect, Say) or effect.origin in spoken)
        return Response(kept, patient_id=patient_id)
    if situation.paused:
        # A "yes" after the safety reply is no answer to a reminder: it joins the open emergency, for the person there.
        return Response((*first, Escalate(Reason.EMERGENCY, Priority.EMERGENCY)), patient_id=patient_id)
    identity = _identity(understanding, situation, now)
    if identity is not None:
        return replace(identity, effects=_audible((*first, *identity.effects), situation, now))
    if situation.opted_out and understanding.has(Intent.OPT_IN):
        # START, or a YES that the carrier takes for it: what it says beside that was no answer to a visit.
        return Response(_nothing_lost(first, understanding, situation), patient_id=patient_id)
    if (arrived := arrive(understanding, situation, journeys, now, asked=binding.question)) is not None:
        # Before all that is weighed against what was asked: a patient at the door is told to the front desk.
        effects = _audible(_tidy((*first, *arrived.effects)), situation, now)
        about = _about(understanding, situation, arrived.binding or binding)
        return replace(arrived, effects=effects, patient_id=about)
    if situation.answers_staff(now) and _may_be_for_staff(understanding, situation):
        # "Does Tuesday at three work?" — "yes": whoever asked is to read it; no visit is confirmed by it.
        return Response((*first, Escalate(Reason.STAFF_REPLY, suggestion="answers-you")), patient_id=patient_id)
    if situation.takes_offer is not None:
        # The last thing asked was which language: no visit is confirmed or called off by this word.
        taken = language_offer.taken(situation.tongue, yes=situation.takes_offer)
        if situation.takes_offer:
            taken = (*taken, *_asked_again(situation, journeys, now))
        return Response(_audible((*first, *taken), situation, now), patient_id=patient_id)
    rest = answer(understanding, situation, binding, journeys, now)
    changed = _language(understanding, situation)
    if any(isinstance(effect, SetLanguage) for effect in changed) and not rest.effects:
        changed = (*changed, *_asked_again(situation, journeys, now))
    effects = _audible(_tidy((*first, *changed, *rest.effects)), situation, now)
    bound = rest.binding or binding
    effects = _nothing_lost(effects, understanding, situation)
    if not any(isinstance(effect, Ask) for effect in effects):  # One question at a time; the next text brings it.
        effects = (*effects, *_offer(understanding, situation, now))
    return Response(effects, rest.enrollments, bound, _about(understanding, situation, bound))


def is_left(effects: Sequence[Effect], understanding: Understanding, situation: Situation, now: datetime) -> bool:
    """Whether nothing was done about it because somebody holds the conversation: it is theirs to answer."""
    if not situation.held or any(isinstance(e, Say | Ask | Answer | Escalate | ChangeConsent) for e in effects):
        return False
    talk = (Intent.ACKNOWLEDGE, Intent.GREETING, Intent.HELP, Intent.OPT_IN)
    small = not situation.has_media and set(understanding.intents) <= set(talk)
    return not small or (situation.staff_asked and situation.answers_staff(now))


def _may_be_for_staff(understanding: Understanding, situation: Situation) -> bool:
    """Whether it may answer a coordinator's own words. Thanks do not, unless those words were a question."""
    answers = (*ANSWERS, Intent.NUMERIC_ANSWER, Intent.UNCLEAR)
    return understanding.has(*answers, *((Intent.ACKNOWLEDGE,) if situation.staff_asked else ()))


def _about(understanding: Understanding, situation: Situation, binding: Binding) -> str | None:
    if len(situation.named) == 1 and not understanding.has(*ANSWERS):
        return situation.named[0]  # "Luis needs a refill", whoever's visit was asked about last.
    bound = {visit.patient_id for visit in binding.visits}
    if len(bound) == 1:
        return next(iter(bound))
    if binding.question is not None and binding.question.patient_id is not None:
        return binding.question.patient_id
    return situation.patient_id


def _danger(understanding: Understanding, situation: Situation, now: datetime) -> tuple[Effect, ...]:
    family = understanding.details.danger or ""
    if understanding.has(Intent.EMERGENCY):
        said = (
            situation.last_safety_at is not None
            and now - situation.last_safety_at < SAFETY_AGAIN
            and situation.last_safety_family == family
        )
        reply = () if said else (Say(safety_key(family), origin=Origin.SAFETY),)
        return (Escalate(Reason.EMERGENCY, Priority.EMERGENCY, suggestion="call-now"), PauseJourneys(), *reply)
    if understanding.has(Intent.SYMPTOM):
        return (Escalate(Reason.SYMPTOM, Priority.URGENT, suggestion="nurse-call"), Say("general/symptom"))
    return ()


def safety_key(family: str) -> str:
    """The safety text for a red-flag family; neutral where somebody dangerous may read the phone."""
    if family in {"self-harm", "suicide", "self_harm"}:
        return "general/self_harm"
    return "general/danger_neutral" if family in _NEUTRAL else "general/emergency"


def _consent(understanding: Understanding, situation: Situation, binding: Binding, now: datetime) -> tuple[Effect, ...]:
    if understanding.has(Intent.OPT_OUT) and not _is_the_danger(understanding):
        if understanding.details.scope is OptOutScope.PROGRAM:
            return (Escalate(Reason.HUMAN_REQUESTED, suggestion="stop-some-texts"), Say("general/passed_on"))
        return _opt_out(understanding, situation, binding, now)
    if understanding.has(Intent.OPT_IN):
        return _opt_in(understanding, situation)
    if understanding.intent is Intent.HELP and understanding.details.keyword is not None:
        return help_text(situation)  # Carriers want it answered whatever else is going on.
    return ()


def _is_the_danger(understanding: Understanding) -> bool:
    """Whether what reads like an opt-out is the cry for help itself: "I don't want to be here anymore"."""
    if understanding.details.keyword is not None or not understanding.has(Intent.EMERGENCY):
        return False
    said: dict[Intent, set[str]] = {Intent.OPT_OUT: set(), Intent.EMERGENCY: set()}
    for piece in understanding.evidence:
        said.get(piece.intent, set()).update(words_of(piece.words))
    wish, danger = said[Intent.OPT_OUT], said[Intent.EMERGENCY]
    return 2 * len(wish & danger) > len(wish) > 0


def _opt_out(understanding: Understanding, situation: Situation, binding: Binding, now: datetime) -> tuple[Effect, ...]:
    word = (understanding.details.keyword or "").casefold()
    ahead = [visit for visit in (binding.visits or situation.visits) if visit.is_open(now)]
    effects: list[Effect] = [ChangeConsent(ConsentStatus.OPTED_OUT)]
    if not situation.opted_out and not situation.carrier_handled:
        text = "general/opt_out_visit" if word in MAYBE_THE_VISIT and ahead else "general/opt_out_confirmed"
        effects.append(Say(text, origin=Origin.CONSENT))
    if word in MAYBE_THE_VISIT and ahead:
        effects.append(
            Escalate(
                Reason.OPT_OUT_CHECK,
                Priority.URGENT,
                suggestion="visit-may-be-meant",
                appointment_id=ahead[0].appointment_id,
            )
        )
    elif understanding.has(*ANSWERS, *RESIDUE):
        effects.append(Escalate(Reason.OPT_OUT_CHECK, suggestion="call-about-the-rest"))
    return tuple(effects)


def _opt_in(understanding: Understanding, situation: Situation) -> tuple[Effect, ...]:
    if understanding.details.keyword is None:
        # An opt-out stays until START itself: the carrier blocks until then as well. A person may tell them so.
        return (Escalate(Reason.HUMAN_REQUESTED, suggestion="ask-for-start"),) if situation.opted_out else ()
    change = ChangeConsent(ConsentStatus.OPTED_IN)
    if situation.carrier_handled:
        return (change,)
    return (change, Say("general/opt_in_confirmed", origin=Origin.CONSENT))


def _identity(understanding: Understanding, situation: Situation, now: datetime) -> Response | None:
    for intent, status, reason, priority, key in (
        (Intent.DECEASED, PatientStatus.DECEASED, Reason.DECEASED, Priority.URGENT, "general/deceased"),
        (
            Intent.WRONG_PERSON,
            PatientStatus.WRONG_NUMBER,
            Reason.WRONG_PERSON,
            Priority.ROUTINE,
            "general/wrong_person",
        ),
    ):
        if not understanding.has(intent):
            continue
        escalate = Escalate(reason, priority, suggestion="fix-record")
        who = _spoken_of(situation, now)
        # Who of the household has died is for a person to ask. A stranger's phone must get nothing about anybody:
        # nobody named, everybody on it.
        doubtful = len(situation.people) > 1 and who is None and (intent is Intent.DECEASED or situation.named)
        if not understanding.auto or doubtful:
            return Response((escalate, Say("general/passed_on")), patient_id=who)
        if intent is Intent.WRONG_PERSON and not situation.named:
            who = situation.patient_id
        mark = (MarkPatient(status),) if situation.people else ()
        return Response((*mark, escalate, Say(key)), patient_id=who)
    return None


def _spoken_of(situation: Situation, now: datetime) -> str | None:
    """The one patient who is meant: by name, or because nobody else on the phone was asked about."""
    if len(situation.people) <= 1:
        return situation.patient_id
    if situation.named:
        return situation.named[0] if len(situation.named) == 1 else None
    asked = {question.patient_id for question in situation.questions if question.is_live(now)}
    return next(iter(asked)) if len(asked) == 1 else None


def _language(understanding: Understanding, situation: Situation) -> tuple[Effect, ...]:
    if not understanding.has(Intent.LANGUAGE_SWITCH):
        return ()
    wanted = understanding.details.language
    served = supported(wanted, situation.languages)
    if served is None:
        return (Escalate(Reason.LANGUAGE, suggestion="interpreter"), Say("general/language_unavailable"))
    return (SetLanguage(served), Say("general/language_changed"))


def _asked_again(situation: Situation, journeys: Mapping[str, Journey], now: datetime) -> tuple[Effect, ...]:
    """The reminder that still waits for its answer, once more: it was in a language that its reader has given up."""
    step = journeys["appointment"].steps["asked"]
    waiting = [
        question
        for question in situation.questions
        if question.is_live(now)
        and (question.journey, question.step, question.pending) == ("appointment", step.name, None)
        and not question.is_notice
        and len(question.subjects) == 1
    ]
    newest = max(waiting, key=lambda question: question.asked_at, default=None)
    return () if newest is None else (Ask(step.text, step.name, newest.subjects, newest.options),)


def _offer(understanding: Understanding, situation: Situation, now: datetime) -> tuple[Effect, ...]:
    """The language that the patient writes in, offered beside the answer; not to somebody who is unwell."""
    if situation.offers is None or not situation.people or understanding.has(Intent.SYMPTOM):
        return ()
    offer = Say(language_offer.OFFER, language=situation.offers)
    return tuple(effect for effect in _audible((offer,), situation, now) if isinstance(effect, Say))


def supported(tag: str | None, languages: Sequence[str]) -> str | None:
    """The catalogue for this tag: itself, or that of its language without region or script."""
    if not tag:
        return None
    for candidate in (tag, tag.rpartition("-")[0], tag.partition("-")[0]):
        found = next((language for language in languages if language.casefold() == candidate.casefold()), None)
        if found is not None:
            return found
    return next((language for language in languages if language.casefold().startswith(f"{tag.casefold()}-")), None)


def _tidy(effects: Sequence[Effect]) -> tuple[Effect, ...]:
    """Say each thing once, and one acknowledgement where several would say the same in other words."""
    seen: set[str] = set()
    kept: list[Effect] = []
    for effect in effects:
        if isinstance(effect, Say | Ask):
            if effect.key in seen:
                continue
            seen.add(effect.key)
        elif effect in kept:
            continue
        kept.append(effect)
    return tuple(kept)


def _audible(effects: Sequence[Effect], situation: Situation, now: datetime) -> tuple[Effect, ...]:
    """Leave out what must not be said: to someone who opted out, or to a machine that keeps answering."""
    now_in = any(isinstance(e, ChangeConsent) and e.status is ConsentStatus.OPTED_IN for e in effects)
    looping = any(
        sum(1 for at in situation.recent_replies if now - at < window) >= limit for window, limit in LOOP_WINDOWS
    )
    if (situation.opted_out and not now_in) or situation.silenced or looping:
        kept = [e for e in effects if not isinstance(e, Say | Ask) or _always(e, situation)]
        return (*kept, Escalate(Reason.UNCLEAR)) if looping and len(kept) < len(effects) else tuple(kept)
    return tuple(effects)


def _always(effect: Effect, situation: Situation) -> bool:
    if not isinstance(effect, Say):
        return False
    return effect.origin is Origin.SAFETY or (effect.origin is Origin.CONSENT and not situation.opted_out)


def _nothing_lost(
    effects: tuple[Effect, ...], understanding: Understanding, situation: Situation
) -> tuple[Effect, ...]:
    """Whatever came is acted on, answered, or in front of a person; small talk is the one exception."""
    if any(isinstance(e, Say | Ask | Answer | Escalate | ChangeConsent) for e in effects):
        return effects
    if understanding.has(Intent.ACKNOWLEDGE, Intent.GREETING, Intent.HELP) and not situation.has_media:
        return effects
    if understanding.has(Intent.OPT_IN) and not situation.opted_out:
        return effects
    return (*effects, Escalate(Reason.UNCLEAR))
