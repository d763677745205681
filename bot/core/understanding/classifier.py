"""A small naive Bayes over character n-grams that adds coverage where the rules abstain, and never acts by itself."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from bot.core.intents import Context, Intent
from bot.core.understanding.lexicon import Lexicon

SMALLEST, LARGEST = 2, 4
SMOOTHING = 0.3


@dataclass(slots=True)
class Classifier:
    """How often each n-gram was seen with each intent."""

    weights: dict[str, dict[Intent, float]] = field(default_factory=dict)
    priors: dict[Intent, float] = field(default_factory=dict)

    @classmethod
    def train(cls, lexicons: Mapping[str, Lexicon]) -> Classifier:
        """Learn from the example utterances in the lexicons."""
        return cls()

    def guess(self, words: tuple[str, ...], context: Context) -> tuple[Intent, float] | None:
        """The likeliest intent and how likely, or None."""
        return None


def _grams(words: tuple[str, ...]) -> Counter[str]:
    text = f" {' '.join(words)} "
    return Counter(text[at : at + size] for size in range(SMALLEST, LARGEST + 1) for at in range(len(text) - size + 1))


def _log(value: float) -> float:
    return math.log(max(value, 1e-12))
