"""Several people on one phone: what a reply says of each of them by name."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

from bot.core.binding import ANSWERS, names, words_of
from bot.core.intents import Intent, Understanding
from bot.core.situation import Part, Person

LONGEST: Final = 300
_CLAUSE: Final = re.compile(r"[,.;!?\n。，、؛،]+|\b(?:but|and|pero|y|mais|et|mas|но|и|ale|oraz)\b", re.IGNORECASE)


def parts(text: str, people: Sequence[Person], understand: Callable[[str], Understanding]) -> tuple[Part, ...]:
    """One thing of one and another of another ("Maria yes, Luis can't"); nothing where it says one thing."""
    if len(people) < 2:
        return ()
    found: list[Part] = []
    silent: str | None = None
    for clause in filter(str.strip, _CLAUSE.split(text[:LONGEST])):
        named = [person.patient_id for person in people if names(words_of(clause), person.name)]
        if len(named) > 1:
            return ()
        intent = _answer(understand(_without_names(clause, people)))
        who = named[0] if named else silent
        # "Luis is sick, he can't come": the name stands in one clause and the answer in the next.
        silent = who if intent is None else None
        if intent is not None:
            found.append(Part(who, intent))
    several = len({part.intent for part in found}) > 1
    once_each = len({part.patient_id for part in found}) == len(found)
    return tuple(found) if several and once_each and any(part.patient_id for part in found) else ()


def _without_names(clause: str, people: Sequence[Person]) -> str:
    for person in people:
        first = person.name.partition(" ")[0]
        clause = re.sub(rf"\b{re.escape(first)}\b", "", clause, flags=re.IGNORECASE) if len(first) > 1 else clause
    return " ".join(clause.split())


def _answer(understood: Understanding) -> Intent | None:
    answers = [intent for intent in understood.intents if intent in ANSWERS]
    return answers[0] if len(answers) == 1 and understood.auto else None
