"""The operator's commands: what they print, where, and how they end."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import text

from bot.config import load
from bot.runtime import build_clinic
from bot.services import audit, tokens
from bot.store import migrations
from bot.store.database import open_database
from bot.store.tables import AuditEntry, TokenScope
from tests.cli.running import call_bot, run_bot
from tests.servers import wait_until

pytestmark = pytest.mark.slow

Env = dict[str, str]
one_database = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)

# Each needs settings; none may say more than one line of one that is wrong.
COMMANDS = [
    ("db", "upgrade"),
    ("tokens", "create", "robot"),
    ("tokens", "list"),
    ("tokens", "revoke", "robot"),
    ("keys", "rotate"),
    ("plan",),
    ("audit", "verify"),
    ("corrections", "export"),
]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the settings' own, which is not used
def test_migrations_run_from_nothing_and_again(settings_env: Env, blank_database_url: str) -> None:
    env = {**settings_env, "DATABASE_URL": blank_database_url}
    database = open_database(blank_database_url)
    assert migrations.pending(database)
    for _ in range(2):
        ran = run_bot(env, "db", "upgrade")
        assert (ran.returncode, ran.stderr) == (0, "")
    assert not migrations.pending(database)
    database.dispose()


@pytest.mark.parametrize("blank_database_url", ["postgresql"], indirect=True)
def test_two_releases_at_once_go_one_after_the_other(blank_database_url: str) -> None:
    database = open_database(blank_database_url)
    waiting = text("SELECT count(*) > 0 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted")
    with ThreadPoolExecutor(1) as pool:
        with database.begin() as other:
            other.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": migrations.ONE_AT_A_TIME})
            upgraded = pool.submit(migrations.upgrade, blank_database_url)
            wait_until(lambda: bool(other.execute(waiting).scalar()), seconds=60, what="the second release")
            assert migrations.pending(database)
        upgraded.result(60)
    assert not migrations.pending(database)
    database.dispose()


@one_database
def test_a_file_that_is_no_database_is_told_in_one_line(settings_env: Env, tmp_path: Path) -> None:
    (tmp_path / "letter.db").write_text("Dear Sir or Madam, " * 100)
    env = {**settings_env, "DATABASE_URL": f"sqlite:///{tmp_path / 'letter.db'}"}
    for words in (("db", "upgrade"), ("plan",)):
        ran = call_bot(env, *words)
        assert (ran.exit_code, ran.stderr) == (1, "The file that DATABASE_URL names is no SQLite database.\n")


def test_a_token_is_the_last_word_and_is_told_once(settings_env: Env) -> None:
    clinic = build_clinic(load(**{name.lower(): value for name, value in settings_env.items()}))
    for words, scope in ((("robot",), TokenScope.READ), (("robot two", "--scope", "write"), TokenScope.WRITE)):
        ran = call_bot(settings_env, "tokens", "create", *words)
        assert (ran.exit_code, ran.stderr) == (0, "")
        secret = ran.stdout.split()[-1]
        bearer = tokens.authenticate(clinic, secret)
        assert bearer is not None
        assert (bearer.name, bearer.scope) == (words[0], scope)
        listed = call_bot(settings_env, "tokens", "list").stdout
        assert words[0] in listed
        assert secret not in listed
    assert call_bot(settings_env, "tokens", "revoke", "robot two").stdout == "Revoked: 1\n"
    assert tokens.authenticate(clinic, secret) is None
    again = call_bot(settings_env, "tokens", "revoke", "robot two")
    assert (again.exit_code, again.stdout) == (1, "")
    assert "robot two" in again.stderr
    clinic.database.dispose()


@one_database
def test_planning_counts(settings_env: Env) -> None:
    for words in ((), ("--at", "2027-01-04T09:00"), ("--at", "2027-01-04T09:00:00Z")):
        ran = call_bot(settings_env, "plan", *words)
        assert (ran.exit_code, ran.stderr) == (0, "")
        assert "messages queued: 0" in ran.stdout


def test_a_broken_audit_trail_is_found(settings_env: Env) -> None:
    assert call_bot(settings_env, "audit", "verify").exit_code == 0
    for name in ("one", "two", "three"):
        call_bot(settings_env, "tokens", "create", name)
    assert call_bot(settings_env, "audit", "verify").exit_code == 0
    database = open_database(settings_env["DATABASE_URL"])
    with database.begin() as connection:
        connection.execute(AuditEntry.__table__.update().where(AuditEntry.seq == 2).values(actor="somebody"))
    ran = call_bot(settings_env, "audit", "verify")
    assert (ran.exit_code, ran.stdout) == (1, "")
    assert "Line 2" in ran.stderr
    with database.read() as connection:
        assert audit.first_broken(connection) == 2
    database.dispose()


def test_keys_are_new_each_time() -> None:
    made = {run_bot({}, "keys", "new").stdout.strip() for _ in range(2)}
    assert len(made) == 2
    assert {len(base64.urlsafe_b64decode(key)) for key in made} == {32}


@one_database
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_wrong_setting_is_one_line(settings_env: Env, words: tuple[str, ...]) -> None:
    ran = call_bot({**settings_env, "SEND_RATE": "fast"}, *words)
    assert (ran.exit_code, ran.stdout) == (1, "")
    (line,) = ran.stderr.splitlines()
    assert "SEND_RATE" in line


@one_database
@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_database_that_is_down_is_one_line(settings_env: Env, words: tuple[str, ...]) -> None:
    ran = call_bot({**settings_env, "DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/none"}, *words)
    assert (ran.exit_code, ran.stdout) == (1, "")
    (line,) = ran.stderr.splitlines()
    assert "DATABASE_URL" in line


@pytest.mark.parametrize(
    "words",
    [
        ("plan", "--at", "tomorrow"),
        ("plan", "--at", "9999-12-31"),
        ("tokens", "create"),
        ("tokens", "create", "x", "--scope", "all"),
        ("tokens", "create", "a\nb"),
        ("tokens", "create", ""),
        ("db",),
        ("db", "downgrade"),
        ("no-such-command",),
        ("keys", "new", "--fast"),
    ],
    ids=" ".join,
)
@one_database
def test_wrong_usage_exits_2(settings_env: Env, words: tuple[str, ...]) -> None:
    assert call_bot(settings_env, *words).exit_code == 2
