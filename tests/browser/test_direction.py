"""What a screen makes of Arabic and Persian texts: where each sign of a phone number, a time and a keyword stands."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import pytest
from playwright.sync_api import Page

from bot.content.messages import Messages
from bot.content.samples import household, plain

pytestmark = [pytest.mark.browser, pytest.mark.slow]

MESSAGES = Messages.load()
# What must be read from left to right, and what belongs to the sentence after a phone number.
RUNS = re.compile(r"601-555-0142|\d+:\d\d [AP]M|STOP|HELP|START|Main St Clinic|Ana|Luis|911|988")
# Where each sign of each run stands: its left edge and its line.
WHERE = """
([id, runs]) => {
  const node = document.getElementById(id).firstChild;
  const at = (from, to) => {
    const range = document.createRange(); range.setStart(node, from); range.setEnd(node, to);
    const box = range.getBoundingClientRect(); return [box.left, box.right, box.top];
  };
  return runs.map(([from, to]) => [...Array(to - from).keys()].map(n => at(from + n, from + n + 1)));
}
"""


def drawn(page: Page, texts: Sequence[str]) -> Iterator[tuple[str, list[list[list[float]]]]]:
    """Each text with the places of its runs, sign by sign, in one line: what comes later stands further left."""
    line = '<p dir="auto" style="white-space: nowrap" id="{}">{}</p>'
    page.set_content(f'<body style="width: 4000px">{"".join(line.format(*one) for one in enumerate(texts))}</body>')
    for number, text in enumerate(texts):
        yield text, page.evaluate(WHERE, [str(number), [found.span() for found in RUNS.finditer(text)]])


def is_in_order(runs: list[list[list[float]]]) -> bool:
    """Whether each run reads from left to right, and each stands to the left of the one before."""
    lefts = [[left for left, right, _top in signs if right > left] for signs in runs]
    starts = [max(right for _left, right, _top in signs) for signs in runs]
    return all(one == sorted(one) for one in lefts) and starts == sorted(starts, reverse=True)


@pytest.mark.parametrize("tag", ["ar", "fa"])
def test_runs_keep_their_order_and_follow_each_other_from_the_right(page: Page, tag: str) -> None:
    values = household(plain(), ("Ana", "Luis"))
    texts = [MESSAGES.render(key, language=tag, values=values).text for key in MESSAGES.keys()]  # noqa: SIM118
    found = list(drawn(page, texts))
    assert [text for text, runs in found if not is_in_order(runs)] == []
    assert sum(len(runs) for _text, runs in found) > 100
    # The same with mere marks in front of numbers, and with nothing: that is what the isolates are for.
    for opening, closing in (("\u200e", ""), ("", "")):
        plainer = [re.sub("[\u2066\u2068]", opening, text).replace("\u2069", closing) for text in texts]
        assert sum(not is_in_order(runs) for _text, runs in drawn(page, plainer)) > 10
