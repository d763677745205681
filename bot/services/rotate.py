"""Key rotation: every sealed value and blind index is brought under the newest of DATA_KEYS, batch by batch."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Column, Connection, LargeBinary, bindparam, func, select, update
from sqlalchemy import Table as CoreTable

from bot.services.clinic import Clinic
from bot.services.importing import naming
from bot.services.importing.patients import folded_name
from bot.store.columns import AnyRow
from bot.store.tables import Table
from bot.store.vault import Undecryptable, Vault

BATCH: Final = 500


@dataclass(frozen=True, slots=True)
class Progress:
    """How far one table is."""

    table: str
    rows: int
    """Rows looked at in this batch."""
    resealed: int
    """Values brought under the newest key in this batch."""
    unreadable: tuple[str, ...]
    """Values that no key opens, as `table.column of row id`; they are left as they are."""


UNSEALED: Final = frozenset({("figures", "people")})
"""Bytes that no key has sealed: marks of who is counted in a figure, which name nobody."""


def sealed_columns() -> dict[CoreTable, list[Column[Any]]]:
    """Every column that holds sealed values: whatever is stored as bytes, but for those named above."""
    found = {
        table: [
            column
            for column in table.columns
            if isinstance(column.type, LargeBinary) and (table.name, column.name) not in UNSEALED
        ]
        for table in Table.metadata.sorted_tables
    }
    return {table: columns for table, columns in found.items() if columns}


def rows_to_look_at(clinic: Clinic) -> int:
    """How many rows there are in tables with sealed values. Raises DatabaseDown."""
    with clinic.database.read() as connection:
        return sum(
            connection.execute(select(func.count()).select_from(table)).scalar_one() for table in sealed_columns()
        )


def rotate(clinic: Clinic, *, batch: int = BATCH) -> Iterator[Progress]:
    """Reseal what an older key sealed. Each batch is one transaction: killed anywhere, it is simply run again.

    Let every process run with the new key first: what one still writes under the old key would be left behind.
    """
    for table, columns in sealed_columns().items():
        after = ""
        while True:
            with clinic.database.begin() as connection:
                rows = _next_rows(connection, table, columns, after, batch)
                if not rows:
                    break
                progress = _reseal(connection, clinic.vault, table, columns, rows)
            after = rows[-1][0]
            yield progress


def _next_rows(
    connection: Connection, table: CoreTable, columns: Sequence[Column[Any]], after: str, batch: int
) -> Sequence[AnyRow]:
    (key,) = table.primary_key.columns
    wanted = select(key, *columns).where(key > after).order_by(key).limit(batch)
    return connection.execute(wanted.with_for_update()).all()


def _reseal(
    connection: Connection, vault: Vault, table: CoreTable, columns: Sequence[Column[Any]], rows: Sequence[AnyRow]
) -> Progress:
    (key,) = table.primary_key.columns
    resealed, unreadable = 0, []
    names: dict[str, tuple[str, str]] = {}
    for row in rows:
        old = {column.name: value for column, value in zip(columns, row[1:], strict=True) if value is not None}
        try:
            words = {name: vault.open(f"{table.name}.{name}", row[0], value) for name, value in old.items()}
        except Undecryptable as error:
            unreadable.append(str(error))
            continue
        if table.name == "patients":
            names[row[0]] = (words.get("given_name", ""), words.get("family_name", ""))
        stale = {name for name, value in old.items() if not vault.is_current(value)}
        if stale:
            fresh: dict[str, Any] = {name: vault.seal(f"{table.name}.{name}", row[0], words[name]) for name in stale}
            fresh |= _indexes(table.name, words, vault)
            connection.execute(update(table).where(key == bindparam("of_row", row[0])).values(fresh))
            resealed += len(stale)
    if names:
        naming.mend(connection, names, vault)
    return Progress(table.name, len(rows), resealed, tuple(unreadable))


def _indexes(table: str, words: Mapping[str, str], vault: Vault) -> dict[str, str]:
    """The blind indexes that go with a row's values. `row_hash` is not among them: the next import renews it."""
    if table == "contact_points":
        return {"phone_index": vault.index(words["phone"])}
    if table == "patients":
        name = folded_name(words.get("given_name", ""), words.get("family_name", ""))
        return {"name_index": vault.index(name)} if name else {}
    return {}


def index_names(clinic: Clinic, *, batch: int = BATCH) -> Iterator[tuple[int, int]]:
    """Make every patient findable by the words of their name: after an upgrade, or a restore. Done twice, done once.

    Gives, for each batch, how many patients were looked at and for how many the index was mended. A name that no key
    opens is left as it is.
    """
    table = Table.metadata.tables["patients"]
    columns = [table.c.given_name, table.c.family_name]
    after = ""
    while True:
        with clinic.database.begin() as connection:
            rows = _next_rows(connection, table, columns, after, batch)
            if not rows:
                return
            mended = naming.mend(connection, _readable(clinic.vault, rows), clinic.vault)
        after = rows[-1][0]
        yield len(rows), mended


def _readable(vault: Vault, rows: Sequence[AnyRow]) -> dict[str, tuple[str, str]]:
    names: dict[str, tuple[str, str]] = {}
    for key, *sealed in rows:
        try:
            given, family = (
                vault.maybe_open(f"patients.{column}", key, value) or ""
                for column, value in zip(("given_name", "family_name"), sealed, strict=True)
            )
        except Undecryptable:
            continue
        names[key] = (given, family)
    return names
