"""Uploaded lists: what is taken, what is told by line and never by name, and whose patients they are."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import select

from bot.config import Settings
from bot.runtime import build_clinic
from bot.services import patient_lists
from bot.services.chore_kinds import work_off
from bot.services.importing import Unreadable
from bot.services.inbox import Gone
from bot.services.patient_lists import Uploaded
from bot.store.tables import Appointment, AuditEntry, Chore, ListedPatient, Patient, PatientList
from tests.web.console.desk import Desk


@pytest.fixture
def desk(database_url: str, settings: Settings) -> Iterator[Desk]:
    """Three patients."""
    made = Desk(build_clinic(settings))
    for number in (10, 11, 12):
        made.patient(number, "Rosa", "Delgado")
    yield made
    made.clinic.database.dispose()


def upload(desk: Desk, text: str, *places: str, by: str) -> Uploaded:
    told = patient_lists.upload(desk.clinic, text.encode(), name="Flu", locations=places, actor_id=by, now=desk.now)
    work_off(desk.clinic, stop=lambda: False)  # What a busy machine had no time for at once.
    with desk.clinic.database.read() as connection:
        later = connection.execute(select(Chore.__table__).order_by(Chore.created_at.desc(), Chore.id.desc())).first()
    return told if told.is_done or later is None else patient_lists.told_of(later)


def listed(desk: Desk, told: Uploaded) -> list[str]:
    with desk.clinic.database.read() as connection:
        query = select(ListedPatient.patient_id).where(ListedPatient.list_id == told.list_id)
        return sorted(connection.execute(query).scalars())


def test_known_patients_are_kept_and_lines_of_others_told(desk: Desk) -> None:
    ana = desk.user()
    told = upload(desk, "Patient ID;name\nP-010;Rosa\nX-1;Somebody\n\n ;empty\nP-012;\nP-010;again\nX-2;\n", by=ana)
    assert listed(desk, told) == ["P-010", "P-012"]
    assert (told.size, told.twice, told.unknown, told.unknown_lines) == (2, 1, 2, [3, 8])
    assert (told.bad, told.bad_lines) == (1, [5])
    row = desk.row(PatientList)
    assert (row.name, row.size, row.unknown, row.owner_id) == ("Flu", 2, 2, ana)
    assert desk.row(AuditEntry, AuditEntry.action == "list.upload").detail == {"size": 2, "unknown": 2, "bad": 1}


def test_a_list_of_nobody_is_not_kept(desk: Desk) -> None:
    ana = desk.user()
    for text in ("patient_id\nX-1\n", "name\nRosa\n", ""):
        with pytest.raises(Unreadable):
            upload(desk, text, by=ana)
    with desk.clinic.database.read() as connection:
        assert connection.execute(select(PatientList.id)).all() == []


def test_patients_of_elsewhere_are_not_known_and_merged_ones_stand_for_the_other(desk: Desk) -> None:
    ana = desk.user()
    desk.visit(1, "P-010")
    desk.visit(2, "P-011")
    desk.change(Appointment, Appointment.appointment_id == "V-2", location="Elm St")
    told = upload(desk, "patient_id\nP-010\nP-011\nP-012\n", "Main St", by=ana)
    assert listed(desk, told) == ["P-010", "P-012"]
    assert told.unknown_lines == [3]
    desk.change(Patient, Patient.patient_id == "P-012", replaced_by="P-010")
    desk.change(Patient, Patient.patient_id == "P-011", replaced_by="not-here-yet")
    told = upload(desk, "patient_id\nP-010\nP-011\nP-012\n", by=ana)
    assert listed(desk, told) == ["P-010"]
    assert (told.twice, told.unknown_lines) == (1, [3])


def test_many_batches_are_one_list(desk: Desk) -> None:
    told = upload(desk, "patient_id\n" + "P-010\nP-011\n" * 800 + "P-012\n", by=desk.user())
    assert listed(desk, told) == ["P-010", "P-011", "P-012"]
    assert (told.size, told.twice, told.unknown) == (3, 1598, 0)


def test_only_whose_it_is_forgets_it(desk: Desk) -> None:
    ana, ben = desk.user(), desk.user("Ben Cole")
    told = upload(desk, "patient_id\nP-010\n", by=ana)
    forget = {"list_id": told.list_id, "now": desk.now}
    assert patient_lists.remove(desk.clinic, **forget, actor_id=ben) is False
    assert patient_lists.remove(desk.clinic, **forget, actor_id=ana) is True
    assert listed(desk, told) == []
    assert isinstance(patient_lists.remove(desk.clinic, **forget, actor_id=ana), Gone)
