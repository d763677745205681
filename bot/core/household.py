"""Several people on one phone, or several visits of one: what a reply says of each of them."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from bot.core.binding import ANSWERS
from bot.core.days import without_days
from bot.core.intents import Intent, Understanding
from bot.core.people import Visit
from bot.core.referring import Reference, names, words_of
from bot.core.situation import Part, Person

LONGEST: Final = 300
CLAUSE: Final = re.compile(r"[,.;!?\n。，、؛،]+|\b(?:but|and|pero|y|mais|et|mas|но|и|ale|oraz)\b", re.IGNORECASE)
"""Where one clause ends and the next begins."""

_TURN: Final = re.compile(
    r"\s+(?=(?:no|not|yes|cant|can't|sí|oui|non|sim|não|nao|wi|oo|hindi|да|нет|tak|nie)\b"
    r"(?!\s+(?:problem|worries)))",
    re.IGNORECASE,
)
"""Where one answer ends and the next begins without a pause: "yes to Tuesday no to Thursday"."""
_OTHER: Final = re.compile(
    r"\b(?:other|otr[oa]|outr[oa]|autre|lòt|друг(?:ой|ую|ое|ая)|inn(?:y|a|ą|ej))\b|另", re.IGNORECASE
)
_CAN: Final = re.compile(
    r"(?:sí?,? )?(?:(?:i|we|she|he) can|puedo|podemos|je peux|posso)(?: (?:do|make|make it|come|ir|venir))?"
)
"""All that is left of "I can do Tuesday" without its day."""
_ARTICLE: Final = re.compile(r"^(?:the|on|for|el|los|para el|le|pour|o|na|w|в)\s+", re.IGNORECASE)
_NOT: Final = re.compile(r"(?:not|no|pas|não|nao|nie|не|pa|hindi|không)(?: (?:on|for|el|para|le|pour|o|na|w|в))?")


def parts(text: str, people: Sequence[Person], understand: Callable[[str], Understanding]) -> tuple[Part, ...]:
    """One thing of one and another of another ("Maria yes, Luis can't"); nothing where it says one thing."""
    if len(people) < 2:
        return ()
    found: list[Part] = []
    silent: str | None = None
    for clause in filter(str.strip, CLAUSE.split(text[:LONGEST])):
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


def parts_by_visit(
    text: str, visits: Sequence[Visit], understand: Callable[[str], Understanding], now: datetime
) -> tuple[Part, ...]:
    """One thing of one visit and another of another ("yes to Tuesday, no to the dentist"); else nothing."""
    found: list[Part] = []
    pointed: list[Visit] = []
    reference = Reference(visits, now)
    for clause in _clauses_by_visit(text[:LONGEST], reference):
        meant = reference.visits(clause)
        rest = tuple(visit for visit in visits if visit not in pointed)
        if not meant and len(visits) == 2 and len(rest) == 1 and _OTHER.search(clause):
            meant = rest
        intent = _answer_of_day(clause, understand) if meant else _answer(understand(clause))
        if len(meant) > 1 or (intent is not None and not meant):
            return ()
        if intent is not None:
            pointed += meant
            found.append(Part(meant[0].patient_id, intent, meant[0].appointment_id))
    said = {part.intent for part in found}
    # "Can't on Tuesday, can I come Thursday?" wants another time for the first, whatever is on Thursday.
    wishes = said == {Intent.DECLINE, Intent.RESCHEDULE}
    once_each = len({part.appointment_id for part in found}) == len(found)
    return tuple(found) if len(said) > 1 and once_each and not wishes else ()


def _clauses_by_visit(text: str, reference: Reference) -> list[str]:
    clauses: list[str] = []
    for clause in filter(str.strip, CLAUSE.split(text)):
        pieces = list(filter(str.strip, _TURN.split(clause)))
        clauses += pieces if all(map(reference.visits, pieces)) else [clause]
    return clauses


def _answer_of_day(clause: str, understand: Callable[[str], Understanding]) -> Intent | None:
    """What a clause says of the visit it points to: "I can do Tuesday" of Tuesday's is a yes, not another time."""
    intent = _answer(understand(clause))
    if intent not in (None, Intent.RESCHEDULE):
        return intent
    bare = _ARTICLE.sub("", without_days(clause)).casefold()
    if not bare:
        return None
    if _CAN.fullmatch(bare):
        return Intent.CONFIRM
    if _NOT.fullmatch(bare):
        return Intent.DECLINE
    again = _answer(understand(bare))
    return again if intent is None or again is Intent.CONFIRM else intent


def _without_names(clause: str, people: Sequence[Person]) -> str:
    for person in people:
        first = person.name.partition(" ")[0]
        clause = re.sub(rf"\b{re.escape(first)}\b", "", clause, flags=re.IGNORECASE) if len(first) > 1 else clause
    return " ".join(clause.split())


def _answer(understood: Understanding) -> Intent | None:
    answers = [intent for intent in understood.intents if intent in ANSWERS]
    return answers[0] if len(answers) == 1 and understood.auto else None
