"""`bot check` names everything that is wrong, one line each."""

from __future__ import annotations

import pytest

from tests.cli.running import call_bot, run_bot
from tests.clinic import RunningClinic

pytestmark = [pytest.mark.slow, pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]
THINGS = [
    "settings", "database", "migrations", "approvals", "names", "redis", "twilio", "mail", "translations", "lexicons",
    "lessons",
]  # fmt: skip


@pytest.mark.slow
def test_all_is_well(running_clinic: RunningClinic) -> None:
    told = running_clinic.run("check")
    assert [line.split()[1].rstrip(":") for line in told.splitlines() if line.startswith("ok")] == THINGS
    assert running_clinic.env["TWILIO_AUTH_TOKEN"] not in told


def test_every_setting_is_named_at_once(settings_env: dict[str, str]) -> None:
    del settings_env["DATABASE_URL"]
    settings_env |= {"DATA_KEYS": "short", "CLINIC_TIMEZONE": "Mars/Olympus", "SEND_RATE": "0"}
    ran = run_bot(settings_env, "check")
    assert ran.returncode == 1
    wrong = [line for line in ran.stderr.splitlines() if "settings" in line]
    assert len(wrong) == 4
    for name in ("DATABASE_URL", "DATA_KEYS", "CLINIC_TIMEZONE", "SEND_RATE"):
        assert sum(name in line for line in wrong) == 1
    assert "short" not in ran.stderr


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", "postgresql+psycopg://clinic@host:port/clinic"),
        ("REDIS_URL", "redis://host:port/0"),
        ("REDIS_URL", "redis://host/clinic"),
        ("PUBLIC_URL", "http://[clinic"),
        ("PUBLIC_URL", "https://texts.example/ "),
        ("PUBLIC_URL", "https://"),
        ("SEND_RATE", "nan"),
        ("TWILIO_AUTH_TOKEN", ","),
        ("TRUSTED_PROXIES", "proxy"),
        ("QUIET_HOURS", "8pm"),
        ("QUIET_HOURS", "20:00+02:00-08:00"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "postgresql+psycopg://clinic@host/clinic?sslmoed=require"),
        ("REDIS_URL", "redis://host:6379/0?tiemout=1"),
        ("TWILIO_ACCOUNT_SID", "AC"),
        ("TWILIO_AUTH_TOKEN", "one two"),
        ("SECRET_KEY", " " * 20),
        ("PUBLIC_URL", "https://user:word@texts.example"),
        ("CLINIC_NAME", "Willow\nClinic"),
        ("REMINDER_DAYS", "0"),
        ("SMTP_URL", "mail.clinic.example"),
        ("SMTP_URL", "smtp://mail.clinic.example"),
    ],
)
def test_a_malformed_setting_is_one_line(settings_env: dict[str, str], name: str, value: str) -> None:
    ran = call_bot({**settings_env, name: value}, "plan")
    assert ran.exit_code == 1
    assert ran.stderr.startswith(f"{name} is malformed: ")
    assert len(ran.stderr.splitlines()) == 1


def test_the_sender_is_named_beside_what_else_is_missing(settings_env: dict[str, str]) -> None:
    del settings_env["TWILIO_PHONE_NUMBER"], settings_env["DATA_KEYS"]
    ran = call_bot(settings_env, "plan")
    assert {line.split()[0] for line in ran.stderr.splitlines()} == {"TWILIO_PHONE_NUMBER", "DATA_KEYS"}
    assert call_bot({**settings_env, "TWILIO_MESSAGING_SERVICE_SID": "MG0"}, "plan").stderr.count("\n") == 1


def test_what_does_not_answer_is_named(settings_env: dict[str, str]) -> None:
    env = {**settings_env, "REDIS_URL": "redis://127.0.0.1:1/0", "DATABASE_URL": "postgresql+psycopg://x@127.0.0.1:1/x"}
    ran = run_bot(env, "check")
    assert ran.returncode == 1
    failed = [line.split()[1].rstrip(":") for line in ran.stderr.splitlines() if line.startswith("FAILED")]
    assert failed[:4] == ["database", "migrations", "redis", "twilio"]
    assert "Traceback" not in ran.stderr


def test_what_nobody_qualified_has_read_is_named(settings_env: dict[str, str]) -> None:
    told = call_bot({**settings_env, "DATABASE_URL": "postgresql+psycopg://x@127.0.0.1:1/x"}, "check").output
    for kind in ("translations", "lexicons"):
        (note,) = (line for line in told.splitlines() if line.startswith(f"note    {kind}:"))
        named = set(note.rpartition(": ")[2].split(", "))
        assert {"ar", "es", "fa", "fr", "hi", "ht", "ko", "pl", "pt", "ru", "tl", "vi"} <= named
        assert "en" not in named
