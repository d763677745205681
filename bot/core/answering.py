"""What becomes of a reply that is no danger and no consent word: an answer, a residue for people, or a miss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final

from bot.core.binding import ALL_OF_THEM, ANSWERS, THE_CHOICE, Binding, Fit
from bot.core.dialogue import Outcome, advance, answers, endangered, in_words, miss
from bot.core.effects import Ask, CloseQuestion, Effect, Escalate, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent, Understanding
from bot.core.journey import Enrollment, Journey, Question, QuestionState, Replied
from bot.core.messages import Origin
from bot.core.overhearing import overheard
from bot.core.people import AppointmentStatus, Participation, Visit
from bot.core.residue import residue
from bot.core.situation import Response, Situation

NOT_COMING: Final = (Participation.DECLINED, Participation.TENTATIVE)
SETTLED: Final = ("confirmed", "declined", "rescheduling")
AUTO_REPLY: Final = "auto-reply"
GRAVE: Final = ("weighty.life", "weighty.danger")
WEIGHTY: Final = (*GRAVE, "weighty.texts", "weighty.stop", "weighty.them")
"""What was not read and may be a danger, or a wish for no more texts: no second question, a person."""
IN_ONE_GO: Final = timedelta(seconds=20)
_UNANSWERED: Final = {
    Intent.CONFIRM: Reason.UNCLEAR,
    Intent.DECLINE: Reason.DECLINED,
    Intent.RESCHEDULE: Reason.RESCHEDULE,
}


def answer(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response:
    answered = _answer(understanding, situation, binding, journeys, now)
    answered = overheard(situation, binding, answered, journeys, now) or answered
    rest = residue(understanding, answered, situation.words)
    if not answered.effects and not rest:
        return _unanswered(understanding, situation, binding, journeys)
    # A picture beside words that were understood: nobody but a person can tell what it shows.
    picture = (Escalate(Reason.MEDIA, suggestion="look-at-picture"),) if situation.has_media else ()
    return replace(answered, effects=(*answered.effects, *rest, *picture))


def _answer(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response:
    """Let the journey take the reply, as far as one fits."""
    another_time = understanding.has(Intent.DECLINE, Intent.RESCHEDULE)
    if binding.fit is Fit.OVER and understanding.has(Intent.RUNNING_LATE) and not another_time:
        return Response(())  # "On my way" at five past is for the front desk, and no answer to the reminder.
    if binding.fit is Fit.MOVED and binding.question is not None and binding.question.pending is not None:
        return _of_stale_menu(understanding, situation, binding, journeys, now)
    if situation.parts and (each := _each_their_own(understanding, situation, journeys["appointment"], now)):
        return each
    if binding.fit in (Fit.NONE, Fit.AMBIGUOUS, Fit.MOVED, Fit.OVER):
        return Response(_elsewhere(understanding, binding, now))
    if situation.opted_out and (binding.fit is Fit.CORRECTION or situation.bare_yes):
        return Response(())  # A bare yes after STOP may be meant for the texts; a person reads it.
    question = binding.question
    if question is not None and question.pending is not None:
        return _chosen(understanding, situation, binding, journeys, now)
    if question is None or question.journey == "appointment":
        return _about_visits(understanding, situation, binding, journeys["appointment"], now)
    journey, enrollment = journeys.get(question.journey), question.enrollment
    if journey is None or enrollment is None:
        return Response(())
    return _taken(advance(journey, enrollment, _reply(understanding, situation, binding, question), now))


def _reply(understanding: Understanding, situation: Situation, binding: Binding, question: Question) -> Replied:
    correction = binding.fit is Fit.CORRECTION
    return Replied(understanding, question, binding.visits, correction=correction, words=situation.words)


def in_danger(
    understanding: Understanding, situation: Situation, binding: Binding, journeys: Mapping[str, Journey]
) -> Response:
    """What a journey makes of the answer in a text that is a danger: a reading far beyond its limits is one."""
    question = binding.question if binding.fit is Fit.OPEN else None
    journey = journeys.get(question.journey) if question is not None else None
    if question is None or journey is None or question.enrollment is None:
        return Response(())
    return _taken(endangered(journey, question.enrollment, _reply(understanding, situation, binding, question)))


def _taken(outcome: Outcome) -> Response:
    moved = (outcome.enrollment,) if outcome.acted_on is not None else ()
    return Response(outcome.effects, moved)


def _about_visits(
    understanding: Understanding, situation: Situation, binding: Binding, journey: Journey, now: datetime
) -> Response:
    intent = answers(journey.steps["asked"], Replied(understanding, _standing_in(binding, now)))
    if intent is None or not binding.visits:
        return Response(())
    visits = _meant_by_yes(binding.visits) if intent is Intent.CONFIRM else binding.visits
    if not visits or (len(visits) > 1 and intent is not Intent.CONFIRM):
        return Response((CloseQuestion(binding.reason), which_visit(binding.visits, intent)))
    return each_visit(understanding, situation, replace(binding, visits=visits), journey, now)


def _meant_by_yes(visits: tuple[Visit, ...]) -> tuple[Visit, ...]:
    """All of them; once somebody has said that one is off, those that are still unanswered."""
    if not any(visit.response in NOT_COMING for visit in visits) or len(visits) == 1:
        return visits
    return tuple(visit for visit in visits if visit.response is Participation.NEEDS_ACTION)


def each_visit(
    understanding: Understanding, situation: Situation, binding: Binding, journey: Journey, now: datetime
) -> Response:
    """The journey takes the reply for each of the visits that it is bound to."""
    outcomes = [_advance_visit(understanding, situation, binding, visit, journey, now) for visit in binding.visits]
    effects = tuple(effect for outcome in outcomes for effect in outcome.effects)
    return Response(effects, tuple(outcome.enrollment for outcome in outcomes), binding)


def _each_their_own(
    understanding: Understanding, situation: Situation, journey: Journey, now: datetime
) -> Response | None:
    """One thing of one person, another of another; None unless each has one visit that was asked about."""
    asked = [q for q in situation.questions if q.journey == journey.name and q.state is not QuestionState.PREPARED]
    subjects = {subject for question in asked for subject in question.subjects}
    meant: dict[Intent, list[Visit]] = {}
    for part in situation.parts:
        theirs = [visit for visit in situation.visits if visit.patient_id == part.patient_id and visit.is_open(now)]
        theirs = [visit for visit in theirs if (visit.appointment_id, visit.version) in subjects]
        theirs = [visit for visit in theirs if part.appointment_id in (None, visit.appointment_id)]
        if part.patient_id is not None and len(theirs) != 1:
            return None
        if part.patient_id is not None:
            meant.setdefault(part.intent, []).extend(theirs)
    everyone = tuple(visit for visits in meant.values() for visit in visits)
    newest = max(asked, key=lambda question: question.asked_at)
    whole = Binding(Fit.OPEN, "says what of which", newest, everyone)
    effects: list[Effect] = []
    moved: list[Enrollment] = []
    for intent, visits in meant.items():
        of_these = replace(understanding, intents=(intent,), auto=True)
        made = each_visit(of_these, situation, replace(whole, visits=tuple(visits)), journey, now)
        about = tuple(visit.appointment_id for visit in visits)
        effects += [replace(effect, about=about) if isinstance(effect, Say) else effect for effect in made.effects]
        moved += made.enrollments
    if any(part.patient_id is None for part in situation.parts):
        effects.append(Escalate(Reason.UNCLEAR, suggestion="rest-of-the-household"))
    return Response(tuple(effects), tuple(moved), whole)


def _advance_visit(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    visit: Visit,
    journey: Journey,
    now: datetime,
) -> Outcome:
    enrollment = situation.enrollments.get(visit.appointment_id) or Enrollment(
        id="", journey=journey.name, patient_id=visit.patient_id, subject_id=visit.appointment_id, step=journey.start
    )
    if visit.response is Participation.NEEDS_ACTION and enrollment.step in SETTLED:
        # The answer was about a time that has changed since: nothing is being corrected.
        enrollment = replace(enrollment, step=journey.start)
    # Nobody reads our answer and writes within seconds: "no" and then "yes" at once is a slip of the thumb put right.
    in_one_go = visit.responded_at is not None and now - visit.responded_at < IN_ONE_GO
    event = Replied(
        understanding,
        _standing_in(binding, now),
        (visit,),
        correction=binding.fit is Fit.CORRECTION,
        bare=situation.bare_yes and not in_one_go,
    )
    return advance(journey, enrollment, event, now)


def _standing_in(binding: Binding, now: datetime) -> Question:
    """The bound question, or one that was never asked, for a patient who writes first about a visit."""
    if binding.question is not None:
        return binding.question
    from_nowhere = tuple((visit.appointment_id, visit.version) for visit in binding.visits)
    return _unasked(from_nowhere, now)


def _unasked(subjects: tuple[tuple[str, int], ...], now: datetime) -> Question:
    return Question(
        id="",
        journey="appointment",
        step="asked",
        context=Context.APPOINTMENT_REMINDER,
        options=(),
        subjects=subjects,
        state=QuestionState.OPEN,
        asked_at=now,
        expires_at=now,
    )


def which_visit(visits: Sequence[Visit], intent: Intent) -> Ask:
    """One short numbered question: which of these visits was meant."""
    return Ask(
        "appointment/which_visit",
        "which",
        tuple((visit.appointment_id, visit.version) for visit in visits),
        tuple("choice" for _ in visits),
        pending=str(intent),
    )


def _chosen(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response:
    """The answer to "which visit?": act on the intent that waited, for the visit chosen."""
    question = binding.question
    assert question is not None
    chosen = _choice(understanding, binding)
    if not chosen:
        return Response(())
    meant = replace(understanding, intents=(Intent(question.pending or Intent.UNCLEAR),), auto=True)
    return each_visit(meant, situation, replace(binding, visits=chosen), journeys["appointment"], now)


def _of_stale_menu(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
    now: datetime,
) -> Response:
    """A number for a menu in which a visit has changed since: acted on, unless it is that visit's."""
    question = binding.question
    assert question is not None
    waiting, asked_for = Intent(question.pending or Intent.UNCLEAR), dict(question.subjects)
    chosen = _choice(understanding, binding)
    if not chosen:
        return Response(())
    if all(visit.is_open(now) and visit.version == asked_for[visit.appointment_id] for visit in chosen):
        return _chosen(understanding, situation, binding, journeys, now)
    return Response(_since_moved(waiting, replace(binding, visits=chosen), now))


def _choice(understanding: Understanding, binding: Binding) -> tuple[Visit, ...]:
    number = understanding.details.option or int(understanding.details.number or 0)
    whole = len(binding.visits) == 1 or binding.reason == ALL_OF_THEM
    if binding.reason == THE_CHOICE or (number == 0 and whole):
        return binding.visits
    return binding.visits[number - 1 : number] if number > 0 else ()


def _elsewhere(understanding: Understanding, binding: Binding, now: datetime) -> tuple[Effect, ...]:
    intent = next((i for i in understanding.intents if i in ANSWERS), None)
    if intent is None or understanding.has(Intent.UNCLEAR):
        return ()
    if binding.fit is Fit.AMBIGUOUS:
        return (which_visit(binding.visits, intent),)
    if binding.fit is Fit.MOVED:
        return _since_moved(intent, binding, now)
    if binding.fit is Fit.OVER:
        return _too_late(intent, binding)
    if intent is Intent.CONFIRM:
        return ()
    return (Escalate(_UNANSWERED[intent]), Say("general/passed_on"))


def _since_moved(intent: Intent, binding: Binding, now: datetime) -> tuple[Effect, ...]:
    visit = next((visit for visit in binding.visits if visit.is_open(now)), None)
    if visit is not None:
        return (Ask("appointment/no_longer_open", "asked", ((visit.appointment_id, visit.version),)),)
    return _too_late(intent, binding)


def _too_late(intent: Intent, binding: Binding) -> tuple[Effect, ...]:
    """Nothing is acted on; the texts say that staff will read it, so that they must."""
    if not binding.visits:
        return (Escalate(Reason.UNCLEAR), Say("general/passed_on"))
    if all(visit.status is AppointmentStatus.CANCELLED for visit in binding.visits):
        return (Escalate(_UNANSWERED[intent]), Say("appointment/no_longer_open", {"status": "cancelled"}))
    return (Escalate(_UNANSWERED[intent]), Say("appointment/already_over"))


def _unanswered(
    understanding: Understanding,
    situation: Situation,
    binding: Binding,
    journeys: Mapping[str, Journey],
) -> Response:
    """Nothing was acted on: small talk needs nothing; the rest is a miss, or goes to a person."""
    if understanding.has(Intent.HELP):
        # "Who is this?" is no keyword of the carriers: two machines may ask each other for ever.
        return Response(tuple(replace(effect, origin=Origin.REPLY) for effect in help_text(situation)))
    if understanding.has(Intent.SYMPTOM, Intent.LANGUAGE_SWITCH, Intent.OPT_IN, Intent.OPT_OUT):
        return Response(())
    if any(piece.rule == AUTO_REPLY for piece in understanding.evidence):
        return Response((Escalate(Reason.UNCLEAR),))  # A machine wrote it: an answer would only bring the next.
    if understanding.has(Intent.ACKNOWLEDGE) and not understanding.has(Intent.UNCLEAR):
        return Response(())
    if situation.has_media:
        return Response((Escalate(Reason.MEDIA, suggestion="look-at-picture"), Say("general/media_received")))
    if understanding.has(Intent.UNCLEAR) and _unread(understanding, WEIGHTY):
        priority = Priority.URGENT if _unread(understanding, GRAVE) else Priority.ROUTINE
        return Response((Escalate(Reason.UNCLEAR, priority), Say("general/passed_on")))
    question = binding.question
    asked = binding.fit is Fit.OPEN and question is not None and not question.is_notice
    if asked and question is not None and question.enrollment is not None:
        journey = journeys.get(question.journey)
        step = journey.step(question.step) if journey is not None else None
        reply = _reply(understanding, situation, binding, question)
        listens = step is not None and in_words(step, reply) is not None
        if journey is not None and (listens or not situation.is_long):
            outcome = miss(journey, question.enrollment, reply)
            return Response(outcome.effects, (outcome.enrollment,))
    if not situation.people:
        return Response((Escalate(Reason.UNCLEAR), Say("general/who_are_we")))
    if understanding.has(Intent.GREETING):
        return Response((Say("general/help", origin=Origin.CONSENT),))
    return Response((Escalate(Reason.UNCLEAR), Say("general/passed_on")))


def _unread(understanding: Understanding, groups: tuple[str, ...]) -> bool:
    return any(piece.intent is Intent.UNCLEAR and piece.rule.endswith(groups) for piece in understanding.evidence)


def help_text(situation: Situation) -> tuple[Say, ...]:
    """The carriers' HELP text, unless the carrier has given its own."""
    return () if situation.carrier_handled else (Say("general/help", origin=Origin.CONSENT),)
