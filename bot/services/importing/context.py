"""What every part of an import knows: keys, country, zone, who imports, when, and how."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from bot.core.measures import Measures
from bot.core.series import AllSeries
from bot.services.importing.report import Fault
from bot.store.vault import Vault


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """One import. `promised` are patients whom a dry run would have added by now."""

    vault: Vault
    country: str
    zone: str
    now: datetime
    actor: str
    import_id: str
    assume_consent: bool = False
    dry_run: bool = False
    states: frozenset[str] = frozenset()
    """The status words of the whole file, folded."""
    measures: Measures = field(default_factory=Measures)
    series: AllSeries = field(default_factory=AllSeries)
    promised: set[str] = field(default_factory=set)


@dataclass(slots=True)
class Stored:
    """What became of the rows of one chunk."""

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)


def digests(vault: Vault, row: Sequence[Any]) -> tuple[str, ...]:
    """The blind index of a row's values under every key, newest first: stored, it tells whether the row has changed."""
    return vault.indexes(json.dumps(row, ensure_ascii=True, separators=(",", ":"), default=str))
