"""How segments are said: kinds of conditions, their fields, what is wrong with one, and a whole segment in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from bot.core import cohort
from bot.core.cohort import Condition, Course, Reach, Side, Test
from bot.core.cohort_data import Why
from bot.core.people import ConsentStatus, Participation, PatientStatus
from bot.web.console import words
from bot.web.console.language import Said, say, say_count
from bot.web.console.story_words import STATUSES
from bot.web.console.templates import JOURNEYS

KINDS: Final = Said({
    "language": "Language",
    "age": "Age",
    "location": "Location",
    "consent": "Consent to texts",
    "status": "Status of the record",
    "upcoming": "Visit ahead",
    "missed": "Missed visits",
    "recall": "Open recall",
    "referral": "Open referral",
    "risk": "Risk of missing a visit",
    "spoke": "Last contact",
    "journey": "Journey",
    "list": "Uploaded list",
})  # fmt: skip
HINTS: Final = Said({
    "age": "In whole years. Who has no birth date on file is in no band.",
    "location": "Who has, or had, a visit there.",
    "risk": "Points as on the Today page: 15 is some risk, 40 is high. Only visits without a yes count.",
    "missed": "Visits marked as no-show.",
})  # fmt: skip
FIELDS: Final = Said({
    ("language", "among"): "One of these languages",
    ("age", "least"): "From (years)",
    ("age", "most"): "To (years)",
    ("location", "among"): "One of these locations",
    ("consent", "among"): "Consent is one of",
    ("status", "among"): "Status is one of",
    ("upcoming", "within_days"): "Within how many days",
    ("upcoming", "service"): "Service",
    ("upcoming", "location"): "Location",
    ("upcoming", "response"): "Patient’s answer",
    ("missed", "months"): "In how many past months",
    ("missed", "times"): "At least how often",
    ("recall", "among"): "One of these measures",
    ("recall", "overdue_days"): "Overdue for at least how many days",
    ("referral", "specialty"): "Specialty",
    ("referral", "older_days"): "Asked for at least how many days ago",
    ("risk", "points"): "At least how many points",
    ("risk", "within_days"): "Visit within how many days",
    ("spoke", "side"): "Who wrote",
    ("spoke", "within_days"): "Within how many past days",
    ("journey", "journey"): "Which journey",
    ("journey", "course"): "Where they stand",
    ("journey", "outcome"): "Outcome",
    ("list", "list_id"): "Which list",
})  # fmt: skip
SIDES: Final = Said({Side.CLINIC: "a text from the clinic arrived", Side.PATIENT: "the patient wrote"})
COURSES: Final = Said({
    Course.RUNNING: "on it now",
    Course.ENDED: "have ended it",
    Course.EVER: "on it now or before",
})  # fmt: skip
CONSENTS: Final = Said({
    ConsentStatus.OPTED_IN: "agreed",
    ConsentStatus.OPTED_OUT: "opted out",
    ConsentStatus.UNKNOWN: "not known",
})  # fmt: skip
ANSWERS: Final = Said({
    Participation.NEEDS_ACTION: "no answer yet",
    Participation.ACCEPTED: "will come",
    Participation.DECLINED: "will not come",
    Participation.TENTATIVE: "wants another time",
})  # fmt: skip
REACHES: Final = Said({
    Reach.REACHED: "can be sent texts",
    Reach.STATUS: "have a record that is not active",
    Reach.PAUSED: "are paused after an emergency",
    Reach.NO_NUMBER: "have no number that takes texts",
    Reach.OPTED_OUT: "opted out",
    Reach.NO_CONSENT: "have not agreed to texts",
})  # fmt: skip
WHYS: Final = Said({
    Why.MISSING: "Fill this in.",
    Why.NUMBER: "Write a whole number, %(about)s.",
    Why.WORD: "This is too long or not readable.",
    Why.CHOICE: "Choose from the list.",
    Why.BAND: "The end comes before the start.",
    Why.EMPTY: "Give one of the two ages, or both.",
    Why.MANY: "A segment has %(about)s conditions at most.",
})  # fmt: skip


def wrong(why: Why, about: str) -> str:
    """What is wrong with a field."""
    return WHYS[why if why in WHYS.source else Why.CHOICE] % {"about": about}


def described(condition: Condition, lists: Mapping[str, str]) -> Sequence[str]:
    """A condition in words: one line for each part that has to hold. `lists` has the names of uploaded lists."""
    if isinstance(condition, cohort.All):
        flat = [line for part in condition.parts for line in described(part, lists)]
        return flat or [say("Everybody")] if not condition.parts else flat
    return [_phrase(condition, lists)]


def _phrase(condition: Condition, lists: Mapping[str, str]) -> str:
    match condition:
        case cohort.All(parts):
            return say(" and ").join(_inner(part, lists) for part in parts) or say("Everybody")
        case cohort.Either(parts):
            return say(" or ").join(_inner(part, lists) for part in parts)
        case cohort.Not(part):
            return say("Not: %(what)s", what=_inner(part, lists))
        case cohort.Listed(list_id=list_id):
            return say("On the list “%(name)s”", name=lists.get(list_id, "?"))
        case cohort.Status(among=among):
            return say("Record is %(what)s", what=", ".join(STATUSES[PatientStatus(word)] for word in among))
        case cohort.Consent(among=among):
            return say("Consent: %(what)s", what=", ".join(CONSENTS[ConsentStatus(word)] for word in among))
    return SPOKEN[type(condition)](condition)


def _inner(part: Condition, lists: Mapping[str, str]) -> str:
    several = isinstance(part, cohort.All | cohort.Either) and len(part.parts) > 1
    return f"({_phrase(part, lists)})" if several else _phrase(part, lists)


def _age(test: cohort.Age) -> str:
    if test.most is None:
        return say("%(least)s years or older", least=test.least)
    if test.least is None:
        return say("%(most)s years or younger", most=test.most)
    return say("%(least)s to %(most)s years old", least=test.least, most=test.most)


def _upcoming(test: cohort.Upcoming) -> str:
    more = [part for part in (test.service, test.location) if part]
    if test.response:
        more.append(ANSWERS[Participation(test.response)])
    said = say_count("Visit within %(num)s day", "Visit within %(num)s days", test.within_days)
    return f"{said} ({', '.join(more)})" if more else said


def _missed(test: cohort.Missed) -> str:
    visits = say_count("Missed %(num)s visit or more", "Missed %(num)s visits or more", test.times)
    return visits + say_count(" in the last month", " in the last %(num)s months", test.months)


def _due(test: cohort.Due) -> str:
    what = say("Open recall: %(what)s", what=", ".join(test.among)) if test.among else say("Open recall")
    late = say_count(", overdue %(num)s day or more", ", overdue %(num)s days or more", test.overdue_days)
    return what + late if test.overdue_days else what


def _referred(test: cohort.Referred) -> str:
    what = say("Open referral: %(what)s", what=test.specialty) if test.specialty else say("Open referral")
    old = say_count(", %(num)s day old or more", ", %(num)s days old or more", test.older_days)
    return what + old if test.older_days else what


def _at_risk(test: cohort.AtRisk) -> str:
    return say_count(
        "Risk of %(points)s or more for a visit within %(num)s day",
        "Risk of %(points)s or more for a visit within %(num)s days",
        test.within_days,
        points=test.points,
    )


def _spoke(test: cohort.Spoke) -> str:
    who = say("A text arrived") if test.side == Side.CLINIC else say("The patient wrote")
    return who + say_count(" in the last day", " in the last %(num)s days", test.within_days)


def _journey(test: cohort.OnJourney) -> str:
    name = JOURNEYS[test.journey] if test.journey in JOURNEYS.source else test.journey
    said = say("Journey %(name)s: %(where)s", name=name, where=COURSES[Course(test.course)])
    return f"{said} ({test.outcome})" if test.outcome else said


SPOKEN: Final[Mapping[type[Test], Callable[[Any], str]]] = {
    cohort.Language: lambda test: say("Speaks %(what)s", what=words.languages(test.among)),
    cohort.Age: _age,
    cohort.Place: lambda test: say("Visits at %(what)s", what=", ".join(test.among)),
    cohort.Upcoming: _upcoming,
    cohort.Missed: _missed,
    cohort.Due: _due,
    cohort.Referred: _referred,
    cohort.AtRisk: _at_risk,
    cohort.Spoke: _spoke,
    cohort.OnJourney: _journey,
}
