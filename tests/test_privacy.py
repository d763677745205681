"""Nothing of a patient stands in a log, in Redis, in an address, in metrics, or readable in the database."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import redis
from sqlalchemy import select

from bot.store.database import open_database
from bot.store.tables import Table
from tests.clinic import RunningClinic, get_json
from tests.servers import wait_until

PHONE = "+16015550147"
SECRETS = (
    *("Xanthippe", "Quackenbush", "1951-07-23", "6015550147", "601-555-0147", "555-0147"),
    *("zebra crossing", "marmalade question", "pineapple chest pain"),
)
"""Words that stand nowhere else: her name, birth date and phone in its forms, and what she and the clinic write."""


def send(url: str, body: object, token: str | None = None) -> dict[str, object]:
    """POST JSON, read JSON."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)  # type: ignore[no-any-return]


@pytest.mark.slow
def test_nothing_of_a_patient_is_readable_outside(
    running_clinic: RunningClinic, database_url: str, redis_url: str, tmp_path: Path
) -> None:
    token = live_through_a_day(running_clinic, tmp_path)
    seen = {
        "logs": running_clinic.output(),
        "redis": everything_in(redis_url),
        "metrics": text_of(f"{running_clinic.web_url}/metrics"),
        "openapi": text_of(f"{running_clinic.web_url}/api/v1/openapi.json"),
        "database": stored_in(database_url),
    }
    bodies = json.dumps(get_json(f"{running_clinic.web_url}/api/v1/messages?patient_id=P-1", token=token))
    assert "marmalade question" in bodies, "the words did not even arrive"
    leaks = [
        (place, secret) for place, text in seen.items() for secret in SECRETS if secret.casefold() in text.casefold()
    ]
    assert leaks == []


def live_through_a_day(clinic: RunningClinic, folder: Path) -> str:
    """Import her, remind her, let her answer, ask and be in danger, and write to her. Gives a token."""
    starts = (datetime.now(UTC) + timedelta(hours=22)).isoformat(timespec="minutes")
    patients = folder / "patients.csv"
    patients.write_text(
        "patient_id,given_name,family_name,birth_date,phone,language,timezone,consent\n"
        f"P-1,Xanthippe,Quackenbush,1951-07-23,{PHONE},en,America/Chicago,yes\n"
        "P-2,Xanthippe,Quackenbush,1951-07-99,601-555-0147x9,en,Mars/Olympus,perhaps zebra crossing\n"
    )
    visits = folder / "visits.csv"
    visits.write_text(
        f"appointment_id,patient_id,starts_at\nA-1,P-1,{starts}\nA-2,Xanthippe Quackenbush,zebra crossing\n"
    )
    for kind, file in (("patients", patients), ("appointments", visits)):
        with pytest.raises(RuntimeError) as refused:  # each file has a bad row, so the command ends with 1
            clinic.run("import", kind, str(file))
        said = str(refused.value)
        assert "line 3" in said
        assert not [secret for secret in SECRETS if secret in said.replace(str(file), "")]
    token = clinic.run("tokens", "create", "privacy", "--scope", "write").split()[-1]
    prompt = {"patient_id": "P-1", "kind": "none", "prompt": "Please use the zebra crossing."}
    send(f"{clinic.web_url}/api/v1/outreach", prompt, token)
    phone = f"{clinic.network_url}/network/phones/{urllib.parse.quote(PHONE)}/texts"
    for body in ("yes", "a marmalade question: where do I park", "pineapple chest pain, I can't breathe"):
        send(phone, {"body": body})
    messages = f"{clinic.web_url}/api/v1/messages?patient_id=P-1"
    wait_until(lambda: "crossing" in json.dumps(get_json(messages, token=token)), seconds=60, what="the message")
    return token


def text_of(url: str) -> str:
    """What an address answers."""
    with urllib.request.urlopen(url, timeout=10) as answer:
        return str(answer.read().decode())


def everything_in(redis_url: str) -> str:
    """Every key of Redis with its value."""
    with redis.Redis.from_url(redis_url) as client:
        keys = list(client.scan_iter())
        return "\n".join(f"{key!r} {client.dump(key)!r}" for key in keys)


def stored_in(database_url: str) -> str:
    """Every value of every table as text; for SQLite the files themselves, byte by byte."""
    if database_url.startswith("sqlite:///"):
        file = Path(database_url.removeprefix("sqlite:///"))
        return "".join(part.read_bytes().decode("latin-1") for part in sorted(file.parent.glob(f"{file.name}*")))
    database = open_database(database_url)
    with database.read() as connection:
        rows = [row for table in Table.metadata.sorted_tables for row in connection.execute(select(table))]
    database.dispose()
    return "\n".join(
        value.decode("latin-1") if isinstance(value, bytes) else str(value) for row in rows for value in row
    )
