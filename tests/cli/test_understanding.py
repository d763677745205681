"""`bot understand` and `bot evaluate`: one answer to each line, whatever stands in it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bot.cli import main


def test_each_line_has_its_answer_and_a_bad_one_spoils_no_other() -> None:
    lines = [
        b'\xef\xbb\xbf{"id": 1, "text": "yes", "context": "appointment_reminder"}',
        b"{bad",
        b"[" * 100_000,
        b'"words"',
        b"\xff\xfe",
        b'{"id": 2, "text": "yes", "context": "nowhere"}',
        b'{"id": NaN, "text": "yes"}',
        b'{"id": 3, "text": "\\ud83d stop"}',
    ]
    ran = CliRunner().invoke(main, ["understand"], input=b"\n".join(lines), catch_exceptions=False)
    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.exit_code == 1
    assert [answer["id"] for answer in answers] == [1, None, None, None, None, 2, None, 3]
    assert answers[0]["intent"] == "confirm"
    assert [("error" in answer) for answer in answers] == [False, *[True] * 6, False]


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (b"\xff\xfe", "can't decode"),
        (b"[1]", "not a labelled reply"),
        (b'{"text": "yes"}', "not a labelled reply"),
        (b'{"text": "yes", "expect": 5}', "`expect` is a list of intents"),
        (b'{"text": "yes", "expect": ["agree"]}', "`expect` is a list of intents"),
        (b'{"text": "yes", "expect": ["confirm"], "must_not": 7}', "`must_not` is a list of intents"),
        (b'{"text": "yes", "expect": ["confirm"], "options": "yes"}', "`options` is a list of words"),
        (b'{"text": "yes", "expect": ["confirm"], "context": "nowhere"}', "nowhere"),
    ],
)
def test_a_line_that_is_not_labelled_is_named(tmp_path: Path, line: bytes, reason: str) -> None:
    (tmp_path / "lines.jsonl").write_bytes(b'\n{"text": "yes\xc2\x85", "expect": ["confirm"]}\n' + line + b"\n")
    ran = CliRunner().invoke(main, ["evaluate", str(tmp_path / "lines.jsonl")], catch_exceptions=False)
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert ran.stderr.startswith("Error: line 3: ")
    assert reason in ran.stderr
    assert len(ran.stderr.splitlines()) == 1
