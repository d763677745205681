"""What is compiled once and kept: only ever given back whole, and for the very sources that it was made of."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from bot.content import kept
from bot.content.paths import data_root
from bot.content.replies import load_understander
from bot.core.intents import Intent

DATA = {"rules": [("stop", 1)], "words": {"a", "ب"}}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    found = kept.path_of(tmp_path, "replies")
    assert found is not None
    return found


def test_it_comes_back_under_its_own_stamp_only(path: Path) -> None:
    ours, theirs = kept.stamp_of([b"a", b"b"]), kept.stamp_of([b"ab", b""])
    assert kept.load(path, ours) is None
    kept.save(path, ours, DATA)
    assert kept.load(path, ours) == DATA
    assert kept.load(path, theirs) is None
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize("damage", [lambda kept: kept[:-1], lambda kept: kept[:70] + b"!" + kept[71:], lambda _: b""])
def test_a_damaged_file_is_as_good_as_none(path: Path, damage: object) -> None:
    assert callable(damage)
    stamp = kept.stamp_of([b"a"])
    kept.save(path, stamp, DATA)
    path.write_bytes(damage(path.read_bytes()))
    assert kept.load(path, stamp) is None


def test_where_nothing_can_be_written_nothing_is_kept_and_nothing_fails(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "replies.kept"
    kept.save(path, kept.stamp_of([]), DATA)
    assert kept.load(path, kept.stamp_of([])) is None


def test_a_changed_lexicon_counts_at_once(tmp_path: Path) -> None:
    (tmp_path / "en").mkdir()
    lexicon = tmp_path / "en" / "replies.toml"
    lexicon.write_text((data_root() / "locales" / "en" / "replies.toml").read_text(encoding="utf-8"), encoding="utf-8")
    assert load_understander(tmp_path)("blorptastic").intent is Intent.UNCLEAR
    lexicon.write_text('[whole]\nopt_out = """\nblorptastic\n"""\n', encoding="utf-8")
    assert load_understander(tmp_path)("blorptastic").intent is Intent.OPT_OUT
    assert load_understander(tmp_path)("blorptastic").intent is Intent.OPT_OUT  # now as it was kept
