"""`bot scheduler`: one at work at a time, gone at once when told, and no traceback for a database without tables."""

from __future__ import annotations

import signal
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.cli.scheduler import LEASE_NAME, Stop, Stopped, run, tick
from bot.config import Settings
from bot.runtime import build_clinic
from bot.store.database import Database, open_database
from bot.store.tables import Lease, Message, RollUp, Touch
from tests.clinic import RunningClinic
from tests.servers import wait_until


def holder(database: Database) -> str | None:
    with database.read() as connection:
        return connection.execute(select(Lease.holder).where(Lease.name == LEASE_NAME)).scalar_one_or_none()


@pytest.mark.slow
def test_a_second_one_waits_and_takes_over_when_the_first_ends(
    settings_env: dict[str, str], database_url: str, tmp_path: Path
) -> None:
    clinic = RunningClinic(settings_env, folder=tmp_path)
    database = open_database(database_url)
    try:
        first = clinic.start("scheduler")
        wait_until(lambda: holder(database) is not None, seconds=30, what="the lease", alive=first.running)
        mine = holder(database)
        second = clinic.start("scheduler")
        wait_until(lambda: "another scheduler" in second.output(), seconds=30, what="the second", alive=second.running)
        assert holder(database) == mine
        begun = time.monotonic()
        assert first.stop() == 0
        assert time.monotonic() - begun < 3
        wait_until(lambda: holder(database) not in (None, mine), seconds=10, what="the second's lease")
        assert "Traceback" not in first.output() + second.output()
    finally:
        clinic.stop()
        database.dispose()


@pytest.mark.slow
def test_it_plans_what_an_import_brought(settings_env: dict[str, str], database_url: str, tmp_path: Path) -> None:
    clinic = RunningClinic(settings_env, folder=tmp_path)
    (tmp_path / "p.csv").write_text(
        "patient_id,given_name,family_name,birth_date,phone,language,timezone,consent\n"
        "p1,Ana,Example,1980-01-01,+16015550111,en,America/Chicago,yes\n"
    )
    tomorrow = (datetime.now(UTC) + timedelta(hours=23)).replace(microsecond=0).isoformat()
    (tmp_path / "a.csv").write_text(
        "appointment_id,patient_id,starts_at,duration_minutes,timezone,location,clinician,service,status\n"
        f"a1,p1,{tomorrow},20,America/Chicago,Main,Dr. Lee,visit,booked\n"
    )
    clinic.run("import", "patients", str(tmp_path / "p.csv"))
    clinic.run("import", "appointments", str(tmp_path / "a.csv"))
    database = open_database(database_url)
    try:
        scheduler = clinic.start("scheduler")
        wait_until(lambda: messages(database) == 1, seconds=30, what="the reminder", alive=scheduler.running)
        time.sleep(2.5)
        assert messages(database) == 1
    finally:
        clinic.stop()
        database.dispose()


def messages(database: Database) -> int:
    with database.read() as connection:
        queued = connection.execute(select(Message.id).where(Message.dedupe_key.is_not(None))).all()
        assert len(queued) <= len(connection.execute(select(Touch.id)).all())
        return len(queued)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # the settings' own, which is not used
@pytest.mark.parametrize("blank_database_url", ["sqlite"], indirect=True)
def test_without_tables_it_says_what_to_do(
    settings_env: dict[str, str], blank_database_url: str, tmp_path: Path
) -> None:
    clinic = RunningClinic({**settings_env, "DATABASE_URL": blank_database_url}, folder=tmp_path)
    child = clinic.start("scheduler")
    try:
        assert child.wait(30) == 1
        assert "bot db upgrade" in child.output()
        assert "Traceback" not in child.output()
    finally:
        clinic.stop()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_request_to_end_that_came_up_inside_a_driver_is_not_forgotten(settings: Settings) -> None:
    """A driver that cleans up may raise its own error in place of the signal's."""
    stop = Stop()

    def interrupted() -> datetime:
        try:
            stop(signal.SIGTERM, None)
        except Stopped as error:
            raise RuntimeError("cannot roll back") from error
        raise AssertionError("not reached")

    with pytest.raises(Stopped):
        run(replace(build_clinic(settings), clock=interrupted), "holder", stop)


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_part_of_a_round_that_fails_keeps_no_other_back(settings: Settings) -> None:
    clinic = build_clinic(settings)
    asked = iter(range(100))

    def clock() -> datetime:
        # The round itself reads the time once, before its parts; planning asks again, and has no clock today.
        if next(asked):
            raise RuntimeError("no clock")
        return datetime.now(UTC)

    assert tick(replace(clinic, clock=clock), "holder", Stop())
    with clinic.database.read() as connection:
        assert connection.execute(select(Lease.holder).where(Lease.name == LEASE_NAME)).scalar_one() == "holder"
        assert connection.execute(select(RollUp.day).limit(1)).first() is not None, "the last part was reached"
    clinic.database.dispose()
