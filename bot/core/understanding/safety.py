"""The red-flag scan: which dangers a text names, and which mentions are denied, past or a figure of speech.

It only ever adds. A mention that is taken to be no emergency stays visible as evidence.
"""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.intents import Evidence, Intent
from bot.core.understanding.meanings import EXPLICIT
from bot.core.understanding.patterns import Hit
from bot.core.understanding.reading import Reading
from bot.core.understanding.text import COMMA

PREFIX = "danger."
# "no chest pain" is denied; "no, he is not breathing" is not: these families are stated by a negation.
DENIABLE = frozenset(
    {
        "cardiac",
        "breathing",
        "bleeding",
        "stroke",
        "neuro",
        "pregnancy",
        "explicit",
        "self-harm",
        "allergy",
        "infection",
    }
)
BYGONE = frozenset(
    {
        "cardiac",
        "breathing",
        "bleeding",
        "stroke",
        "neuro",
        "pregnancy",
        "explicit",
        "allergy",
        "infection",
        "self-harm",
        "overdose",
        "glucose",
    }
)
# What happened some days ago is half of these: the birth, the operation, the last insulin.
DATED = frozenset({"pregnancy", "infection", "glucose"})
REACH = 2
_MEANINGS = frozenset(map(str, EXPLICIT))


@dataclass(frozen=True, slots=True)
class Alarm:
    """What the scan found: live dangers first, then the mentions that were explained away."""

    live: tuple[Hit, ...]
    denied: tuple[Hit, ...]
    bygone: tuple[Hit, ...]

    @property
    def family(self) -> str | None:
        """The family that decides the wording: self-harm before all others, as its safety text differs."""
        families = [hit.group.removeprefix(PREFIX) for hit in self.live]
        return "self-harm" if "self-harm" in families else next(iter(families), None)


def scan(reading: Reading, harmless: str = "") -> Alarm:
    """Sort every danger named into live, denied and past.

    What lies inside a hit of the group `harmless` says no danger after this question: "took all my pills" is the
    answer to whether they were taken.
    """
    expected = reading.of(harmless)
    live: list[Hit] = []
    denied: list[Hit] = []
    bygone: list[Hit] = []
    for hit in sorted(reading.under(PREFIX), key=lambda hit: (hit.start, -hit.end)):
        family = hit.group.removeprefix(PREFIX)
        if any(other.start <= hit.start and hit.end <= other.end for other in expected):
            continue
        if family in DENIABLE and _denied(reading, hit, denied):
            denied.append(hit)
        elif family in BYGONE and (_bygone(reading, hit) or _supposed(reading, hit)):
            bygone.append(hit)
        else:
            live.append(hit)
    return Alarm(tuple(live), tuple(denied), tuple(bygone))


def _denied(reading: Reading, hit: Hit, denied: list[Hit]) -> bool:
    """Whether a denial stands right before or after, or an earlier denial runs on through `or`."""
    spoken = _spoken(reading, hit)
    for other in reading.of("denial", "denial_next"):
        reach = REACH if other.group == "denial" else 0
        if (
            other.rule.language in spoken
            and other.start < hit.start
            and other.end <= hit.start <= other.end + reach
            and _flows(reading, other.start + 1, hit.start)
            and not _spent(reading, other, hit)
            and not _answers(reading, other, hit)
        ):
            return True
    if hit.group == f"{PREFIX}infection" and _denied_within(reading, hit, spoken):
        return True
    for other in reading.of("denial_after"):
        near = hit.end <= other.start <= hit.end + 1 and _flows(reading, hit.end, other.start)
        if near and other.rule.language in spoken:
            return True
    return any(
        before.end <= hit.start <= before.end + REACH + 1
        and reading.of("either")
        and reading.sentence(before.start) == reading.sentence(hit.start)
        for before in denied
    )


def _denied_within(reading: Reading, hit: Hit, spoken: frozenset[str]) -> bool:
    """Whether what would make it an infection is what is denied: "after the operation, no fever"."""
    return any(
        other.rule.language in spoken
        and hit.start < other.start
        and other.end == hit.end - 1
        and _flows(reading, other.start + 1, hit.end - 1)
        for other in reading.of("denial")
    )


def _spent(reading: Reading, denial: Hit, hit: Hit) -> bool:
    """Whether the denial belongs to a meaning that is complete before the danger: "I am not coming, chest pain".

    One that ends in the denial itself is none: in "I'm fine no chest pain" the no is the pain's.
    """
    return any(
        other.start <= denial.start
        and denial.end < other.end <= hit.start
        and other.length > denial.length
        and other.group in _MEANINGS
        for other in reading.hits
    )


def _answers(reading: Reading, denial: Hit, hit: Hit) -> bool:
    """Whether a new clause begins between denial and danger: "no but my chest hurts", "no I want to die"."""
    between = range(denial.end, hit.start + 1)
    bare = any(other.start == denial.start and other.end == denial.end for other in reading.of("no"))
    return any(
        other.start in between and other.rule.language == denial.rule.language
        for other in reading.of("contrast", *(["restart"] if bare else []))
    )


def _spoken(reading: Reading, hit: Hit) -> frozenset[str]:
    """The languages in which the danger is named here: Portuguese `no` is "in the" and denies nothing."""
    return frozenset(
        other.rule.language for other in reading.under(hit.group) if other.start < hit.end and hit.start < other.end
    )


def _flows(reading: Reading, start: int, end: int) -> bool:
    return all(reading.breaks[at] < COMMA for at in range(start, min(end + 1, len(reading.breaks))))


def _bygone(reading: Reading, hit: Hit) -> bool:
    """Whether the same sentence puts it in the past and nothing says that it goes on."""
    start, end = reading.sentence(hit.start)
    within = [other for other in reading.of("past", "present") if start <= other.start < end]
    within = [other for other in within if other.group == "past" or not _over(reading, other)]
    spoken = _spoken(reading, hit)
    past = any(
        other.group == "past"
        and other.rule.language in spoken
        and not _within(other, hit)
        and not _of_another(reading, other, hit)
        for other in within
    )
    return past and not any(other.group == "present" for other in within)


def _of_another(reading: Reading, past: Hit, hit: Hit) -> bool:
    """Whether the past is another danger's own: "had a stroke" says of "she can't smile" not that it is over."""
    return not _meet(past, hit) and any(_meet(other, past) and not _meet(other, hit) for other in reading.under(PREFIX))


def _within(past: Hit, hit: Hit) -> bool:
    """Whether the past is a part of the danger: "gave birth two weeks ago and have a fever" is told of today."""
    family = hit.group.removeprefix(PREFIX)
    return family in DATED and hit.start < past.start and past.end < hit.end


def _meet(one: Hit, other: Hit) -> bool:
    return one.start < other.end and other.start < one.end


def _over(reading: Reading, present: Hit) -> bool:
    """Whether the present is that all is well: the `now` of "I am ok now" says of no pain that it goes on."""
    return any(other.start <= present.start < other.end for other in reading.of("recovered"))


def _supposed(reading: Reading, hit: Hit) -> bool:
    """Whether it is only asked about, as a thing that may come: "what do I do if I get chest pain"."""
    return any(
        other.start <= hit.start <= other.end + 1 and other.end < hit.end + 1
        for other in reading.of("supposed")
        if other.rule.language in _spoken(reading, hit)
    )


def evidence(reading: Reading, alarm: Alarm) -> tuple[Evidence, ...]:
    """The scan in words that a coordinator can check."""
    return (
        *(Evidence(Intent.EMERGENCY, f"{hit.rule.language}:{hit.group}", reading.shown(hit)) for hit in alarm.live),
        *(
            Evidence(Intent.SYMPTOM, f"{hit.rule.language}:{hit.group}:denied", reading.shown(hit))
            for hit in alarm.denied
        ),
        *(
            Evidence(Intent.SYMPTOM, f"{hit.rule.language}:{hit.group}:past", reading.shown(hit))
            for hit in alarm.bygone
        ),
    )
