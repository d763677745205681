"""Reports in words: each measure's name and definition, its groups, and numbers as people read them."""

from __future__ import annotations

from datetime import date
from typing import Final

from bot.core.reports import BREACH, CONFIRMATION, MEASURES, NO_SHOW, Measure, Parts, Topic, Unit
from bot.core.stats import Difference
from bot.services.reporting.reading import Point
from bot.services.reporting.visits import ASKED, CONFIRMED, NOT_ASKED
from bot.web.console.language import Said, say
from bot.web.console.words import PRIORITIES, REASONS

TITLES: Final = Said({name: measure.title for name, measure in MEASURES.items()})
DEFINITIONS: Final = Said({name: measure.definition for name, measure in MEASURES.items()})
NUMERATORS: Final = Said({name: measure.numerator for name, measure in MEASURES.items()})
DENOMINATORS: Final = Said({name: measure.denominator for name, measure in MEASURES.items()})
TOPICS: Final = Said({
    Topic.TEXTS: "Texts",
    Topic.VISITS: "Visits",
    Topic.LOOPS: "Loops closed",
    Topic.HELP: "Help by people",
})
PARTS: Final = Said({
    Parts.TEMPLATE: "By text",
    Parts.PRIORITY: "By priority",
    Parts.REASON: "By reason",
    Parts.ARM: "By how they were asked",
    Parts.STATE: "By state",
    Parts.GAP: "By what fell due",
})
ARMS: Final = Said({
    CONFIRMED: "Asked and confirmed",
    ASKED: "Asked, not confirmed",
    NOT_ASKED: "Not asked",
})
PERIODS: Final = Said({7: "Last 7 days", 30: "Last 30 days", 90: "Last 90 days", 365: "Last 365 days"})
LISTS: Final = Said({
    NO_SHOW.name: "Missed visits",
    CONFIRMATION.name: "Visits asked about and not confirmed",
    BREACH.name: "Cases answered late, or not yet",
})
NO_AGE: Final = Said({"": "Age not known"})
NO_PLACE: Final = Said({"": "No visit on record"})
NO_TEXT: Final = Said({"": "No text before it"})


def number(count: float) -> str:
    """A whole number in thousands."""
    return f"{round(count):,}"


def value(measure: Measure, shown: float | None) -> str:
    """A measure's value; a dash where there was nothing to divide by."""
    if shown is None:
        return "–"
    match measure.unit:
        case Unit.SHARE:
            return f"{100 * shown:.1f} %"
        case Unit.MINUTES:
            return minutes(shown)
        case Unit.DAYS:
            return say("%(days)s days", days=f"{shown:.1f}")
        case Unit.PER_THOUSAND:
            return say("%(rate)s per 1,000", rate=f"{shown:.2f}")
        case _:
            return number(shown)


def amount(measure: Measure, numerator: int) -> str:
    """The numerator: a number, or a length of time."""
    if measure.unit in (Unit.MINUTES, Unit.DAYS):
        return minutes(numerator / 60)
    return number(numerator)


def minutes(shown: float) -> str:
    """Some minutes; seconds where they are few, hours and days where they are many."""
    if shown < 1:
        return say("%(seconds)s s", seconds=round(shown * 60))
    if shown < 120:
        return say("%(minutes)s min", minutes=f"{shown:.0f}")
    if shown < 48 * 60:
        return say("%(hours)s h", hours=f"{shown / 60:.1f}")
    return say("%(days)s days", days=f"{shown / 1440:.1f}")


def within(step: int | None) -> str:
    """Within how long, as the steps tell it."""
    if step is None:
        return "–"
    return say("longer than a week") if step == 0 else minutes(step)


def change(measure: Measure, now: Point, before: Point) -> str:
    """How much it differs from as many days before."""
    if now.value is None or before.value is None:
        return ""
    apart = now.value - before.value
    if measure.unit is Unit.SHARE:
        return say("%(sign)s%(points)s points", sign=_sign(apart), points=f"{100 * abs(apart):.1f}")
    return f"{_sign(apart)}{value(measure, abs(apart))}"


def gap(found: Difference) -> str:
    """A difference of shares, in points."""
    return say("%(sign)s%(points)s points", sign=_sign(found.value), points=f"{100 * abs(found.value):.1f}")


def gap_interval(found: Difference) -> str:
    """Its 95 % interval, in points."""
    low, high = (f"{_sign(end)}{100 * abs(end):.1f}" for end in (found.interval.low, found.interval.high))
    return say("%(low)s to %(high)s points", low=low, high=high)


def _sign(value: float) -> str:
    return "+" if value > 0 else "−" if value < 0 else "±"


def interval(point: Point) -> str:
    """The 95 % interval of a share."""
    found = point.interval
    return f"{100 * found.low:.1f}–{100 * found.high:.1f} %" if found is not None else ""


def part(measure: Measure, name: str) -> str:
    """A part by its name."""
    match measure.parts:
        case Parts.PRIORITY:
            return PRIORITIES.get(name, name)  # type: ignore[call-overload, no-any-return]
        case Parts.REASON:
            return REASONS.get(name, name)  # type: ignore[call-overload, no-any-return]
        case Parts.ARM:
            return ARMS.get(name, name)
        case Parts.TEMPLATE:
            return name or NO_TEXT[""]
        case _:
            return name


def month(first: date) -> str:
    """A month, as digits that every language reads: 2026-11."""
    return f"{first:%Y-%m}"


