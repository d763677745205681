"""What reports count: each measure with its definition, what is divided by what, and what its parts are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Unit(StrEnum):
    """How a measure's value is read."""

    SHARE = "share"
    """Numerator of denominator, as per cent."""
    PER_THOUSAND = "per-thousand"
    """Numerator for each thousand of the denominator."""
    COUNT = "count"
    """The numerator by itself; the denominator says out of what."""
    MINUTES = "minutes"
    """Minutes for each of the denominator; the numerator is in seconds."""
    DAYS = "days"
    """Days for each of the denominator; the numerator is in seconds."""


_SCALE: Final = {Unit.PER_THOUSAND: 1000, Unit.MINUTES: 1 / 60, Unit.DAYS: 1 / 86_400}


class Topic(StrEnum):
    """Under which heading a measure stands."""

    TEXTS = "texts"
    VISITS = "visits"
    LOOPS = "loops"
    HELP = "help"


class Parts(StrEnum):
    """What a measure's parts are."""

    TEMPLATE = "template"
    PRIORITY = "priority"
    REASON = "reason"
    ARM = "arm"
    """How a patient was asked about a visit."""
    STATE = "state"
    GAP = "gap"
    """The care that falls due."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measure:
    """One number that a director asks for."""

    name: str
    topic: Topic
    title: str
    definition: str
    numerator: str
    denominator: str
    unit: Unit = Unit.SHARE
    parts: Parts | None = None
    shown: bool = True
    """False: other measures are drawn from it, it has no row of its own."""

    def value(self, numerator: int, denominator: int) -> float | None:
        """What is shown; None where there is nothing to divide by."""
        if self.unit is Unit.COUNT:
            return float(numerator)
        if not denominator:
            return None
        return numerator / denominator * _SCALE.get(self.unit, 1)


REACH: Final = Measure(
    name="reach",
    topic=Topic.TEXTS,
    title="Reach",
    definition="Of the patients to whom the clinic began to write on a day, those whom a text reached that day."
    " A patient counts once for each such day.",
    numerator="reached",
    denominator="patients written to, by day",
)
DELIVERY: Final = Measure(
    name="delivery",
    topic=Topic.TEXTS,
    title="Delivery",
    definition="Of all texts given to the carrier, those reported as delivered. A text whose fate the carrier never"
    " told counts as not delivered.",
    numerator="delivered",
    denominator="texts given to the carrier",
    parts=Parts.TEMPLATE,
)
RESPONSE: Final = Measure(
    name="response",
    topic=Topic.TEXTS,
    title="Response",
    definition="Of the patients to whom the clinic began to write on a day, those from whose phone a text came within"
    " 72 hours of it. A patient counts once for each such day.",
    numerator="answered within 72 hours",
    denominator="patients written to, by day",
)
UNCLEAR: Final = Measure(
    name="unclear",
    topic=Topic.TEXTS,
    title="Not understood",
    definition="Of the texts that patients wrote, those whose meaning the bot did not find; people read them.",
    numerator="not understood",
    denominator="texts from patients",
)
OPT_OUT: Final = Measure(
    name="opt_out",
    topic=Topic.TEXTS,
    title="Opt-outs",
    definition="Patients’ and carriers’ opt-outs for each 1,000 texts given to the carrier. By text: under the last"
    " one that went to the phone in the seven days before.",
    numerator="opt-outs",
    denominator="texts given to the carrier",
    unit=Unit.PER_THOUSAND,
    parts=Parts.TEMPLATE,
)
SEGMENTS: Final = Measure(
    name="segments",
    topic=Topic.TEXTS,
    title="Segments",
    definition="Segments of the texts given to the carrier, which is what carriers charge for. Texts from patients are"
    " not in it.",
    numerator="segments",
    denominator="texts given to the carrier",
    unit=Unit.COUNT,
    parts=Parts.TEMPLATE,
)
CONFIRMATION: Final = Measure(
    name="confirmation",
    topic=Topic.VISITS,
    title="Confirmation",
    definition="Of the visits of a day about which a text had asked, those with a yes as the answer that stands.",
    numerator="confirmed",
    denominator="visits asked about",
)
NO_SHOW: Final = Measure(
    name="no_show",
    topic=Topic.VISITS,
    title="No-show",
    definition="Missed visits, of those missed or kept. Visits called off, and those whose end the chart has not told"
    " yet, are left out.",
    numerator="missed",
    denominator="visits missed or kept",
    parts=Parts.ARM,
)
FREED: Final = Measure(
    name="freed",
    topic=Topic.VISITS,
    title="Freed slots",
    definition="Visits called off or moved 24 hours or more ahead, of all that had been booked for the day.",
    numerator="freed in time",
    denominator="visits booked for the day",
)
REFILLED: Final = Measure(
    name="refilled",
    topic=Topic.VISITS,
    title="Refilled slots",
    definition="Of the slots freed in time, those for which another visit of the same service stands at the same place"
    " and time, booked or moved there afterwards.",
    numerator="refilled",
    denominator="slots freed in time",
)
RECALL_30: Final = Measure(
    name="recall_30",
    topic=Topic.LOOPS,
    title="Recalls closed in 30 days",
    definition="Of the recalls taken up 30 days before, those booked or done by then, here or elsewhere. Whoever turned"
    " out not to be meant is left out. Each counts on its 30th day.",
    numerator="booked or done",
    denominator="recalls in their 30th day",
    parts=Parts.GAP,
)
RECALL_90: Final = Measure(
    name="recall_90",
    topic=Topic.LOOPS,
    title="Recalls closed in 90 days",
    definition="Of the recalls taken up 90 days before, those booked or done by then, here or elsewhere. Whoever turned"
    " out not to be meant is left out. Each counts on its 90th day.",
    numerator="booked or done",
    denominator="recalls in their 90th day",
    parts=Parts.GAP,
)
REFERRAL_DAYS: Final = Measure(
    name="referral_days",
    topic=Topic.LOOPS,
    title="Referral days",
    definition="How long referrals had stood in a state when they left it, by state. What still stands in a state is"
    " not in it yet.",
    numerator="time in all",
    denominator="referrals that left the state",
    unit=Unit.DAYS,
    parts=Parts.STATE,
)
DISCHARGE: Final = Measure(
    name="discharge_contact",
    topic=Topic.LOOPS,
    title="Discharge contact in two business days",
    definition="Of the discharges whose second business day this was, those with a contact that staff had logged by its"
    " end. Texts of the bot do not count as contact.",
    numerator="contacted in time",
    denominator="discharges",
)
ESCALATIONS: Final = Measure(
    name="escalations",
    topic=Topic.HELP,
    title="Brought to a person",
    definition="What was brought to a person, by reason.",
    numerator="cases",
    denominator="cases",
    unit=Unit.COUNT,
    parts=Parts.REASON,
)
ANSWER_TIME: Final = Measure(
    name="answer_time",
    topic=Topic.HELP,
    title="Time to answer",
    definition="Minutes until somebody took a case on, or resolved it unclaimed; of a case that was handed back, until"
    " it was taken on for good. The mean; the middle and the slowest twentieth stand beside it.",
    numerator="time in all",
    denominator="cases answered",
    unit=Unit.MINUTES,
    parts=Parts.PRIORITY,
)
ANSWER_SPREAD: Final = Measure(
    name="answer_spread",
    topic=Topic.HELP,
    title="Time to answer, spread",
    definition="How many cases were answered within which time.",
    numerator="cases",
    denominator="cases",
    unit=Unit.COUNT,
    shown=False,
)
BREACH: Final = Measure(
    name="breach",
    topic=Topic.HELP,
    title="Answered late",
    definition="Of the cases that came up, those that nobody had answered when their time was over.",
    numerator="late",
    denominator="cases",
    parts=Parts.PRIORITY,
)

MEASURES: Final[Mapping[str, Measure]] = MappingProxyType({
    measure.name: measure
    for measure in (
        REACH, DELIVERY, RESPONSE, UNCLEAR, OPT_OUT, SEGMENTS, CONFIRMATION, NO_SHOW, FREED, REFILLED, RECALL_30,
        RECALL_90, REFERRAL_DAYS, DISCHARGE, ESCALATIONS, ANSWER_TIME, ANSWER_SPREAD, BREACH,
    )
})  # fmt: skip

UNKNOWN_AGE: Final = ""
AGE_BANDS: Final = ("0-17", "18-34", "35-49", "50-64", "65-79", "80+")
_ENDS: Final = (18, 35, 50, 65, 80)


def age_band(born: date | None, on: date) -> str:
    """The band of somebody's age on that day; empty where no birth date is known or it lies ahead."""
    if born is None or born > on:
        return UNKNOWN_AGE
    age = on.year - born.year - ((on.month, on.day) < (born.month, born.day))
    return AGE_BANDS[sum(age >= end for end in _ENDS)]


WORKDAYS: Final = 5


def business_day_after(day: date, count: int, holidays: Iterable[date] = ()) -> date:
    """The so-manieth day after that one which is from Monday to Friday and no holiday."""
    closed = frozenset(holidays)
    while count:
        day += timedelta(days=1)
        count -= day.weekday() < WORKDAYS and day not in closed
    return day


WITHIN_MINUTES: Final = (1, 2, 5, 10, 15, 30, 60, 120, 240, 480, 1440, 2880, 10080)
"""Times to answer are counted in these steps; what took longer stands under the last one's successor, 0."""


def spread_part(priority: str, minutes: float) -> str:
    """Under which part of ANSWER_SPREAD such a case counts."""
    step = next((most for most in WITHIN_MINUTES if minutes <= most), 0)
    return f"{priority}|{step}"


def within(counts: Mapping[int, int], share: float) -> int | None:
    """Within how many minutes that share was answered, as the steps tell it; 0: longer than all; None: no cases."""
    total, so_far = sum(counts.values()), 0
    if not total:
        return None
    for step in WITHIN_MINUTES:
        so_far += counts.get(step, 0)
        if so_far >= share * total:
            return step
    return 0
