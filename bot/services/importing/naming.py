"""The index by which names are searched: blind, so that the database holds neither a name nor a part of one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, delete, insert, select

from bot.core.names import looked_up_by
from bot.store.tables import NameWord
from bot.store.vault import Vault

_ADD = insert(NameWord.__table__)  # type: ignore[arg-type]
_FORGET = delete(NameWord).where(NameWord.patient_id.in_(bindparam("patients", expanding=True)))
_DROP = delete(NameWord).where(
    NameWord.patient_id == bindparam("of_patient"), NameWord.word_index == bindparam("of_word")
)
_HELD = select(NameWord.patient_id, NameWord.word_index).where(
    NameWord.patient_id.in_(bindparam("patients", expanding=True))
)


def add(connection: Connection, names: Mapping[str, tuple[str, str]], vault: Vault) -> None:
    """Make patients who are new findable: their given and family names by id."""
    if rows := _rows(names, vault):
        connection.execute(_ADD, rows)


def renew(connection: Connection, names: Mapping[str, tuple[str, str]], vault: Vault) -> None:
    """The same for patients whose names may have changed."""
    if names:
        connection.execute(_FORGET, {"patients": sorted(names)})
        add(connection, names, vault)


def mend(connection: Connection, names: Mapping[str, tuple[str, str]], vault: Vault) -> int:
    """Bring the index to what these names and the newest key make of it; how many patients that was needed for."""
    held: dict[str, set[str]] = {}
    for patient_id, word in connection.execute(_HELD, {"patients": sorted(names)}):
        held.setdefault(patient_id, set()).add(word)
    wanted: dict[str, set[str]] = {}
    for row in _rows(names, vault):
        wanted.setdefault(row["patient_id"], set()).add(row["word_index"])
    stale = [
        {"of_patient": patient_id, "of_word": word}
        for patient_id, words in held.items()
        for word in words - wanted.get(patient_id, set())
    ]
    missing = [
        {"patient_id": patient_id, "word_index": word}
        for patient_id, words in wanted.items()
        for word in words - held.get(patient_id, set())
    ]
    if stale:
        connection.execute(_DROP, stale)
    if missing:
        connection.execute(_ADD, missing)
    return len({row["of_patient"] for row in stale} | {row["patient_id"] for row in missing})


def _rows(names: Mapping[str, tuple[str, str]], vault: Vault) -> Sequence[dict[str, Any]]:
    return [
        {"word_index": vault.index(word), "patient_id": patient_id}
        for patient_id, (given, family) in names.items()
        for word in looked_up_by(given, family)
    ]
