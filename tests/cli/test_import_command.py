"""`bot import` as an operator runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import text

from bot.cli import main
from bot.config import Settings
from bot.store.database import open_database

PATIENTS = (
    "patient_id,given_name,family_name,birth_date,phone,language,timezone,consent\n"
    "P1,Ana,Lopez,1970-01-31,601-555-0142,es,,yes\n"
    ",Luis,Diaz,,601-555-0143,,,yes\n"
)

Bot = Callable[..., Result]


@pytest.fixture
def bot(settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bot:
    """Runs the command in a folder of its own."""
    monkeypatch.chdir(tmp_path)
    return lambda *words, **options: CliRunner().invoke(main, words, catch_exceptions=False, **options)


def rows(settings: Settings, query: str) -> list[Any]:
    database = open_database(settings.database_url)
    with database.read() as connection:
        found = list(connection.execute(text(query)))
    database.dispose()
    return found


def test_good_rows_land_bad_ones_are_told_and_the_status_says_so(bot: Bot, settings: Settings) -> None:
    Path("patients.csv").write_text(PATIENTS)
    done = bot("import", "patients", "patients.csv")
    assert done.exit_code == 1
    assert done.stderr == "line 3: patient_id: id: missing\n"
    assert done.stdout == "patients: 2 rows: 1 added, 0 changed, 0 unchanged, 1 rejected, 0 warnings\n"
    assert rows(settings, "SELECT patient_id FROM patients")[0][0] == "P1"
    assert not any(secret in done.output for secret in ("Ana", "Luis", "555"))


def test_all_good_is_status_0_and_again_changes_nothing(bot: Bot) -> None:
    Path("patients.csv").write_text("\n".join(PATIENTS.splitlines()[:2]))
    assert bot("import", "patients", "patients.csv").exit_code == 0
    again = bot("import", "patients", "patients.csv")
    assert (again.exit_code, again.stderr) == (0, "")
    assert "0 added, 0 changed, 1 unchanged" in again.stdout


def test_a_dry_run_writes_nothing(bot: Bot, settings: Settings) -> None:
    Path("patients.csv").write_text(PATIENTS)
    done = bot("import", "patients", "patients.csv", "--dry-run")
    assert done.exit_code == 1
    assert "1 added" in done.stdout
    assert "dry run" in done.stdout
    assert rows(settings, "SELECT * FROM patients") == []
    assert rows(settings, "SELECT * FROM contact_points") == []


def test_assumed_consent(bot: Bot, settings: Settings) -> None:
    Path("patients.csv").write_text("patient_id,phone,consent\nP1,601-555-0142,\nP2,601-555-0143,no\n")
    assert bot("import", "patients", "patients.csv", "--assume-consent").exit_code == 0
    found = rows(settings, "SELECT consent, consent_basis FROM patient_contacts ORDER BY patient_id")
    assert [row[:] for row in found] == [("opted-in", "assumed"), ("opted-out", "import")]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (("import", "patients", "nowhere.csv"), 1, "nowhere.csv: No such file"),
        (("import", "patients", "."), 1, "directory"),
        (("import", "fhir", "nowhere.json"), 1, "nowhere.json: No such file"),
        (("import", "invoices", "x.csv"), 2, "there is no kind 'invoices'; there are appointments, conditions"),
        (("import", "patients"), 2, "Missing argument"),
        (("import", "fhir"), 2, "Missing argument"),
        (("import", "fhir", "device.json"), 1, "device.json: 1 Device left out: not a kind that is imported"),
        (("import", "patients", "empty.csv"), 1, "empty.csv: the file is empty"),
        (("import", "patients", "headless.csv"), 1, "headless.csv: no column patient_id, phone"),
        (("import", "fhir", "headless.csv"), 1, "headless.csv: line 1, column 1: not JSON"),
    ],
)
def test_what_cannot_be_imported(bot: Bot, words: tuple[str, ...], status: int, said: str) -> None:
    Path("empty.csv").write_text("")
    Path("headless.csv").write_text("P1,Ana,601-555-0142\n")
    Path("device.json").write_text('{"resourceType": "Device", "id": "d1"}')
    done = bot(*words)
    assert done.exit_code == status
    assert said in done.stderr
    assert "Usage:" in done.stderr or done.stderr.count("\n") == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_wrong_settings_are_told_in_a_line_each(bot: Bot, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SECRET_KEY")
    monkeypatch.setenv("CLINIC_TIMEZONE", "Moon/Sea")
    done = bot("import", "patients", "patients.csv")
    assert done.exit_code == 1
    assert [line.split()[0] for line in done.stderr.splitlines()] == ["SECRET_KEY", "CLINIC_TIMEZONE"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_without_tables_is_told_in_one_line(
    settings_env: dict[str, str], blank_database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in settings_env.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("DATABASE_URL", blank_database_url)
    (tmp_path / "patients.csv").write_text(PATIENTS)
    done = CliRunner().invoke(main, ["import", "patients", str(tmp_path / "patients.csv")])
    assert done.exit_code == 1
    assert done.stderr == "The database has no tables yet, or old ones: run `bot db upgrade`.\n"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_pipe_will_do(settings_env: dict[str, str], tmp_path: Path) -> None:
    command = [sys.executable, "-m", "bot", "import", "patients", "/dev/stdin"]
    done = subprocess.run(
        command, input=PATIENTS, capture_output=True, text=True, env=settings_env, cwd=tmp_path, check=False
    )
    assert (done.returncode, done.stderr) == (1, "line 3: patient_id: id: missing\n")


def test_fhir(bot: Bot, settings: Settings) -> None:
    entries = [
        {
            "resourceType": "Appointment",
            "id": "a1",
            "status": "booked",
            "start": "2026-12-01T14:30:00-06:00",
            "participant": [{"actor": {"reference": "Patient/p1"}, "status": "needs-action"}],
        },
        {
            "resourceType": "Patient",
            "id": "p1",
            "name": [{"family": "Lopez", "given": ["Ana"]}],
            "telecom": [{"system": "phone", "use": "mobile", "value": "601-555-0142"}],
        },
        {"resourceType": "Patient", "id": "p2", "telecom": [{"system": "phone", "value": "601-555-0143"}]},
        {
            "resourceType": "Consent",
            "status": "active",
            "patient": {"reference": "Patient/p1"},
            "provision": {"type": "permit"},
        },
        {"resourceType": "Observation", "id": "o1"},
    ]
    body = {"resourceType": "Bundle", "type": "searchset", "entry": [{"resource": entry} for entry in entries]}
    Path("bundle.json").write_text(json.dumps(body))
    Path("all.ndjson").write_text("\n".join(json.dumps(entry) for entry in entries))
    dry = bot("import", "fhir", "bundle.json", "--dry-run")
    assert dry.exit_code == 0
    assert rows(settings, "SELECT * FROM patients") == []
    done = bot("import", "fhir", "bundle.json")
    assert (done.exit_code, done.stderr) == (0, "bundle.json: 1 Observation left out: not a kind that is imported\n")
    assert done.stdout.splitlines()[0].startswith("patients: 2 rows: 2 added")
    assert [line.split(" (")[0] for line in dry.stdout.splitlines()] == done.stdout.splitlines()
    links = rows(settings, "SELECT patient_id, consent FROM patient_contacts ORDER BY patient_id")
    assert [row[:] for row in links] == [("p1", "opted-in"), ("p2", "unknown")]
    (visit,) = rows(settings, "SELECT appointment_id, patient_id, response, timezone FROM appointments")
    assert visit[:] == ("a1", "p1", "needs-action", "America/Chicago")
    again = bot("import", "fhir", "all.ndjson")
    assert "0 added, 0 changed, 2 unchanged" in again.stdout
    assert len(rows(settings, "SELECT * FROM consent_entries")) == 1
