"""One message in one language as its patients read it: with plain and with the longest values, counted and graded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from bot.content.grade import grade
from bot.content.messages import Messages, Rendered
from bot.content.samples import household, plain, samples
from bot.core.segments import Encoding, encoding


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
    rendered = messages.render(key, language=tag, values=fitting(messages, key, values))
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
    sets = [fitting(messages, key, values) for values in samples(language)]
    made = (messages.render(key, language=tag, values=values) for values in sets)
    source = messages.source(key)
    return max(made, key=lambda one: (not source.fits(one), one.segments, len(one.text)))


def plain_text(messages: Messages, key: str, tag: str) -> str:
    """The message as most patients get it."""
    return messages.render(key, language=tag, values=fitting(messages, key, plain())).text


def fitting(messages: Messages, key: str, values: Mapping[str, object]) -> Mapping[str, object]:
    """The values, with two people's visits for a message that speaks of several."""
    several = any(name in messages.source(key).text for name in ("visit_times", "visit_menu"))
    return household(values, (str(values["name"]), "Luis")) if several else values


def _example(rendered: Rendered) -> Example:
    return Example(rendered.text, len(rendered.text), rendered.segments, encoding(rendered.text))
