"""Loops in words: titles, buttons and what the office owes, from the journeys, in the page's language."""

from __future__ import annotations

import re
from typing import Final

from bot.core.journey import END, Urgency
from bot.journeys import discover
from bot.web.console.enrolling_words import HELP, READINGS, SERIES
from bot.web.console.language import Said, say


def _spelled(step: str) -> str:
    """"day14" as "Day 14", "no_show" as "No show"."""
    return re.sub(r"(?<=[a-z])(?=\d)|[_-]", " ", step).capitalize()


JOURNEYS: Final = Said({name: journey.title or name.replace("_", " ") for name, journey in discover().items()})
BUTTONS: Final = Said(
    {f"{name}/{event}": words for name, journey in discover().items() for event, words in journey.staff.items()}
)
OFFICES: Final = Said(
    {f"{name}/{key}": words for name, journey in discover().items() for key, words in journey.offices.items()}
)
STEPS: Final = Said(
    {f"{name}/{step}": _spelled(step) for name, journey in discover().items() for step in journey.steps}
)
URGENCIES: Final = Said(
    {Urgency.ROUTINE: "Routine", Urgency.URGENT: "Urgent", Urgency.ASAP: "As soon as possible", Urgency.STAT: "At once"}
)
VIEWS: Final = Said({
    "overdue": "Overdue",
    "office": "Ours to do",
    "patient": "Waiting for the patient",
    "ended": "Ended",
    "aside": "Put aside",
})  # fmt: skip
WHY_ASIDE: Final = Said({
    "ZoneInfoNotFoundError": "The time zone on file does not exist.",
    "Undecryptable": "What is on file cannot be read: its key is missing.",
    "KeyError": "Its journey is not there, or lacks something.",
})  # fmt: skip
CAUSES: Final = Said(
    {"opened": "opened", "silence": "nothing came in time", "patient": "the patient answered", "stopped": "stopped"}
)


def owes(journey: str, office_step: str | None) -> str:
    """What the office has to do; the key itself where the journey's file has changed since."""
    key = f"{journey}/{office_step}"
    return OFFICES[key] if key in OFFICES.source else (office_step or "")


def stands(journey: str, step: str, outcome: str | None) -> str:
    """Where a loop stands, in a word or two."""
    if outcome is not None:
        return say("Ended: %(how)s", how=outcome.replace("-", " "))
    key = f"{journey}/{step}"
    return STEPS[key] if key in STEPS.source else step.replace("_", " ")


def title(journey: str) -> str:
    """What the journey is called."""
    return JOURNEYS[journey] if journey in JOURNEYS.source else journey


def kind(journey: str, word: str) -> str:
    """Which of its kind it is: in words where it is one of ours, as the file has it elsewhere."""
    known: Said[str] | None = {"needs": HELP, "readings": READINGS, "series": SERIES}.get(journey)
    return known[word] if known is not None and word in known.source else word


def why(journey: str, cause: str, actor: str) -> str:
    """What moved a loop."""
    if f"{journey}/{cause}" in BUTTONS.source:
        return BUTTONS[f"{journey}/{cause}"]
    if actor == "patient":
        return CAUSES["patient"]
    return CAUSES[cause] if cause in CAUSES.source else cause.replace("-", " ")


def buttons(journey: str, step: str) -> list[tuple[str, str]]:
    """(event, words) of what staff may report where the loop stands now."""
    found = discover().get(journey)
    place = found.step(step) if found is not None and step != END else None
    if found is None or place is None:
        return []
    anywhere = found.events if place.closes is None else {}
    return [
        (event, BUTTONS[f"{journey}/{event}"]) for event in found.staff if event in place.events or event in anywhere
    ]


def why_aside(reason: str) -> str:
    """Why a loop could not be opened or moved."""
    if reason in WHY_ASIDE.source:
        return WHY_ASIDE[reason]
    return say("An error that the log names: %(name)s.", name=reason)
