"""Visits that are nobody's business but the patient's, by their service; and who may hear of them all the same."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from bot.core.people import Relation, Scope
from bot.core.preparation import fold

OF_AGE: Final = 18
OWN_WORD_FROM: Final = 13
"""In most states adolescents may ask for such care by themselves; for which, the state's law says."""
_AGES, _EXCEPT = "ages", "except"


@dataclass(frozen=True, slots=True, eq=False)
class Sensitive:
    """What clinicians have written down of such services. Without anything no visit is one.

    Told apart by identity: what it says of a service is kept, and the pattern would be hashed for each visit.
    """

    telling: re.Pattern[str] | None = None
    """Found in the folded name of a service or place."""
    services: frozenset[str] = frozenset()
    """Folded names, word for word."""
    exempt: frozenset[str] = frozenset()
    own_word_from: int = OWN_WORD_FROM
    """From this age on the patient decides who hears of it, and not the parents."""

    def is_one(self, service: str, location: str) -> bool:
        """Whether a visit of that service at that place is one."""
        return _is_one(self, service, location)

    def may_hear(self, holder: Holder) -> bool:
        """Whether whoever holds that phone may hear of such a visit of this patient."""
        if holder.scope is Scope.CONFIDENTIAL:
            return True
        if holder.age is not None and holder.age < self.own_word_from:
            return True  # The parents speak for the child; what they may hear else holds.
        if holder.relation is not Relation.SELF:
            return False
        # A mother whose children's records name her phone is alone on it; two who are grown, or a child, are not.
        grown = holder.age is None or holder.age >= OF_AGE
        return not holder.others or (grown and all(age is not None and age < OF_AGE for age in holder.others))


@dataclass(frozen=True, slots=True)
class Holder:
    """A phone as it is linked to one patient: whose it is, and the ages (None: not known) of the others on it."""

    relation: Relation
    scope: Scope
    age: int | None
    others: tuple[int | None, ...] = ()


@lru_cache(maxsize=8192)
def _is_one(rules: Sensitive, service: str, location: str) -> bool:
    named = fold(service)
    if named in rules.exempt:
        return False
    if named in rules.services:
        return True
    return rules.telling is not None and any(rules.telling.search(one) for one in (named, fold(location)))


def parse(tables: Mapping[str, Any]) -> Sensitive:
    """`locales/sensitive.toml` as rules. Raises ValueError that names the table at fault."""
    kinds = {name: table for name, table in tables.items() if name not in (_AGES, _EXCEPT)}
    for name, table in kinds.items():
        _check(name, table)
    every = {key: [word for table in kinds.values() for word in table.get(key, ())] for key in _KEYS}
    ages, exempt = tables.get(_AGES, {}), tables.get(_EXCEPT, {})
    return Sensitive(
        telling=_pattern(every["roots"], every["words"]),
        services=frozenset(map(fold, every["services"])),
        exempt=frozenset(map(fold, exempt.get("services", ()))),
        own_word_from=int(ages.get("own_word_from", OWN_WORD_FROM)),
    )


_KEYS: Final = ("roots", "words", "services")


def _check(name: str, table: object) -> None:
    if not isinstance(table, dict) or set(table) - set(_KEYS):
        raise ValueError(f"sensitive services, {name}: has {', '.join(_KEYS)} and nothing else")
    for key, words in table.items():
        if not isinstance(words, list) or not all(isinstance(word, str) and word.strip() for word in words):
            raise ValueError(f"sensitive services, {name}: {key} is a list of words")


def _pattern(roots: Sequence[str], words: Sequence[str]) -> re.Pattern[str] | None:
    if not roots and not words:
        return None
    return re.compile(rf"(?<!\w)(?:(?:{_any_of(roots)})|(?:{_any_of(words)})(?!\w))")


def _any_of(words: Iterable[str]) -> str:
    # "(?!)" matches nothing.
    return "|".join(map(re.escape, sorted(set(map(fold, words)), key=len, reverse=True))) or "(?!)"
