"""Which question, and which visit, a reply belongs to, with the reason for taking it so."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from bot.core.intents import Context, Intent, Understanding
from bot.core.journey import Question, QuestionState
from bot.core.people import Visit
from bot.core.reading_kinds import MEASURES, READINGS
from bot.core.referring import Reference, mentions, names, words_of
from bot.core.understanding import Asked

ANSWERS: Final = (Intent.CONFIRM, Intent.DECLINE, Intent.RESCHEDULE)
FRESH: Final = timedelta(hours=12)
"""A question asked this much later than the others is the one that a bare answer is about."""
ALL_OF_THEM: Final = "says that it is for all of them"
THE_CHOICE: Final = "names the choice"
BARE: Final = 3
"""No more words than these, and a day or a name is the choice itself."""
CORRECTABLE: Final = timedelta(days=7)
LATE: Final = timedelta(days=14)
STILL_COUNTS: Final = (Context.RECALL_INVITE, Context.SURVEY_SCALE)
"""A late answer to these means what it would have meant in time; an offer may be gone, and a feeling has passed."""

# "Both", "all of us", "everyone", as the languages say it; drafts, as the lexicons are.
EVERYBODY: Final = re.compile(
    r"\bboth\b|\ball (of|three|3|four|4|the|my|are|will|coming)\b|\bevery(one|body)\b"
    r"|\b(los|las) (dos|tres|cuatro)\b|\bamb[oa]s\b|\btod[oa]s\b|\btou(s|tes)\b|\bles deux\b|\b(os|as) (dois|duas)\b"
    r"|都|两个|兩個|全部|cả hai|tất cả|둘 다|모두|\bоба\b|\bобе\b|\bвсе\b|كلنا|كلاهما|جميعا"
    r"|\btou ?le ?de\b|\btout moun\b|\bpareho\b|\blahat\b|\bdono\b|दोनों|هر دو|همه|\boboje\b|\bwszyscy\b",
    re.IGNORECASE,
)


class Fit(StrEnum):
    """How a reply relates to what was asked."""

    OPEN = "open"
    CORRECTION = "correction"
    """The question was answered before; this changes the answer or repeats it."""
    MOVED = "moved"
    """The visit was moved or cancelled since."""
    OVER = "over"
    """The question is too old: its visit has been, or its time has passed."""
    UNPROMPTED = "unprompted"
    """Nothing was asked, but exactly one visit can be meant."""
    AMBIGUOUS = "ambiguous"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Binding:
    """The question and the visits meant. `reason` is stored and shown."""

    fit: Fit
    reason: str
    question: Question | None = None
    visits: tuple[Visit, ...] = ()


def asked_of(questions: Sequence[Question], now: datetime, *, language: str | None) -> Asked:
    """What a reply is read against."""
    newest = question_in_mind(questions, now)
    if newest is None:
        return Asked(language=language)
    # "For another time, reply 2" and "3" after "1" are numbers of the question that was answered; a menu's are spent.
    spent = newest.state is QuestionState.ANSWERED and newest.pending is not None
    options = () if spent else newest.options
    context = Context.APPOINTMENT_REMINDER if newest.is_notice else newest.context
    return Asked(
        context=context, options=options, prompt=newest.prompt, language=language, measures=_measured(newest)
    )


def _measured(question: Question) -> frozenset[str]:
    """What our own text asks to be measured, as the loop's kind says."""
    loop = question.enrollment
    asks = loop is not None and question.journey == READINGS and loop.kind in MEASURES
    return frozenset((MEASURES[loop.kind].word,)) if loop is not None and asks else frozenset()


def _standing(questions: Sequence[Question]) -> list[Question]:
    """Those that a reply may be about: a notice counts until something is asked after it."""
    asked_last = max((q.asked_at for q in questions if not q.is_notice), default=None)
    return [q for q in questions if not q.is_notice or asked_last is None or q.asked_at > asked_last]


def _stale_menu(questions: Sequence[Question], now: datetime) -> Question | None:
    """The menu that was asked last, when a visit in it has changed since: its numbers are no other question's."""
    newest = max(questions, key=lambda q: q.asked_at, default=None)
    stale = newest is not None and newest.pending is not None and newest.state is QuestionState.VOID
    return newest if newest is not None and stale and now - newest.asked_at < FRESH else None


def question_in_mind(questions: Sequence[Question], now: datetime) -> Question | None:
    """The question a reply is read against: the newest live one, else the one answered or voided last."""
    recent = [q for q in questions if q.state is not QuestionState.PREPARED and now - q.asked_at < LATE]
    if (stale := _stale_menu(recent, now)) is not None:
        return stale
    standing = _standing(recent)
    live = [q for q in standing if q.is_live(now)]
    return max([q for q in live if not q.is_notice] or live or standing, key=lambda q: q.asked_at, default=None)


def bind(
    text: str, understanding: Understanding, questions: Sequence[Question], visits: Sequence[Visit], now: datetime
) -> Binding:
    """Bind a reply. Questions are those of the last weeks in any state; visits those of everyone on the phone."""
    named = _named(text, visits, now) if understanding.has(*ANSWERS) else ()
    questions = _standing([q for q in questions if q.state is not QuestionState.PREPARED])
    stale = _stale_menu(questions, now)
    if stale is not None and understanding.has(Intent.NUMERIC_ANSWER) and not understanding.has(*ANSWERS):
        return Binding(Fit.MOVED, "a visit of the menu has changed", stale, subjects_of(stale, visits))
    questions = [q for q in questions if q.pending is None or _is_choice(text, q, understanding, visits, now)]
    bound = _bind(text, understanding, questions, visits, now)
    return _by_name(bound, named, now) if named else bound


def _bind(
    text: str, understanding: Understanding, questions: Sequence[Question], visits: Sequence[Visit], now: datetime
) -> Binding:
    live = [q for q in questions if q.is_live(now) and _takes(q, understanding)]
    if live:
        return _among_live(text, understanding, live, visits, now)
    closed = _newest_closed(questions, understanding, now)
    if closed is not None:
        return _closed(closed, visits, now)
    return _unprompted(text, understanding, visits, now)


def _is_choice(text: str, menu: Question, understanding: Understanding, visits: Sequence[Visit], now: datetime) -> bool:
    """Whether a reply may be the choice that the menu waits for: "all are coming" after "who cannot?" is none."""
    if not menu.is_live(now):
        return False
    others = [intent for intent in ANSWERS if intent in understanding.intents and intent != menu.pending]
    if others == [Intent.RESCHEDULE] and len(words_of(text)) <= BARE:
        # "Tuesday" alone would be a wish for another day, were it not one of the choices.
        return len(Reference(subjects_of(menu, visits), now).visits(text)) == 1
    return not others or understanding.has(Intent.NUMERIC_ANSWER)


def _named(text: str, visits: Sequence[Visit], now: datetime) -> tuple[Visit, ...]:
    """The visits ahead of those whom the words name, where several people share the phone."""
    ahead = [visit for visit in visits if visit.is_open(now)]
    if len({visit.patient_id for visit in ahead}) < 2:
        return ()
    words = words_of(text)
    return tuple(visit for visit in ahead if names(words, visit.name))


def _by_name(bound: Binding, named: tuple[Visit, ...], now: datetime) -> Binding:
    """What the name changes: "Luis can't come" is about Luis, whoever's visit was asked about."""
    question = bound.question
    if (question is not None and (question.journey != "appointment" or question.pending)) or bound.fit is Fit.AMBIGUOUS:
        return bound
    asked_for = dict(question.subjects) if question is not None else {}
    if any(visit.version > asked_for.get(visit.appointment_id, visit.version) for visit in named):
        return Binding(Fit.MOVED, "names somebody whose visit has changed", question, named)
    inside = tuple(visit for visit in bound.visits if visit in named)
    if inside:
        return replace(bound, visits=inside) if len(inside) < len(bound.visits) else bound
    asked = tuple(visit for visit in bound.visits if visit.is_open(now)) if bound.fit is Fit.OPEN else ()
    if not asked and len(named) == 1:
        return Binding(Fit.UNPROMPTED, "names the person", None, named)
    # "Maria here, yes" after a question about Luis: the name may be the writer's.
    return Binding(Fit.AMBIGUOUS, "names somebody else than was asked about", question, (*asked, *named))


def _takes(question: Question, understanding: Understanding) -> bool:
    # A number answers a scale, a reading or a menu; words about coming answer a visit; anything may be a miss.
    if question.context is Context.SURVEY_SCALE and understanding.has(*ANSWERS):
        return understanding.has(Intent.NUMERIC_ANSWER)
    return True


def _among_live(
    text: str, understanding: Understanding, live: list[Question], visits: Sequence[Visit], now: datetime
) -> Binding:
    ordered = sorted(live, key=lambda q: q.asked_at, reverse=True)
    newest = ordered[0]
    if any(q.is_notice for q in ordered) and any(not q.is_notice for q in ordered):
        return _beside_notices(text, understanding, ordered, visits, now)
    if newest.pending is not None:
        return _menu(text, newest, subjects_of(newest, visits), now)
    if len(ordered) == 1:
        return Binding(Fit.OPEN, "the only open question", newest, subjects_of(newest, visits))
    asked = tuple(visit for q in ordered for visit in subjects_of(q, visits))
    # "Can I come on Friday?" names a day that is wanted, and no visit that is on it.
    meant = Reference(asked, now).visits(text, by_day=not understanding.has(Intent.RESCHEDULE))
    named = [q for q in ordered if any(visit in meant for visit in subjects_of(q, visits))]
    # "Cancel the dentist, keep the other": which of two answers is for the one that is named, nobody has said.
    at_odds = sum(intent in ANSWERS for intent in understanding.intents) > 1
    if len(named) == 1 and not at_odds:
        return Binding(Fit.OPEN, "names the person or the time", named[0], subjects_of(named[0], visits))
    if newest.asked_at - ordered[1].asked_at >= FRESH:
        return Binding(Fit.OPEN, "asked last, long after the others", newest, subjects_of(newest, visits))
    if not understanding.has(*ANSWERS):
        return Binding(Fit.OPEN, "asked last", newest, subjects_of(newest, visits))
    same = [q for q in ordered if q.context is Context.APPOINTMENT_REMINDER or q.is_notice]
    if newest not in same or len(same) == 1:
        return Binding(Fit.OPEN, "asked last, of another kind than the rest", newest, subjects_of(newest, visits))
    candidates = tuple(visit for q in reversed(same) for visit in subjects_of(q, visits))
    if understanding.intent is Intent.CONFIRM and EVERYBODY.search(text):
        return Binding(Fit.OPEN, ALL_OF_THEM, newest, candidates)
    if len({visit.appointment_id for visit in candidates}) == 1:
        return Binding(Fit.OPEN, "all open questions are about one visit", newest, candidates[:1])
    return Binding(Fit.AMBIGUOUS, "several open questions fit", newest, candidates)


def _beside_notices(
    text: str, understanding: Understanding, ordered: list[Question], visits: Sequence[Visit], now: datetime
) -> Binding:
    """Something was asked, and then a visit was told of: numbers answer what was asked, a yes may be for either."""
    asked = [q for q in ordered if not q.is_notice]
    bound = _among_live(text, understanding, asked, visits, now)
    numbered = understanding.details.option is not None or not understanding.has(*ANSWERS)
    if numbered or bound.question is None or bound.question.journey != "appointment":
        return bound
    told = tuple(visit for q in ordered if q.is_notice for visit in subjects_of(q, visits))
    both = tuple(dict.fromkeys((*bound.visits, *told)))
    named = [visit for visit in both if mentions(text, visit, now)]
    if len(named) == 1:
        return Binding(Fit.OPEN, "names the person or the time", bound.question, (named[0],))
    if len(both) == len(bound.visits):
        return bound
    return Binding(Fit.AMBIGUOUS, "asked about one, told of another", None, both)


def _menu(text: str, menu: Question, choices: tuple[Visit, ...], now: datetime) -> Binding:
    named = Reference(choices, now).visits(text)
    if len(named) == 1:
        return Binding(Fit.OPEN, THE_CHOICE, menu, named)
    if EVERYBODY.search(text):
        return Binding(Fit.OPEN, ALL_OF_THEM, menu, choices)
    return Binding(Fit.OPEN, "the numbered question asked last", menu, choices)


def _newest_closed(questions: Sequence[Question], understanding: Understanding, now: datetime) -> Question | None:
    if not understanding.has(*ANSWERS, Intent.NUMERIC_ANSWER):
        return None
    recent = [q for q in questions if q.state is not QuestionState.PREPARED and now - q.asked_at < LATE]
    return max(recent, key=lambda q: q.asked_at, default=None)


def _closed(question: Question, visits: Sequence[Visit], now: datetime) -> Binding:
    about = subjects_of(question, visits)
    if not question.subjects and question.context in STILL_COUNTS and question.state is not QuestionState.VOID:
        return Binding(Fit.CORRECTION, "late, and it still counts", question)
    if question.state is QuestionState.VOID:
        asked = dict(question.subjects)
        same = tuple(v for v in about if v.is_open(now) and v.version == asked[v.appointment_id])
        if same and len(same) < len(about):
            return Binding(Fit.CORRECTION, "another visit that it asked about has changed", question, same)
        return Binding(Fit.MOVED, "the visit changed after the question", question, about)
    if question.subjects and not any(visit.is_open(now) for visit in about):
        return Binding(Fit.OVER, "the visit is over or cancelled", question, about)
    asked_for = dict(question.subjects)
    if any(visit.version != asked_for[visit.appointment_id] for visit in about if visit.is_open(now)):
        # The answer was given before the visit moved: nobody has said yes to the new time.
        return Binding(Fit.MOVED, "the visit moved after the answer", question, about)
    if question.state is QuestionState.ANSWERED and now - question.asked_at < CORRECTABLE:
        return Binding(Fit.CORRECTION, "changes or repeats the answer given", question, about)
    if question.subjects:
        # Older than its question, but the one visit it asked about is still ahead: the answer still counts.
        return Binding(Fit.CORRECTION, "late, and the visit is still ahead", question, about)
    return Binding(Fit.OVER, "the question's time has passed", question, about)


def _unprompted(text: str, understanding: Understanding, visits: Sequence[Visit], now: datetime) -> Binding:
    if not understanding.has(*ANSWERS):
        return Binding(Fit.NONE, "nothing asked, nothing answered")
    ahead = tuple(visit for visit in visits if visit.is_open(now))
    named = Reference(ahead, now).visits(text, by_day=not understanding.has(Intent.RESCHEDULE)) or ahead
    if len(named) == 1:
        return Binding(Fit.UNPROMPTED, "the only visit ahead that fits", None, (named[0],))
    if named:
        return Binding(Fit.AMBIGUOUS, "several visits ahead fit", None, named)
    return Binding(Fit.NONE, "no visit ahead")


def subjects_of(question: Question, visits: Sequence[Visit]) -> tuple[Visit, ...]:
    """The visits a question asks about, as they are now."""
    ids = [appointment_id for appointment_id, _version in question.subjects]
    return tuple(visit for appointment_id in ids for visit in visits if visit.appointment_id == appointment_id)
