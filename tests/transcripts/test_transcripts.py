"""Golden chats: what patients and the clinic say, and what is recorded, line by line."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.transcripts.script import copy_of, files, play


@pytest.mark.parametrize("path", files(), ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_the_chat_comes_out_as_written(path: Path, migrated_sqlite: Path, tmp_path: Path) -> None:
    written = path.read_text(encoding="utf-8")
    played = play(written, copy_of(migrated_sqlite, tmp_path / "chat.db"))
    # After a change of words or rules: `python -m tests.transcripts.record`, then read the difference.
    assert played.splitlines() == written.splitlines()


def test_there_are_chats_of_every_kind() -> None:
    assert len(files()) >= 25
