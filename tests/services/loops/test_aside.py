"""Loops that cannot be opened keep no other back, are told of once, and are tried again when something changes."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import insert, select, update
from structlog.testing import capture_logs

from bot.core.escalation import EscalationStatus, Reason
from bot.services.loops import aside, feeding
from bot.services.loops.feeds import BATCH
from bot.store.bulk import put_many
from bot.store.tables import Enrollment, Escalation, ImportRun, Patient, Recall, SetAside
from tests.services.sending import NOON, Scene

BROKEN = BATCH + 5
"""More than one batch of them, and first in line."""


@pytest.fixture
def town(scene: Scene) -> Scene:
    """Recalls due for many patients whose time zone is none, and for one whose is well."""
    patients, recalls = [], []
    for number in range(BROKEN):
        patients.append({"patient_id": f"b{number:04}", "language": "en", "timezone": "Mars/Olympus"})
        recalls.append({"recall_id": f"R{number:04}", "patient_id": f"b{number:04}", "due_date": date(2026, 11, 1)})
    scene.patient(1)
    recalls.append({"recall_id": "Z", "patient_id": "p1", "due_date": date(2026, 11, 23)})
    made = {"created_at": NOON - timedelta(days=1), "updated_at": NOON - timedelta(days=1)}
    with scene.clinic.database.begin() as connection:
        put_many(connection, Patient.__table__, [{**row, **made} for row in patients])
        put_many(connection, Recall.__table__, [{**row, "measure": "a1c", **made} for row in recalls])
    return scene


def opened(scene: Scene) -> set[str]:
    with scene.clinic.database.read() as connection:
        return set(connection.execute(select(Enrollment.patient_id)).scalars())


def asides(scene: Scene) -> list[tuple[str, int]]:
    with scene.clinic.database.read() as connection:
        rows = connection.execute(select(SetAside.reason, SetAside.tries)).all()
    return [tuple(row) for row in rows]


def cases(scene: Scene) -> list[tuple[str, str | None]]:
    with scene.clinic.database.read() as connection:
        rows = connection.execute(select(Escalation.reason, Escalation.patient_id)).all()
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_they_keep_nobody_back_and_are_told_of_once(town: Scene) -> None:
    with capture_logs() as logs:
        assert feeding.feed(town.clinic, town.now) == 1
    assert opened(town) == {"p1"}
    assert asides(town) == [("ZoneInfoNotFoundError", 1)] * BROKEN
    assert cases(town) == [(Reason.SET_ASIDE, None)]
    assert len([one for one in logs if one["event"] == "loop put aside"]) == BROKEN
    with capture_logs() as logs:
        for _round in range(3):
            town.now += timedelta(seconds=1)
            assert feeding.feed(town.clinic, town.now) == 0
    assert logs == []
    assert asides(town) == [("ZoneInfoNotFoundError", 1)] * BROKEN


def one_broken(scene: Scene, patient_id: str = "b1") -> None:
    made = {"created_at": NOON - timedelta(days=1), "updated_at": NOON - timedelta(days=1)}
    with scene.clinic.database.begin() as connection:
        connection.execute(
            insert(Patient).values(patient_id=patient_id, language="en", timezone="Mars/Olympus", **made)
        )
        due = {"recall_id": f"R-{patient_id}", "patient_id": patient_id, "due_date": date(2026, 11, 1)}
        connection.execute(insert(Recall).values(**due, measure="a1c", **made))


def test_one_that_is_mended_is_opened_at_once(scene: Scene) -> None:
    one_broken(scene)
    assert feeding.feed(scene.clinic, scene.now) == 0
    scene.now += timedelta(minutes=5)
    with scene.clinic.database.begin() as connection:
        connection.execute(update(Patient).values(timezone="America/Chicago", updated_at=scene.now))
    assert feeding.feed(scene.clinic, scene.now) == 1
    assert opened(scene) == {"b1"}
    assert asides(scene) == []


def test_it_is_tried_again_after_a_day_in_silence_and_when_its_row_changes(scene: Scene) -> None:
    one_broken(scene)
    feeding.feed(scene.clinic, scene.now)
    scene.now += aside.AGAIN_AFTER + timedelta(seconds=1)
    with capture_logs() as logs:
        feeding.feed(scene.clinic, scene.now)
        assert asides(scene) == [("ZoneInfoNotFoundError", 2)]
        scene.now += timedelta(minutes=1)
        with scene.clinic.database.begin() as connection:
            connection.execute(update(Recall).values(payer="Acme", updated_at=scene.now))
        feeding.feed(scene.clinic, scene.now)
    assert asides(scene) == [("ZoneInfoNotFoundError", 3)]
    assert logs == []
    assert len(cases(scene)) == 1


def test_the_next_one_has_a_case_of_its_own_only_when_the_first_is_closed(scene: Scene) -> None:
    one_broken(scene)
    feeding.feed(scene.clinic, scene.now)
    one_broken(scene, "b2")
    feeding.feed(scene.clinic, scene.now)
    assert len(cases(scene)) == 1
    with scene.clinic.database.begin() as connection:
        connection.execute(update(Escalation).values(status=EscalationStatus.RESOLVED))
    one_broken(scene, "b3")
    feeding.feed(scene.clinic, scene.now)
    assert len(cases(scene)) == 2


def test_what_nobody_asks_for_any_more_is_forgotten(scene: Scene) -> None:
    one_broken(scene)
    feeding.feed(scene.clinic, scene.now)
    with scene.clinic.database.begin() as connection:
        connection.execute(update(Recall).values(status="declined"))
    scene.now += aside.AGAIN_AFTER + aside.FORGOTTEN_AFTER + timedelta(minutes=1)
    feeding.feed(scene.clinic, scene.now)
    assert asides(scene) == []


def test_what_a_file_says_that_was_loaded_meanwhile_is_seen(scene: Scene) -> None:
    one_broken(scene)
    begun = scene.now
    scene.now += timedelta(minutes=2)
    feeding.feed(scene.clinic, scene.now)
    # The row bears the time at which the load began, and was there only after the try.
    with scene.clinic.database.begin() as connection:
        connection.execute(update(Patient).values(timezone="America/Chicago", updated_at=begun))
        run = {"id": "1" * 32, "kind": "patients", "file_name": "p.csv", "actor": "test", "started_at": begun}
        connection.execute(insert(ImportRun).values(**run, finished_at=None))
    scene.now += timedelta(minutes=1)
    assert feeding.feed(scene.clinic, scene.now) == 0
    with scene.clinic.database.begin() as connection:
        connection.execute(update(ImportRun).values(finished_at=scene.now))
    scene.now += timedelta(seconds=1)
    assert feeding.feed(scene.clinic, scene.now) == 1
    assert asides(scene) == []
