"""The sample clinic's places: one has its patients check in by text, in words that the lint passes."""

from __future__ import annotations

import io
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from bot.config import Settings
from bot.core.rows import Kind
from bot.demo import places, sample
from bot.runtime import build_clinic
from bot.services.importing.run import run_import
from bot.store.tables import Appointment


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_sample_clinic_checks_in_at_one_place_and_sees_some_by_video(settings: Settings) -> None:
    clinic = build_clinic(settings)
    places.add_places(clinic, clinic.clock())
    set_up = clinic.set_up().places
    assert [name for name in sample.PLACES if set_up[name].check_in] == ["Main Street"]
    assert set_up["Main Street"].directions == places.DIRECTIONS
    today = datetime.now(ZoneInfo(sample.ZONE)).date()
    for kind, body in ((Kind.PATIENTS, sample.patients_csv()), (Kind.APPOINTMENTS, sample.appointments_csv(today))):
        assert not run_import(clinic, kind, io.BytesIO(body), file_name="x", actor="demo", dry_run=False).rejected
    by_video = select(func.count()).select_from(Appointment).where(Appointment.telehealth_url.is_not(None))
    with clinic.database.read() as connection:
        assert connection.execute(by_video).scalar_one() == len(sample.BY_VIDEO)
    clinic.database.dispose()
