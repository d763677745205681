"""What each language still lacks before its patients can be written to and understood in it."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from babel import Locale
from babel.core import UnknownLocaleError

from bot.content.catalogues import read_catalogue
from bot.content.languages import DESCRIPTION, Language, Languages, Review, read
from bot.content.messages import LOCALES, Messages
from bot.content.replies import load_lexicons, load_understander
from bot.core.intents import Intent
from bot.core.understanding import Asked, Lexicon, Understander
from bot.core.understanding.patterns import PatternError

REPLIES: Final = "replies.toml"
COUNTED: Final = range(201)
"""Nothing that a text counts is more than that; from a million on some languages have one form more."""
NEEDED: Final = frozenset({
    "yes", "no", "okay", "confirm", "decline", "reschedule", "question", "request_human", "opt_out", "wrong_person",
    "deceased", "language_switch", "running_late", "symptom", "danger.breathing", "danger.cardiac", "danger.explicit",
    "danger.overdose", "danger.self-harm", "danger.stroke", "danger.violence",
})  # fmt: skip
"""Groups of the lexicon without which a reply in that language would be missed, or worse."""


@dataclass(frozen=True, slots=True)
class Completeness:
    """One language folder: what it is called, how far it is reviewed, and what it lacks."""

    tag: str
    english_name: str
    review: str
    missing: tuple[str, ...]


def completeness(root: Path) -> list[Completeness]:
    """One entry for each folder under `locales/` that is, or is to be, a language that patients are written in."""
    folder = root / LOCALES
    described = {path.parent for path in folder.glob(f"*/{DESCRIPTION}")}
    found: dict[str, Language] = {}
    broken: dict[str, str] = {}
    for place in sorted(described | {path.parents[1] for path in folder.glob("*/LC_MESSAGES/messages.po")}):
        try:
            found[place.name] = read(place / DESCRIPTION)
        except (OSError, ValueError) as fault:
            broken[place.name] = str(fault) if place in described else f"no {DESCRIPTION}"
    messages = Messages(root=root, languages=Languages(found))
    words = _Words(folder)
    whole = [
        Completeness(tag, language.english_name, _review(language), tuple(_missing(language, messages, words)))
        for tag, language in found.items()
    ]
    return sorted(
        [*whole, *(Completeness(tag, "", "", (fault,)) for tag, fault in broken.items())], key=lambda one: one.tag
    )


class _Words:
    """What is understood: the lexicons, and all of them together."""

    def __init__(self, folder: Path) -> None:
        self.lexicons: dict[str, Lexicon] = {}
        self.fault = ""
        self.understand: Understander | None = None
        try:
            self.lexicons = load_lexicons(folder)
            self.understand = load_understander(folder)
        except (tomllib.TOMLDecodeError, UnicodeDecodeError, PatternError) as fault:
            self.fault = str(fault)


def _review(language: Language) -> str:
    return "" if language.reviewed is None and language.review is not Review.SOURCE else str(language.review)


def _missing(language: Language, messages: Messages, words: _Words) -> Iterator[str]:
    try:
        yield from _catalogue(language, messages)
        yield from _plurals(language)
    except ValueError as fault:
        yield str(fault)
    yield from _dates(language)
    if not language.formal.how:
        yield "[formal] how: the form in which patients are addressed"
    if not (language.unsafe.roots or language.unsafe.words or language.unsafe.anywhere):
        yield "[unsafe]: words that tell what the care is for"
    if not language.carriers.tell:
        yield '[carriers] tell: the words for "reply" and "send"'
    if language.reviewed is None and language.review is not Review.SOURCE:
        yield "[review] reviewed: true or false"
    yield from _replies(language, words)


def _catalogue(language: Language, messages: Messages) -> Iterator[str]:
    if not language.catalogue.is_file():
        yield "LC_MESSAGES/messages.po"
        return
    wanted = {msgid for key in messages.keys() for msgid in messages.source(key).msgids}  # noqa: SIM118
    lacking = [msgid for msgid in wanted if not messages.catalogue(language.tag).has(msgid)]
    if lacking:
        yield f"{len(lacking)} of {len(wanted)} sentences"


def _dates(language: Language) -> Iterator[str]:
    # Two months of one name leave it open which one the visit is in.
    words = language.dates.words
    for name, given in (("weekdays", words.weekdays), ("months", words.months)):
        if len(set(given)) < len(given):
            yield f"[dates] {name}: two are the same"


def _plurals(language: Language) -> Iterator[str]:
    if language.plurals_why:
        return
    try:
        category = Locale.parse(language.plurals.replace("-", "_")).plural_form
    except (UnknownLocaleError, ValueError):
        yield f"[plurals]: CLDR does not know {language.plurals}; name a language that counts like it, or say why not"
        return
    form = read_catalogue(language.catalogue).form
    by_category: dict[str, set[int]] = {}
    for count in COUNTED:
        by_category.setdefault(category(count), set()).add(form(count))
    forms = [next(iter(found)) for found in by_category.values()]
    if any(len(found) > 1 for found in by_category.values()) or len(set(forms)) < len(forms):
        yield f"Plural-Forms: does not tell apart what CLDR does ({', '.join(sorted(by_category))})"


def _replies(language: Language, words: _Words) -> Iterator[str]:
    if words.fault:
        yield f"{REPLIES}: {words.fault}"
        return
    # Both ways of writing Chinese are understood from one file.
    lexicon = words.lexicons.get(language.tag) or words.lexicons.get(language.tag.partition("-")[0])
    if lexicon is None:
        yield REPLIES
        return
    groups = {group for block in lexicon.blocks.values() for group in block}
    lacking = sorted(NEEDED - groups)
    if lacking:
        yield f"{REPLIES}: {', '.join(lacking)}"
    for name in dict.fromkeys((language.name, language.english_name)):
        if not _switches(words, name, language.tag):
            yield f'{REPLIES}: "{name}" asks for no texts in it'


def _switches(words: _Words, name: str, tag: str) -> bool:
    assert words.understand is not None
    plain = name.partition(",")[0]
    understood = words.understand(plain, Asked())
    wanted = understood.details.language or ""
    return understood.has(Intent.LANGUAGE_SWITCH) and wanted.partition("-")[0] == tag.partition("-")[0]
