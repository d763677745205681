"""What the last message asked, which decides what a short reply means."""

from __future__ import annotations

from dataclasses import dataclass

from bot.core.intents import Context


@dataclass(frozen=True, slots=True)
class Asked:
    """The open question: its context, the options offered in order, its words, and the language on file.

    `measures` are what our own text asks to be measured ("measure.pressure"); other questions tell it by their words.
    """

    context: Context = Context.NONE
    options: tuple[str, ...] = ()
    prompt: str | None = None
    language: str | None = None
    measures: frozenset[str] = frozenset()
