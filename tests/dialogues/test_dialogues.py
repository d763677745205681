"""Every scripted dialogue ends where it may, and passes through nothing that it must not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.dialogues.script import SETUP, dialogues_of, play
from tests.dialogues.stage import Theatre

FILES = sorted(Path(__file__).parent.glob("*.jsonl"))
ALL = [dialogue for path in FILES for dialogue in dialogues_of(path)]


@pytest.fixture(scope="module")
def theatre(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Theatre:
    return Theatre(migrated_sqlite, tmp_path_factory.mktemp("theatre"))


@pytest.mark.parametrize("dialogue", ALL, ids=lambda dialogue: dialogue["id"])
def test_the_dialogue_ends_right(dialogue: dict[str, Any], theatre: Theatre) -> None:
    played = play(dialogue, theatre)
    assert not played.problems, "\n".join([dialogue["title"], *played.trace])


def test_a_wrong_end_and_a_forbidden_state_are_seen(theatre: Theatre) -> None:
    asked = {"at": "+0m", "dir": "out", "kind": "appointment_reminder", "appointment": "A1"}
    said = [{"at": f"+{n}m", "dir": "in", "text": text, "message_id": f"SM{n}"} for n, text in ((1, "yes"), (2, "no"))]
    wrong = {
        "setup": SETUP,
        "events": [asked, *said],
        "expect": {
            "appointments": {"A1": ["confirmed"]},
            "escalated": False,
            "priority": None,
            "opted_out": True,
            "language": "es",
            "due_sent": [True],
            "reasons": ["emergency"],
        },
        "forbid": ["A1:confirmed", "A1:cancelled_at_end"],
        "max_replies": {"1": 0},
    }
    problems = play(wrong, theatre).problems
    assert len(problems) == 10, problems
