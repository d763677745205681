"""The labelled replies of `tests/corpus/`: what they are, and that what was once understood stays so."""

from __future__ import annotations

import json
from collections import Counter
from functools import cache

import pytest

from bot.cli.scoring import Tally, check_labels, score
from bot.cli.understanding import asked_of
from bot.content.replies import load_understander
from tests.core.understanding.lines import labelled, names

pytestmark = pytest.mark.slow

LANGUAGES = frozenset({"ar", "en", "es", "fa", "fr", "hi", "ht", "ko", "pl", "pt", "ru", "tl", "vi", "zh"})
GRAVE = "grave"
"""Dangers, opt-outs and what only sounds like them: lines made to mislead, measured by these alone."""
DEEP = frozenset({"en", "es"})


@cache
def tally(name: str) -> Tally:
    understand = load_understander()
    return score((line, understand(str(line["text"]), asked_of(line))) for line in labelled(name)).overall


@pytest.mark.parametrize("name", names())
def test_every_line_is_labelled(name: str) -> None:
    for line in labelled(name):
        check_labels(line)
        asked_of(line)
        expected, forbidden = set(line["expect"]), set(line.get("must_not") or ())  # type: ignore[call-overload]
        assert line["text"], line["id"]
        assert not expected & forbidden, line["id"]


def test_lines_are_many_and_no_two_are_one() -> None:
    every = [(name, line) for name in names() for line in labelled(name)]
    assert {name.partition("-")[0] for name in names()} >= LANGUAGES
    assert len(every) >= 2000
    ids = Counter(str(line["id"]) for _, line in every)
    assert [known for known, count in ids.items() if count > 1] == []
    keys = ("text", "context", "options", "prompt")
    twins = Counter((name, json.dumps([line.get(key) for key in keys])) for name, line in every)
    assert [twin for twin, count in twins.items() if count > 1] == []


@pytest.mark.parametrize("name", names())
def test_what_was_understood_stays_understood(name: str) -> None:
    """The figures that are promised for unseen lines; these were seen, so each language has to reach them alone."""
    rates = tally(name).rates()
    deep = name in DEEP

    def at_least(figure: str, share: float) -> bool:
        return rates[figure] is None or rates[figure] >= share  # type: ignore[operator]

    assert rates["emergency_lost"] == 0
    assert at_least("emergency_recall", 0.98 if deep else 0.95)
    assert at_least("opt_out_recall", 0.99 if deep else 0.97)
    assert rates["false_emergency"] <= (0.01 if deep else 0.015)  # type: ignore[operator]
    assert rates["must_not"] <= (0.004 if deep else 0.007)  # type: ignore[operator]
    if name == GRAVE:
        return
    assert at_least("auto_precision", 0.985 if deep else 0.97)
    assert at_least("auto_coverage", 0.90 if deep else 0.80)
    assert at_least("accuracy", 0.92 if deep else 0.85)
    assert at_least("multi", 0.80)


def test_hardly_ever_are_texts_stopped_that_are_wanted() -> None:
    """Pooled, as one line in three hundred is more than some languages have."""
    tallies = [tally(name) for name in names()]
    assert sum(one.false_opt_outs for one in tallies) <= 0.003 * sum(one.staying for one in tallies)
