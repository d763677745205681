"""The store: queries leave the transaction to services, stored words are enumerations, migrations match the tables."""

from __future__ import annotations

import ast

import sqlalchemy
from alembic import command
from sqlalchemy import DateTime, String

from bot.store.columns import UtcDateTime, Word
from bot.store.migrations import configuration, upgrade
from bot.store.tables import Table
from tests.architecture.source import modules

# A column of such a name holds one of a few words, so it is a StrEnum's.
WORDS = {
    "channel", "decision", "direction", "lane", "origin", "priority", "relation", "response", "role",
    "scope", "source", "state", "status", "via",
}  # fmt: skip
# These come from the clinic's files in words of its own.
AS_THE_CLINIC_SAYS = {"recalls.status", "referrals.status"}
ENDS = {"begin", "begin_nested", "commit", "rollback"}

COLUMNS = [column for table in Table.metadata.sorted_tables for column in table.columns]


def test_queries_never_commit() -> None:
    ending = [
        module.at(node)
        for module in modules("bot/store/queries")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr in ENDS
    ]
    assert not ending, "services own the transaction"


def test_stored_words_are_enumerations() -> None:
    loose = [str(column) for column in COLUMNS if column.name in WORDS and not isinstance(column.type, Word)]
    assert set(loose) == AS_THE_CLINIC_SAYS


def test_words_fit_their_columns() -> None:
    words = [column for column in COLUMNS if isinstance(column.type, Word)]
    assert words
    assert not [str(column) for column in words if max(map(len, column.type.words)) > column.type.length]


def test_instants_are_utc_and_strings_bounded() -> None:
    assert not [str(column) for column in COLUMNS if type(column.type) is DateTime]
    assert any(isinstance(column.type, UtcDateTime) for column in COLUMNS)
    unbounded = [column for column in COLUMNS if isinstance(column.type, String) and column.type.length is None]
    # A foreign key takes its type from the column it points at.
    assert not [str(column) for column in unbounded if not column.foreign_keys]


def test_tables_are_reached_by_name_in_one_place() -> None:
    raw = [
        module.at(node)
        for module in modules("bot")
        if not module.name.startswith("bot/store/")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call) and getattr(node.func, "attr", "") in {"exec_driver_sql", "raw_connection"}
    ]
    assert not raw, "SQL lives in bot/store"


def test_migrations_match_the_tables(blank_database_url: str) -> None:
    upgrade(blank_database_url)
    command.check(configuration(blank_database_url))


def test_migrations_go_back(blank_database_url: str) -> None:
    upgrade(blank_database_url)
    command.downgrade(configuration(blank_database_url), "base")
    engine = sqlalchemy.create_engine(blank_database_url)
    assert set(sqlalchemy.inspect(engine).get_table_names()) <= {"alembic_version"}
    engine.dispose()
