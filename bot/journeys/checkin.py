"""A check-in: one yes-or-no question, or a reading asked for; an alarming answer goes to a nurse."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta

from bot.core.effects import Effect, Escalate, Record, Say
from bot.core.escalation import Priority, Reason
from bot.core.intents import Context, Intent, Understanding
from bot.core.journey import END, Journey, Move, Rank, Reaction, Replied, Step
from bot.core.messages import Origin
from bot.core.understanding.readings import BEYOND

ALARM = "alarm"
"""Key in the enrollment's data: what a yes to the clinic's own question means, where it is more than an answer."""
DANGER, NEED = "yes", "need"
HELP: Mapping[Intent, str] = {Intent.TRANSPORT_NEED: "need:transport", Intent.FINANCIAL_NEED: "need:cost"}
"""The same where the question says what kind of help: a loop keeps it."""
"""It is a danger sign ("Are you short of breath?"), or something to be done for the patient ("… need a ride?")."""

_NEEDS = (Intent.TRANSPORT_NEED, Intent.FINANCIAL_NEED, Intent.REFILL_REQUEST, Intent.REQUEST_HUMAN)
# Beside what understanding finds: questions say it in words that patients do not use. English and Spanish, for review.
_BAD_NEWS = re.compile(
    r"\b(wors\w+|hurt\w*|harm\w*|pain(?!\s+(medic|pill|free))|fall(en|ing)?|fell|dizz\w+|trouble|problems?|bleed\w*"
    r"|side effects?|fever|swell\w*|swollen|short of breath|unsafe|afraid|hopeless|depress\w*"
    r"|miss(ed)? (a |any )?doses?"
    r"|peor\w*|dolor\w*|da[nñ]o|ca[ií]d[ao]|mare\w+|problemas?|sangr\w+|fiebre|hinch\w+|efectos secundarios|miedo)\b",
    re.IGNORECASE,
)
_MEDICINE = re.compile(r"\bpain (medic\w+|meds|pills?|killers?)", re.IGNORECASE)
_WANTED = re.compile(r"\b(need|want|would like|necesita|quiere)\b", re.IGNORECASE)


def yes_to(prompt: str, read: Callable[[str], Understanding]) -> str | None:
    """What a yes to this question would mean: a danger sign, a need, or no more than yes."""
    understood = read(_MEDICINE.sub("medicine", prompt))
    signs = [piece for piece in understood.evidence if piece.intent in (Intent.EMERGENCY, Intent.SYMPTOM)]
    # "Do you need help …?" is a cry for help only from a patient.
    if any(not piece.rule.endswith(".explicit") for piece in signs) or _BAD_NEWS.search(prompt):
        return DANGER
    needed = understood.has(*_NEEDS) or _WANTED.search(prompt)
    kind = next((word for intent, word in HELP.items() if understood.has(intent)), NEED)
    return kind if needed else None


def _means(event: Replied) -> str | None:
    enrollment = event.question.enrollment
    return enrollment.data.get(ALARM) if enrollment is not None else None


def _alarms(event: Replied) -> bool:
    return _means(event) == DANGER


def _yes(event: Replied) -> Move:
    means, _, kind = (_means(event) or "").partition(":")
    if means == NEED:
        need = Escalate(Reason.SURVEY_ALERT, suggestion="call-about-the-answer", need=kind)
        return Move("answered", (Record("checkin", "yes"), need, Say("checkin/no_noted")))
    if _alarms(event):
        alarm: tuple[Effect, ...] = (Escalate(Reason.SURVEY_ALERT, Priority.URGENT, suggestion="call-now"),)
        return Move("answered", (Record("checkin", "yes"), Say("general/symptom"), *alarm))
    return Move("answered", (Record("checkin", "yes"), Say("checkin/yes_noted")))


def _no(event: Replied) -> Move:
    if _means(event) is not None:
        return Move("answered", (Record("checkin", "no"), Say("checkin/yes_noted")))
    # "Are you feeling OK?" - no: a nurse. What a no to the clinic's own question means, a person knows.
    priority = Priority.ROUTINE if event.question.prompt else Priority.URGENT
    alert = Escalate(Reason.SURVEY_ALERT, priority, suggestion="call-about-the-answer")
    return Move("answered", (Record("checkin", "no"), alert, Say("checkin/no_noted")))


def _reading(event: Replied) -> Move:
    details = event.understanding.details
    if _alarms(event) and event.understanding.has(Intent.CONFIRM):
        return _yes(event)  # "Yes, since 2": the danger is in the yes.
    kept = Record("reading", "" if details.number is None else f"{details.number:g}")
    grave = {piece.rule.partition(":")[2] for piece in event.understanding.evidence if piece.rule.startswith(BEYOND)}
    if "emergency" in grave:
        alert = Escalate(Reason.SURVEY_ALERT, Priority.EMERGENCY, suggestion="call-now")
        return Move("answered", (kept, alert, Say("general/emergency", origin=Origin.SAFETY)))
    if grave:
        alert = Escalate(Reason.SURVEY_ALERT, Priority.URGENT, suggestion="call-now")
        return Move("answered", (kept, alert, Say("general/symptom")))
    return Move("answered", (kept, Say("checkin/reading_noted")))


_ON: Mapping[Intent, Reaction] = {
    Intent.CONFIRM: _yes,
    Intent.DECLINE: _no,
    Intent.NUMERIC_ANSWER: _reading,
}

JOURNEY = Journey(
    name="checkin",
    title="Check-in",
    rank=Rank.RECALL,
    start="asked",
    steps={
        "asked": Step(
            name="asked",
            text="checkin/ask",
            context=Context.CHECKIN_YES_NO,
            # The order of the numbers in the text; a question in other words has none, and "2" is then a reading.
            options=(Intent.CONFIRM, Intent.DECLINE),
            on=_ON,
            again="checkin/unclear",
            silence_after=timedelta(hours=24),
            on_silence=Move(END, outcome="unanswered"),
        ),
        "answered": Step(
            name="answered", text="checkin/yes_noted", context=Context.CHECKIN_YES_NO, on=_ON, closes="answered"
        ),
    },
)
