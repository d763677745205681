"""Segments looked up: each test, their combinations, what the database cannot tell, places, counts, and saved ones."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as trying
from hypothesis import strategies as st
from sqlalchemy import insert, update

from bot.config import Settings
from bot.core.cohort import Condition, Reach
from bot.core.cohort_data import read
from bot.core.people import AppointmentStatus, ConsentStatus, NumberStatus, Participation, PatientStatus
from bot.runtime import build_clinic
from bot.services import cohorts
from bot.services.cohorts import Stale
from bot.services.inbox import Gone
from bot.store.columns import new_id
from bot.store.queries import cohorts as queries
from bot.store.tables import (
    Appointment,
    AuditEntry,
    ContactPoint,
    Enrollment,
    ListedPatient,
    Patient,
    PatientContact,
    PatientList,
    Recall,
    Referral,
    Role,
    User,
)
from tests.web.console.desk import Desk

ROSA, LINH, OMAR, ADA, BEN = "P-010", "P-011", "P-012", "P-013", "P-014"
EVERYBODY = {ROSA, LINH, OMAR, ADA, BEN}


def where(condition: object) -> Condition:
    return read({"version": 1, "where": condition})


@pytest.fixture
def desk(database_url: str, settings: Settings) -> Any:
    """Five patients: Rosa with visits, Linh with a recall and a referral, Omar on a journey, Ada who said no, Ben."""
    made = Desk(build_clinic(settings))
    for number, (given_name, family, language) in enumerate(
        (("Rosa", "Delgado", "es"), ("Linh", "Tran", "vi"), ("Omar", "Haddad", "ar"), ("Ada", "Reed", "en"),
         ("Ben", "Okafor", "es-MX"))
    ):  # fmt: skip
        made.patient(10 + number, given_name, family, language=language)
    made.visit(1, ROSA, days=3)
    made.visit(2, ROSA, days=-40)
    made.visit(3, ROSA, days=-200)
    made.visit(4, BEN, days=20)
    made.change(Appointment, Appointment.appointment_id.in_(["V-2", "V-3"]), status=AppointmentStatus.NOSHOW)
    made.change(
        Appointment, Appointment.appointment_id == "V-4", location="Elm St", response=Participation.ACCEPTED,
        service="Eye care",
    )  # fmt: skip
    _more(made)
    yield made
    made.clinic.database.dispose()


def _more(made: Desk) -> None:
    now, today = made.clinic.clock(), made.clinic.clock().date()
    at = {"created_at": now, "updated_at": now}
    rows: dict[Any, dict[str, Any]] = {
        Recall: {"recall_id": "R-1", "patient_id": LINH, "measure": "A1C", "due_date": today - timedelta(days=45)},
        Referral: {"referral_id": "F-1", "patient_id": LINH, "specialty": "Cardiology", "status": "active",
                   "requested_on": today - timedelta(days=20)},
        Enrollment: {"id": new_id(), "journey": "recall", "patient_id": OMAR, "subject_id": "R-9", "step": "invite"},
    }  # fmt: skip
    over = {"id": new_id(), "journey": "recall", "patient_id": ADA, "subject_id": "R-8", "step": "invite"}
    user = made.user("Ana Ruiz")
    with made.clinic.database.begin() as connection:
        for table, values in rows.items():
            connection.execute(insert(table).values(**values, **at))
        connection.execute(insert(Enrollment).values(**over, **at, ended_at=now, outcome="booked"))
        connection.execute(insert(PatientList).values(id="list-1", name="Flu", owner_id=user, size=2, created_at=now))
        for patient_id in (ROSA, OMAR):
            connection.execute(insert(ListedPatient).values(list_id="list-1", patient_id=patient_id))
        connection.execute(
            update(PatientContact).where(PatientContact.patient_id == ADA).values(consent=ConsentStatus.OPTED_OUT)
        )
        born = made.clinic.vault.seal("patients.birth_date", ADA, "2000-11-24")
        connection.execute(update(Patient).where(Patient.patient_id == ADA).values(birth_date=born))
        connection.execute(update(Patient).where(Patient.patient_id == BEN).values(birth_date=None))
    made.text(12, "hello")


def meant(desk: Desk, condition: object, *places: str) -> set[str]:
    """Who is meant; the counts say the same."""
    now, found = desk.clinic.clock(), where(condition)
    with desk.clinic.database.read() as connection:
        batches = list(cohorts.members(desk.clinic, connection, found, locations=places, now=now))
        counted = cohorts.count(desk.clinic, connection, found, locations=places, now=now)
    ids = [patient_id for batch in batches for patient_id in batch]
    assert ids == sorted(set(ids))
    assert counted.total == len(ids)
    return set(ids)


CASES: list[tuple[dict[str, Any], set[str]]] = [
    ({"language": {"among": ["es"]}}, {ROSA, BEN}),
    ({"language": {"among": ["es", "vi"]}}, {ROSA, BEN, LINH}),
    ({"age": {"least": 65}}, {ROSA, LINH, OMAR}),
    ({"age": {"most": 25}}, {ADA}),
    ({"age": {"least": 26, "most": 64}}, set()),
    ({"location": {"among": ["Elm St"]}}, {BEN}),
    ({"consent": {"among": ["opted-out"]}}, {ADA}),
    ({"status": {"among": ["active"]}}, EVERYBODY),
    ({"upcoming": {"within_days": 7}}, {ROSA}),
    ({"upcoming": {"within_days": 30}}, {ROSA, BEN}),
    ({"upcoming": {"within_days": 30, "response": "accepted"}}, {BEN}),
    ({"upcoming": {"within_days": 30, "location": "Main St", "service": "Primary care"}}, {ROSA}),
    ({"missed": {"months": 3}}, {ROSA}),
    ({"missed": {"months": 3, "times": 2}}, set()),
    ({"missed": {"months": 12, "times": 2}}, {ROSA}),
    ({"recall": {}}, {LINH}),
    ({"recall": {"among": ["A1C"], "overdue_days": 45}}, {LINH}),
    ({"recall": {"among": ["A1C"], "overdue_days": 46}}, set()),
    ({"referral": {"specialty": "Cardiology", "older_days": 20}}, {LINH}),
    ({"referral": {"older_days": 21}}, set()),
    ({"risk": {"points": 30, "within_days": 7}}, {ROSA}),
    ({"risk": {"points": 90, "within_days": 7}}, set()),
    ({"spoke": {"side": "patient", "within_days": 1}}, {OMAR}),
    ({"journey": {"journey": "recall", "course": "running"}}, {OMAR}),
    ({"journey": {"journey": "recall", "course": "ended"}}, {ADA}),
    ({"journey": {"journey": "recall", "course": "ever", "outcome": "booked"}}, {ADA}),
    ({"journey": {"journey": "recall", "course": "ended", "outcome": "declined"}}, set()),
    ({"list": {"list_id": "list-1"}}, {ROSA, OMAR}),
]


@pytest.mark.parametrize(("condition", "expected"), CASES, ids=lambda value: "" if isinstance(value, set) else None)
def test_each_test_and_its_opposite(desk: Desk, condition: dict[str, Any], expected: set[str]) -> None:
    assert meant(desk, condition) == expected
    assert meant(desk, {"not": condition}) == EVERYBODY - expected


TREES = st.recursive(
    st.sampled_from(CASES),
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: ({"all": [one for one, _ in parts]}, set.intersection(*(who for _, who in parts)))
        ),
        st.lists(inner, min_size=1, max_size=3).map(
            lambda parts: ({"any": [one for one, _ in parts]}, set.union(*(who for _, who in parts)))
        ),
        inner.map(lambda part: ({"not": part[0]}, EVERYBODY - part[1])),
    ),
    max_leaves=5,
)


def depth_of(condition: dict[str, Any]) -> int:
    (kind, inner), *_ = condition.items()
    parts = inner if kind in ("all", "any") else [inner] if kind == "not" else []
    return 1 + max(map(depth_of, parts), default=0)


def test_any_combination_is_the_sets_own(desk: Desk) -> None:
    # Some tests the database answers and some are found out afterwards: together they must mean the same.
    @trying(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(TREES.filter(lambda tree: depth_of(tree[0]) <= 5))
    def try_one(tree: tuple[dict[str, Any], set[str]]) -> None:
        assert meant(desk, tree[0]) == tree[1]

    try_one()


def test_batches_go_on_behind_the_last(desk: Desk) -> None:
    now = desk.clinic.clock()
    with desk.clinic.database.read() as connection:
        for condition in ({"all": []}, {"age": {"least": 60}}):
            rest = list(cohorts.members(desk.clinic, connection, where(condition), now=now, after=LINH))
            assert next(patient_id for batch in rest for patient_id in batch) == OMAR
        at = cohorts.moment(desk.clinic, now)
        assert queries.ids(connection, where({"all": []}), at, locations=(), limit=2) == [ROSA, LINH]


def test_counts_say_whom_texts_would_not_reach_and_why(desk: Desk) -> None:
    desk.change(Patient, Patient.patient_id == ROSA, paused_since=desk.now)
    desk.change(Patient, Patient.patient_id == LINH, status=PatientStatus.DECEASED)
    desk.change(PatientContact, PatientContact.patient_id == OMAR, consent=ConsentStatus.UNKNOWN)
    desk.change(ContactPoint, ContactPoint.id == "phone-14", status=NumberStatus.LANDLINE)
    # The second one is found out here, not by the database alone.
    for condition in ({"all": []}, {"any": [{"age": {"least": 0}}, {"status": {"among": ["active"]}}]}):
        with desk.clinic.database.read() as connection:
            found = cohorts.count(desk.clinic, connection, where(condition), now=desk.now)
        assert {reach: found.of(reach) for reach in Reach} == {
            Reach.REACHED: 0, Reach.STATUS: 1, Reach.PAUSED: 1, Reach.NO_NUMBER: 1, Reach.OPTED_OUT: 1,
            Reach.NO_CONSENT: 1,
        }  # fmt: skip
    assert found.by_language["es"] == {Reach.PAUSED: 1}
    assert (found.total, found.reached) == (5, 0)


def test_a_merged_record_is_nobody(desk: Desk) -> None:
    desk.change(Patient, Patient.patient_id == BEN, replaced_by=ROSA)
    assert meant(desk, {"all": []}) == EVERYBODY - {BEN}


def test_a_person_of_some_places_means_their_patients(desk: Desk) -> None:
    # Without any visit, a patient is everybody's.
    assert meant(desk, {"all": []}, "Main St") == EVERYBODY - {BEN}
    assert meant(desk, {"language": {"among": ["es"]}}, "Elm St") == {BEN}
    assert meant(desk, {"age": {"least": 60}}, "Elm St") == {LINH, OMAR}


def test_a_segment_is_kept_changed_and_forgotten(desk: Desk) -> None:
    ana = str(desk.row(User, User.name == "Ana Ruiz").id)
    ben = desk.user("Ben Cole", Role.SUPERVISOR)
    kept = {"shared": True, "actor_id": ana, "now": desk.now}
    spanish, many = where({"language": {"among": ["es"]}}), where({"all": []})
    assert cohorts.save(desk.clinic, cohort_id=None, name="  ", condition=many, **kept) is None
    made = cohorts.save(desk.clinic, cohort_id=None, name=" Spanish  speakers ", condition=spanish, **kept)
    assert made is not None
    with desk.clinic.database.read() as connection:
        row = cohorts.one(connection, made, ben)
        assert row is not None
        assert (row.name, row.owner, cohorts.meaning(row)) == ("Spanish speakers", "Ana Ruiz", spanish)
        assert [one.id for one in cohorts.seen_by(connection, ben)] == [made]
    with pytest.raises(LookupError):
        cohorts.save(desk.clinic, cohort_id=made, name="Mine", condition=many, **{**kept, "actor_id": ben}, version=1)
    cohorts.save(desk.clinic, cohort_id=made, name="All", condition=many, **{**kept, "shared": False}, version=1)
    with pytest.raises(Stale):
        cohorts.save(desk.clinic, cohort_id=made, name="Late", condition=spanish, **kept, version=1)
    with desk.clinic.database.read() as connection:
        assert cohorts.seen_by(connection, ben) == []
        assert cohorts.one(connection, made, ben) is None
    assert cohorts.remove(desk.clinic, cohort_id=made, actor_id=ben, now=desk.now, force=True) is False
    assert cohorts.remove(desk.clinic, cohort_id=made, actor_id=ana, now=desk.now) is True
    assert isinstance(cohorts.remove(desk.clinic, cohort_id=made, actor_id=ana, now=desk.now), Gone)
    assert desk.row(AuditEntry, AuditEntry.action == "cohort.remove").object_id == made


def test_whole_years_count(desk: Desk) -> None:
    # Ada's birthday is the day after.
    band = {"age": {"least": 26, "most": 26}}
    assert meant(desk, band) == set()
    desk.wait(days=1)
    assert meant(desk, band) == {ADA}
