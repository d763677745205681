"""What services know (a name, a datetime) as what templates print (words in the reader's language)."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from bot.content.direction import embedded, isolated
from bot.content.discretion import Discretion
from bot.content.languages import Language
from bot.core.segments import normalise

NAME_LIMIT = 40
LINKS = ("link", "url")
APART = ("name", "prompt", "link")
"""Of these each message has its own."""
BY_LANGUAGE = ("directions",)
"""These come in several languages, written by the clinic: a text has its own or none."""
OF_VISITS = ("visit_times", "visit_menu", "visit_when")
ROOM_FOR_ALL = 2
"""`room` in a template: 2 prints everything, 1 leaves out the clinic's phone, 0 also takes the shortest wording."""

# May be left out by a service: the texts read well without them.
_DEFAULTS: Mapping[str, object] = {
    "clinic": "", "phone": "", "location": "", "staff": "", "status": "",
    "name": "", "to": "", "old_when": "", "opens": "", "visit_when": "", "prompt": "", "keeps": "",
}  # fmt: skip

GIVEN = frozenset((*_DEFAULTS, *OF_VISITS, "day", "time", "when", "visit_count", "room"))
"""What every template may use. What else one uses, whoever sends it must give."""


@dataclass(frozen=True, slots=True)
class Context:
    """What a template may print.

    `fixed` is the same for many messages and decides how the template comes out; `words` differ from message to
    message, are never empty, and a template only prints them or asks whether they are there.
    """

    fixed: dict[str, object]
    words: dict[str, str]


def context(values: Mapping[str, object], language: Language, discretion: Discretion, uses: Collection[str]) -> Context:
    """Everything of these values that a template may use, in that language; `uses` are the names that it knows."""
    fixed: dict[str, object] = {
        key: value
        for key, value in values.items()
        if key in uses and key not in APART and isinstance(value, str | int | float)
    }
    words: dict[str, str] = {}
    name = clean_name(_given(values, "name"))
    if name:
        words["name"] = _called(name, language)
        words["to"] = language.address.format(name=words["name"])
    prompt = one_line(_given(values, "prompt")) if "prompt" in uses else ""
    if prompt:
        words["prompt"] = _called(prompt, language)
    link = _given(values, "link") if "link" in uses else ""
    if link:
        words["link"] = isolated(link) if language.rtl else link
    for key in BY_LANGUAGE:
        theirs = values.get(key) if key in uses else None
        if isinstance(theirs, Mapping) and theirs.get(language.tag):
            fixed[key] = one_line(str(theirs[language.tag]))
    if fixed.get("location"):
        fixed["location"] = discretion.discreet(str(fixed["location"]))
    if language.rtl:
        fixed = {key: _in_order(key, value) for key, value in fixed.items()}
    _add_moments(words, values, language)
    visits = values.get("visits")
    if isinstance(visits, Sequence) and visits:
        if "visit_count" in uses:
            fixed["visit_count"] = len(visits)
        # One visit whose time stands there already has nothing to add, unless the template asks for it as one of some.
        if len(visits) > 1 or "when" not in words or any(key in uses for key in OF_VISITS):
            _add_visits(words, visits, language)
    return Context(fixed, words)


def _given(values: Mapping[str, object], key: str) -> str:
    value = values.get(key)
    return str(value) if isinstance(value, str | int | float) else ""


@lru_cache(maxsize=1024)
def _in_order(key: str, value: object) -> object:
    """What runs from left to right, for a text that runs from right to left."""
    if value and key in ("phone", *LINKS):
        return isolated(str(value))
    # A number in front of its words would go behind them; without one they are in order, and cost nothing more.
    if key in ("clinic", "location") and any(letter.isdigit() for letter in str(value)):
        return embedded(str(value))
    if key not in GIVEN and isinstance(value, str):
        return embedded(value)  # What only one message knows, such as places with their numbers.
    return value


def _called(words: str, language: Language) -> str:
    return _embedded(words) if language.rtl else words


_embedded = lru_cache(maxsize=20_000)(embedded)


def full(fixed: Mapping[str, object], words: Mapping[str, str]) -> dict[str, object]:
    """One flat mapping for the template, with what was left out as nothing."""
    return {**_DEFAULTS, **fixed, **words}


def one_line(text: str) -> str:
    """The text with plain characters and single spaces."""
    return normalise(" ".join(text.split()))


@lru_cache(maxsize=20_000)
def clean_name(name: str) -> str:
    """A name fit for a text: one line, no emoji or control characters, at most 40 characters."""
    if name.isalpha() and len(name) <= NAME_LIMIT:
        return name
    kept = "".join(letter if _is_part_of_name(letter) else " " for letter in name)
    return one_line(kept)[:NAME_LIMIT].rstrip()


def _is_part_of_name(letter: str) -> bool:
    # Letters, the marks that Indic and Vietnamese names need, digits ("Ana 2"), and the joiners of Persian.
    return unicodedata.category(letter)[0] in "LMN" or letter in " -'’.\u200c\u200d"


def _add_moments(words: dict[str, str], values: Mapping[str, object], language: Language) -> None:
    starts_at = values.get("starts_at")
    if isinstance(starts_at, datetime):
        moment = language.dates.moment(starts_at)
        words["day"], words["time"], words["when"] = moment.day, moment.time, moment.when
    old = values.get("old_starts_at")
    if isinstance(old, datetime):
        words["old_when"] = language.dates.moment(old).when
    opens_at = values.get("opens_at")
    if isinstance(opens_at, datetime):
        words["opens"] = language.dates.moment(opens_at).opening


def _add_visits(words: dict[str, str], visits: Sequence[Mapping[str, object]], language: Language) -> None:
    """A household's visits: `visit_times` ("Ana 9:00 AM, Luis 9:30 AM") and a numbered `visit_menu` with days."""
    times, menu, days = [], [], set()
    for number, visit in enumerate(visits, start=1):
        starts_at = visit["starts_at"]
        assert isinstance(starts_at, datetime)
        moment, name = language.dates.moment(starts_at), _called(clean_name(str(visit.get("name") or "")), language)
        times.append(f"{name} {moment.time}".strip())
        menu.append(f"{number}={name} {moment.when}" if name else f"{number}={moment.when}")
        days.add(moment.day)
    words["visit_times"], words["visit_menu"] = language.comma.join(times), language.comma.join(menu)
    words.setdefault("day", moment.day)
    if len(visits) == 1:
        words["visit_when"] = moment.when
    elif len(days) == 1:
        words["visit_when"] = f"{moment.day}: {words['visit_times']}"
    else:
        words["visit_when"] = words["visit_menu"]
    # "We will see you ..." says when for everyone, not only for the first.
    if len(visits) > 1 or "when" not in words:
        words["when"] = words["visit_when"]
