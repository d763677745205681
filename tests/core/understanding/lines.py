"""The labelled replies of `tests/corpus/`, read for the tests."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

CORPUS = Path(__file__).parents[2] / "corpus"


@cache
def labelled(name: str) -> tuple[dict[str, object], ...]:
    """The lines of one file, such as `pl`."""
    text = (CORPUS / f"{name}.jsonl").read_text(encoding="utf-8")
    return tuple(json.loads(line) for line in text.splitlines() if line.strip())


def names() -> list[str]:
    """The languages that have lines."""
    return sorted(path.stem for path in CORPUS.glob("*.jsonl"))
