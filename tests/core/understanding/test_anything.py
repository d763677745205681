"""No text raises: random, mutated and hostile ones are all read, and an error inside would show as evidence."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.content.replies import load_understander
from bot.core.understanding import Understander
from bot.core.understanding.understander import FAILED
from tests.core.understanding.lines import labelled, names

NASTY = [
    "\x00", "\x00\x00stop", "\u202estop\u202c", "\u2066yes\u2069", "a\u0300" * 800, "\u0489" * 1600, "s" * 1600,
    "9" * 1600, "st\u043ep", "ｓｔｏｐ", "\ud800", "yes\udfff", "\ud83d", "🙏" * 800,
    "👨‍👩‍👧‍👦" * 100, "(" * 1600, "\n" * 1600, "?" * 1600,
    ".1" * 800, "1/2/3/4/5/6/7/8", "24:61", "0:00", "99999999999999999999", "٣", "३", "十二",
    "½", "²", "\u200b" * 1600, "\ufeff", "'" * 900,
    "''''a''''", "w/", "a.m.", "> > >", "On Monday wrote:", "Liked “", "\u2028\u2029", "\x1b[31mred",
    "%s%n{0}", "\\u0000",
    "<script>alert(1)</script>", "' OR 1=1 --", "على" * 500, "ﷺ" * 200, "Ǆ" * 400, "İ" * 400, "ß" * 400, "ﬁﬂ" * 400,
]  # fmt: skip
LETTERS = "".join(NASTY)


def _texts(count: int, seed: int) -> Iterator[str]:
    """Hostile texts, and patients' texts with letters taken out, put in, swapped and repeated."""
    chance = random.Random(seed)
    patients = [str(line["text"]) for name in names() for line in labelled(name)]
    yield from NASTY
    for _ in range(count - len(NASTY)):
        text = list(chance.choice(patients) if chance.random() < 0.9 else "")
        for _ in range(chance.randint(1, 6)):
            at = chance.randint(0, len(text))
            match chance.randrange(5):
                case 0:
                    text[at:at] = chance.choice(LETTERS)
                case 1:
                    text[at : at + 1] = []
                case 2:
                    text[at:at] = chr(chance.randrange(0x110000))
                case 3:
                    text[at:at] = text[: chance.randint(0, len(text))]
                case _:
                    text[at : at + 2] = text[at : at + 2][::-1]
        yield "".join(text)


def _failures(understand: Understander, text: str) -> list[str]:
    understanding = understand(text)
    assert understanding.intents
    return [piece.rule for piece in understanding.evidence if piece.rule.startswith(FAILED)]


@pytest.mark.parametrize("text", NASTY, ids=ascii)
def test_hostile_texts_are_read(text: str) -> None:
    """None ends in the understander's own safety net."""
    assert _failures(load_understander(), text) == []


@settings(max_examples=200, deadline=None)
@given(st.text())
def test_any_text_is_read(text: str) -> None:
    """Whatever Unicode has, lone surrogates too."""
    assert _failures(load_understander(), text) == []


@pytest.mark.slow
def test_a_hundred_thousand_texts_through_the_command() -> None:
    """`bot understand` answers each line once, in order, and none of them failed inside."""
    lines = [json.dumps({"id": at, "text": text}) for at, text in enumerate(_texts(100_000, seed=11))]
    command = [sys.executable, "-m", "bot", "understand"]
    done = subprocess.run(command, input="\n".join(lines).encode(), capture_output=True, timeout=540, check=False)
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert (done.returncode, [answer["id"] for answer in answers]) == (0, list(range(100_000)))
    assert [answer for answer in answers if any(piece["rule"].startswith(FAILED) for piece in answer["evidence"])] == []
