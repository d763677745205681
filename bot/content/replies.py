"""Loads what patients write: every language's `replies.toml`, taught to one understander."""

from __future__ import annotations

import gc
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, lru_cache
from pathlib import Path

from bot.content import kept
from bot.content.paths import data_root
from bot.core import understanding
from bot.core.intents import Evidence, Understanding
from bot.core.preparation import Protocol
from bot.core.preparation import parse as parse_protocols
from bot.core.sensitive import Sensitive
from bot.core.sensitive import parse as parse_sensitive
from bot.core.series import AllSeries
from bot.core.series import parse as parse_series
from bot.core.understanding import Asked, Compiled, Lexicon, Understander, compile_lexicons
from bot.core.understanding.readings import Limits

NOTHING_ASKED = Asked()
SHORT = 24
"""Characters up to which a text is remembered with its meaning, within the process."""


def load_understander(locales: Path | None = None) -> Understander:
    """The understander of all lexicons found under `locales`; the one that ships is compiled once in a process."""
    return _compile(locales) if locales else _shipped()


class OnFirstUse:
    """The understander that ships, read when the first text is: most commands never read one."""

    def __call__(self, text: str, asked: Asked = NOTHING_ASKED) -> Understanding:
        """What the text means after that question."""
        return _short(text, asked) if len(text) <= SHORT else _shipped()(text, asked)

    def scan(self, text: str) -> tuple[Evidence, ...]:
        """The red-flag scan alone."""
        return _shipped().scan(text)


@lru_cache(maxsize=8192)
def _short(text: str, asked: Asked) -> Understanding:
    # Most replies are "yes", "1" or "ok": what such a text means after a question is worked out once.
    return _shipped()(text, asked)


@cache
def _shipped() -> Understander:
    return _compile(data_root() / "locales")


def _compile(folder: Path) -> Understander:
    with _nothing_collected():
        return Understander(_compiled(folder), load_limits(folder))


def _compiled(folder: Path) -> Compiled:
    """The lexicons compiled: as they were kept, while neither they nor the code that reads them has changed."""
    code = sorted(Path(understanding.__file__).parent.glob("*.py"))
    sources = [*sorted(folder.glob("*/replies.toml")), *code]
    stamp = kept.stamp_of(source.read_bytes() for source in sources)
    path = kept.path_of(folder, "replies")
    found: Compiled | None = kept.load(path, stamp) if path else None
    if found is None:
        found = compile_lexicons(load_lexicons(folder))
        if path:
            kept.save(path, stamp, found)
    return found


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Nearly all that is made here stays: looking through it for garbage again and again is a quarter of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.freeze()  # From now on the collector passes by what was made.
            gc.enable()


def load_lexicons(folder: Path) -> dict[str, Lexicon]:
    """Every language's lexicon, by its tag."""
    found = ((path.parent.name, path) for path in sorted(folder.glob("*/replies.toml")))
    return {tag: Lexicon.parse(tag, _toml(path)) for tag, path in found}


def load_limits(folder: Path) -> dict[str, Limits]:
    """The clinicians' limits for readings from home, by kind; empty where the file is missing."""
    path = folder / "readings.toml"
    if not path.is_file():
        return {}
    return {kind: Limits(**table) for kind, table in _toml(path).items() if isinstance(table, dict)}


def load_protocols(folder: Path) -> tuple[Protocol, ...]:
    """What patients are to do before a visit, by service; none where the file is missing. Raises ValueError."""
    path = folder / "protocols.toml"
    return parse_protocols(_toml(path)) if path.is_file() else ()


def load_sensitive(folder: Path) -> Sensitive:
    """Which services are nobody's business but the patient's; none where the file is missing. Raises ValueError."""
    path = folder / "sensitive.toml"
    return parse_sensitive(_toml(path)) if path.is_file() else Sensitive()


def load_series(folder: Path) -> AllSeries:
    """Series of lessons by condition; none where the file is missing. Raises ValueError."""
    path = folder / "series.toml"
    return parse_series(_toml(path)) if path.is_file() else AllSeries()


def _toml(path: Path) -> dict[str, object]:
    return tomllib.loads(path.read_text(encoding="utf-8"))
