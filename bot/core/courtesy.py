"""Answers of a word or two: an OK that is mere manners, and a yes that does not say to what."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from bot.core.binding import Binding, Fit
from bot.core.intents import Intent, Understanding
from bot.core.journey import QuestionState

_OK: Final = "okay"
_YES: Final = "yes"


def heard(understanding: Understanding, binding: Binding, *, opted_out: bool) -> Understanding:
    """The understanding; but an OK to a text that asked nothing is no answer, it says that it was read."""
    if not _only(understanding, _OK):
        return understanding
    question = binding.question
    told = question is not None and question.is_notice
    answered = (
        binding.fit is Fit.CORRECTION and question is not None and question.state is QuestionState.ANSWERED
    ) or binding.fit is Fit.OVER
    return replace(understanding, intents=(Intent.ACKNOWLEDGE,)) if opted_out or told or answered else understanding


def is_bare_yes(text: str, understanding: Understanding) -> bool:
    """Whether it is a yes and no more: "yes", "yes please", "sure"; not "I meant yes", "yes I can come" or "1"."""
    if not _only(understanding, _OK, _YES):
        return False
    said = _from_first_word(text)
    return any(said.startswith(_from_first_word(piece.words)) for piece in understanding.evidence if piece.words)


def _only(understanding: Understanding, *groups: str) -> bool:
    """Whether a yes was read, by no other words than those of these groups of the lexicon ("en:okay: ok")."""
    # A carrier that takes YES for START has both read in it.
    if [intent for intent in understanding.intents if intent is not Intent.OPT_IN] != [Intent.CONFIRM]:
        return False
    rules = [piece.rule for piece in understanding.evidence if piece.intent is Intent.CONFIRM]
    return bool(rules) and all(_group(rule) in groups for rule in rules)


def _group(rule: str) -> str:
    return rule.partition(":")[2].partition(":")[0].strip()


def _from_first_word(text: str) -> str:
    return text.strip(" \t\n.,!?¡¿\"'“”").casefold()
