"""One message in one language as its patients read it: with plain and with the longest values, counted and graded."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from bot.content.grade import grade
from bot.content.messages import Messages
from bot.content.prepared import Rendered
from bot.content.samples import household, plain, samples
from bot.content.values import GIVEN, LINKS
from bot.core.segments import Encoding, encoding

SOME_LINK, SOME_NUMBER = "https://clinic.example/a1b2c3", "12"


@dataclass(frozen=True, slots=True)
class Example:
    """The text with one set of values."""

    text: str
    characters: int
    segments: int
    encoding: Encoding


@dataclass(frozen=True, slots=True)
class Shown:
    """A message in the language that it really goes out in."""

    key: str
    language: str
    """English where the language lacks a sentence of it."""
    plain: Example
    longest: Example
    budget: int
    """Segments that it may take in that alphabet."""
    over: bool
    grade: float | None


def show(messages: Messages, key: str, tag: str, *, clinic: str, phone: str) -> Shown:
    """The message `key` for speakers of `tag`, from a clinic of that name and number. Raises UnknownMessage."""
    values = {**plain(), "clinic": clinic, "phone": phone}
    rendered = messages.render(key, language=tag, values=variants(messages, key, values)[0])
    longest = _longest(messages, key, tag)
    source = messages.source(key)
    return Shown(
        key=key,
        language=rendered.language,
        plain=_example(rendered),
        longest=_example(longest),
        budget=source.allowed(longest),
        over=not source.fits(longest),
        grade=grade(rendered.text, rendered.language),
    )


@lru_cache(maxsize=4096)
def _longest(messages: Messages, key: str, tag: str) -> Rendered:
    """The dearest, and of these the longest, of what the samples make of it."""
    language = messages.language(tag)
    sets = [variant for values in samples(language) for variant in variants(messages, key, values)]
    made = (messages.render(key, language=tag, values=values) for values in sets)
    source = messages.source(key)
    return max(made, key=lambda one: (not source.fits(one), one.segments, len(one.text)))


def plain_text(messages: Messages, key: str, tag: str) -> str:
    """The message as most patients get it."""
    return messages.render(key, language=tag, values=variants(messages, key, plain())[0]).text


def variants(messages: Messages, key: str, values: Mapping[str, object]) -> Sequence[Mapping[str, object]]:
    """These values as the message can get them.

    With two people's visits where it speaks of several; with and without what only it knows (`soon is defined`).
    """
    source = messages.source(key)
    several = any(name in source.text for name in ("visit_times", "visit_menu"))
    base = household(values, (str(values["name"]), "Luis")) if several else values
    own = source.uses - GIVEN
    full = {**{name: SOME_LINK if name in LINKS else SOME_NUMBER for name in own}, **base}
    optional = all(f"{name} is defined" in source.text for name in own)
    return [base, full] if own and optional else [full]


def _example(rendered: Rendered) -> Example:
    return Example(rendered.text, len(rendered.text), rendered.segments, encoding(rendered.text))
