"""What a campaign says to one patient: a template, or the clinic's own words in the patient's language."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from bot.core.budget import FIRST
from bot.core.journey import Journey, Step
from bot.core.segments import Encoding, encoding, normalise, segments
from bot.journeys import discover, rank_of
from bot.services import reviews
from bot.services.clinic import Clinic
from bot.services.wording import values_for

OWN_WORDS: Final = "outreach/prompt"
"""The template that wraps the clinic's own words."""
FIELDS: Final = ("name", "clinic", "phone")
LONGEST: Final = 1600
MOST_SEGMENTS: Final = 2
_FIELD: Final = re.compile(r"\{([^{}]*)\}")
_ADDRESSED: Final = re.compile(r"[ ]?\{name\}[,:،、]?")
# As long as names get, for counting segments.
_LONG_NAME: Final = "Maximiliano"


class Fault(StrEnum):
    """What is wrong with a campaign's text."""

    EMPTY = "empty"
    TOO_LONG = "too-long"
    UNKNOWN_FIELD = "unknown-field"
    CARRIER_WORD = "carrier-word"
    """Offers a word on which carriers act by themselves."""
    TELLING = "telling"
    """Says what the care is for."""
    ODD_CHARACTER = "odd-character"
    """One that makes the text dearer, or shows as a box."""
    NO_TEMPLATE = "no-template"
    NEEDS_A_VISIT = "needs-a-visit"
    """The template speaks of a visit, and a campaign is about none."""
    NO_LANGUAGE = "no-language"


class Unwritten(StrEnum):
    """Why there is no text for a patient."""

    LANGUAGE = "not-in-their-language"
    UNAPPROVED = "translation-not-approved"
    UNREADABLE = "name-cannot-be-read"


@dataclass(frozen=True, slots=True)
class Found:
    """One fault, and what it is about: the field, the word, the number of segments."""

    fault: Fault
    about: str = ""


@dataclass(frozen=True, slots=True)
class Words:
    """The clinic's own words in one language."""

    body: str
    is_source: bool
    is_approved: bool
    """A translation counts once somebody qualified stands behind it, for the words as they are now."""


@dataclass(frozen=True, slots=True)
class Written:
    """One text, ready: its words, their language, its kind."""

    body: str
    language: str
    segments: int
    kind: str


def digest(body: str) -> str:
    """What tells whether the words are still those that were translated."""
    return hashlib.sha256(body.encode()).hexdigest()


def step_of(text_key: str) -> tuple[Journey, Step] | None:
    """The journey, and its first step, that this text begins or goes on with; None for one that only answers."""
    for journey in discover().values():
        start = journey.steps[journey.start]
        for step in (start, *journey.steps.values()):
            if step.text == text_key and (step is start or (step.sends is not None and step.on)):
                return journey, step
    return None


def startable(clinic: Clinic, now: datetime) -> Sequence[str]:
    """The templates that a campaign may use: they start a journey, and are about no visit."""
    keys = sorted({step.text for journey in discover().values() for step in journey.steps.values() if step.text})
    return [key for key in keys if key == OWN_WORDS or not template_faults(clinic, key, now)]


def template_faults(clinic: Clinic, text_key: str, now: datetime) -> list[Found]:
    """What keeps a campaign from using this template."""
    if text_key not in clinic.texts.keys() or step_of(text_key) is None:  # noqa: SIM118 - Texts is no mapping
        return [Found(Fault.NO_TEMPLATE, text_key)]
    if rank_of(text_key) == FIRST:
        return [Found(Fault.NEEDS_A_VISIT, text_key)]
    try:
        clinic.texts.render(text_key, language=None, values=values_for(clinic, now=now, name=_LONG_NAME))
    except Exception:
        # Whatever the template misses, a campaign has it for nobody.
        return [Found(Fault.NEEDS_A_VISIT, text_key)]
    return []


def words_faults(clinic: Clinic, body: str, language: str, now: datetime) -> list[Found]:
    """What is wrong with the clinic's own words, before anybody reads them."""
    if clinic.texts.supports(language) != language:
        return [Found(Fault.NO_LANGUAGE, language)]
    if not body.strip():
        return [Found(Fault.EMPTY)]
    found = [Found(Fault.UNKNOWN_FIELD, name) for name in _FIELD.findall(body) if name not in FIELDS]
    found += [Found(Fault.CARRIER_WORD, word) for word in clinic.texts.offers(body)]
    if clinic.texts.tells(_FIELD.sub(" ", body)):
        found.append(Found(Fault.TELLING))
    found += [Found(Fault.ODD_CHARACTER, one) for one in sorted(set(body)) if one != "\n" and normalise(one) != one]
    if len(body) > LONGEST:
        found.append(Found(Fault.TOO_LONG, str(len(body))))
    elif not any(one.fault is Fault.UNKNOWN_FIELD for one in found):
        text = _framed(clinic, body, language, _LONG_NAME, now).body
        most = MOST_SEGMENTS if encoding(text) is Encoding.GSM7 else 2 * MOST_SEGMENTS
        if segments(text) > most:
            found.append(Found(Fault.TOO_LONG, str(segments(text))))
    return found


def write(
    clinic: Clinic,
    text_key: str,
    words: Mapping[str, Words],
    *,
    language: str,
    name: str,
    now: datetime,
) -> Written | Unwritten:
    """The text for a speaker of that language. `words`: the clinic's own, by language, where it has written some."""
    if not words:
        values = values_for(clinic, now=now, name=name)
        text = reviews.render(clinic, text_key, language=language, values=values)
        return Written(text.text, text.language, text.segments, text_key)
    tag = clinic.texts.supports(language) or language
    own = words.get(tag)
    if own is None:
        return Unwritten.LANGUAGE
    if not (own.is_source or own.is_approved):
        return Unwritten.UNAPPROVED
    return _framed(clinic, own.body, tag, name, now, text_key=text_key)


def _framed(
    clinic: Clinic, body: str, language: str, name: str, now: datetime, *, text_key: str = OWN_WORDS
) -> Written:
    values: Mapping[str, Any] = values_for(clinic, now=now, name=name)
    if not name:
        body = _ADDRESSED.sub("", body)
    prompt = _FIELD.sub(lambda found: str(values.get(found[1]) or ""), body).strip()
    text = clinic.texts.render(text_key, language=language, values={**values, "prompt": prompt})
    return Written(text.text, language, text.segments, text_key)
