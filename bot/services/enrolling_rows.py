"""From a form of the console to what a journey is opened with; what a file would bring is written down as such."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any, Final, TypeAlias
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, insert, select

from bot.core.journey import Urgency
from bot.core.reading_kinds import MEASURES
from bot.core.resources import CATEGORIES
from bot.services.clinic import Clinic
from bot.services.loops import handoffs
from bot.services.loops.opening import Opening
from bot.services.loops.recalls import ASKING
from bot.services.loops.referrals import STAGE
from bot.store.columns import AnyRow, new_id
from bot.store.queries import patients
from bot.store.tables import Discharge, Enrollment, Recall, Referral, Refill

RISKS: Final = ("low", "moderate", "high")
STAGES: Final = ("due", "ready")
TIMES: Final = ("1", "2", "3", "4", "6", "8", "12")
GAPS: Final = ("1", "3", "7")
LONGEST: Final = 200
LONGEST_KIND: Final = 64
DISCHARGED_WITHIN: Final = timedelta(days=14)
DUE_WITHIN: Final = timedelta(days=120)
OURS: Final = "console-"
"""How ids begin that no file has given."""

Values: TypeAlias = Mapping[str, str]
Make: TypeAlias = "Callable[[Connection, Clinic, AnyRow, Values, datetime], Sequence[Opening]]"


class Unusable(ValueError):
    """The form cannot be used as it is; the message is one of `enrolling.Why`."""


def openings(
    connection: Connection, clinic: Clinic, patient: AnyRow, program: str, values: Values, now: datetime
) -> Sequence[Opening]:
    """What is to be opened, the one that staff have asked for first. Raises Unusable."""
    make = _MAKERS.get(program)
    if make is not None:
        return make(connection, clinic, patient, values, now)
    return [Opening(journey=program, patient_id=patient.patient_id)]


def _series(
    connection: Connection, clinic: Clinic, patient: AnyRow, values: Values, now: datetime
) -> Sequence[Opening]:
    del now
    series = clinic.series.by_name.get(values.get("series", ""))
    if series is None:
        raise Unusable("missing")
    if not series.plan:
        raise Unusable("unsigned")
    told = f"{patient.patient_id}:{series.name}"
    before = select(Enrollment.id).where(Enrollment.journey == "series", Enrollment.subject_id == told)
    # Once it has ended it may be told again: that is what somebody has just asked for.
    subject = told if connection.execute(before).first() is None else f"{told}:{new_id()[:8]}"
    return [Opening(journey="series", patient_id=patient.patient_id, subject_id=subject[:128], kind=series.name)]


def _transition(
    connection: Connection, clinic: Clinic, patient: AnyRow, values: Values, now: datetime
) -> Sequence[Opening]:
    zone = ZoneInfo(clinic.settings.clinic_timezone)
    today = now.astimezone(zone).date()
    on = _date(values, "discharged_on")
    if not today - DISCHARGED_WITHIN < on <= today:
        raise Unusable("date")
    at = min(datetime.combine(on, time(12), zone), now)
    risk = _one_of(values, "risk", RISKS)
    row_id = f"{OURS}{new_id()}"
    _write(connection, Discharge, row_id, "discharge_id", patient, now, {
        "discharged_at": at, "risk": risk,
        "facility": _sealed(clinic, "discharges.facility", row_id, values, "facility"),
    })  # fmt: skip
    row = connection.execute(select(Discharge.__table__).where(Discharge.discharge_id == row_id)).one()
    return [handoffs.check_in(row), handoffs.contact(connection, clinic, row, now)]


def _medication(
    connection: Connection, clinic: Clinic, patient: AnyRow, values: Values, now: datetime
) -> Sequence[Opening]:
    due = _near(clinic, values, "due_on", now)
    stage = _one_of(values, "stage", STAGES)
    row_id = f"{OURS}{new_id()}"
    _write(connection, Refill, row_id, "refill_id", patient, now, {
        "due_on": due, "stage": stage,
        "medicine": _sealed(clinic, "refills.medicine", row_id, values, "medicine"),
        "pharmacy": _sealed(clinic, "refills.pharmacy", row_id, values, "pharmacy"),
    })  # fmt: skip
    return [
        Opening(journey="medication", patient_id=patient.patient_id, subject_id=row_id, due_on=due, step=stage)
    ]


def _referral(
    connection: Connection, clinic: Clinic, patient: AnyRow, values: Values, now: datetime
) -> Sequence[Opening]:
    specialty = _text(values, "specialty")
    if not specialty:
        raise Unusable("missing")
    urgency = Urgency(_one_of(values, "urgency", tuple(Urgency)))
    to, row_id = _text(values, "referred_to"), f"{OURS}{new_id()}"
    _write(connection, Referral, row_id, "referral_id", patient, now, {
        "specialty": specialty[:120], "urgency": urgency, "status": "active", "authorization": "",
        "requested_on": now.astimezone(ZoneInfo(clinic.settings.clinic_timezone)).date(),
        "referred_to": _sealed(clinic, "referrals.referred_to", row_id, values, "referred_to"),
    })  # fmt: skip
    soon = {} if urgency is Urgency.ROUTINE else {"soon": "yes"}
    return [
        Opening(
            journey="referral",
            patient_id=patient.patient_id,
            subject_id=row_id,
            kind=specialty[:LONGEST_KIND],
            priority=urgency,
            data={STAGE: "", **soon},
            details={"referred_to": to} if to else {},
        )
    ]


def _recall(
    connection: Connection, clinic: Clinic, patient: AnyRow, values: Values, now: datetime
) -> Sequence[Opening]:
    measure = clinic.measures.by_id.get(values.get("measure", ""))
    if measure is None:
        raise Unusable("missing")
    due = _near(clinic, values, "due_on", now)
    born = clinic.vault.maybe_open("patients.birth_date", patient.patient_id, patient.birth_date)
    if measure.why_not(born=date.fromisoformat(born) if born else None, today=due) is not None:
        raise Unusable("not-for-them")
    asking = select(Enrollment.id).where(
        Enrollment.patient_id == patient.patient_id,
        Enrollment.journey == "recall",
        Enrollment.ended_at.is_(None),
        Enrollment.step.in_(ASKING),
    )
    # Two gaps are asked about one after the other: the texts say the same.
    if connection.execute(asking.limit(1)).first() is not None:
        raise Unusable("open")
    row_id = f"{OURS}{new_id()}"
    _write(connection, Recall, row_id, "recall_id", patient, now, {
        "measure": measure.id, "due_date": due, "payer": "", "status": "due", "extra": {},
    })  # fmt: skip
    return [
        Opening(journey="recall", patient_id=patient.patient_id, subject_id=row_id, kind=measure.id, due_on=due)
    ]


def _needs(connection: Connection, clinic: Clinic, patient: AnyRow, values: Values, now: datetime) -> Sequence[Opening]:
    del clinic
    kind = _one_of(values, "help", CATEGORIES)
    visit = values.get("visit") or None
    ahead = {row.appointment_id for row in patients.visits_ahead(connection, patient.patient_id, now)}
    if visit is not None and visit not in ahead:
        raise Unusable("missing")
    return [Opening(journey="needs", patient_id=patient.patient_id, kind=kind, appointment_id=visit)]


def _readings(
    connection: Connection, clinic: Clinic, patient: AnyRow, values: Values, now: datetime
) -> Sequence[Opening]:
    del connection, clinic, now
    kind = _one_of(values, "reading", tuple(MEASURES))
    times, gap = _one_of(values, "times", TIMES), _one_of(values, "gap", GAPS)
    data = {"left": str(int(times) - 1), "gap": gap}
    return [Opening(journey="readings", patient_id=patient.patient_id, kind=kind, data=data)]


_MAKERS: Final[Mapping[str, Make]] = {
    "series": _series,
    "transition": _transition,
    "medication": _medication,
    "referral": _referral,
    "recall": _recall,
    "needs": _needs,
    "readings": _readings,
}


def _write(
    connection: Connection,
    table: Any,
    row_id: str,
    key: str,
    patient: AnyRow,
    now: datetime,
    values: Mapping[str, Any],
) -> None:
    row = {key: row_id, "patient_id": patient.patient_id, "created_at": now, "updated_at": now, **values}
    connection.execute(insert(table).values(**row))


def _date(values: Values, name: str) -> date:
    try:
        return date.fromisoformat(values.get(name, ""))
    except ValueError:
        raise Unusable("date") from None


def _near(clinic: Clinic, values: Values, name: str, now: datetime) -> date:
    """That day, not too far from today; today where nothing is said."""
    today = now.astimezone(ZoneInfo(clinic.settings.clinic_timezone)).date()
    found = _date(values, name) if values.get(name) else today
    if not today - DUE_WITHIN <= found <= today + DUE_WITHIN:
        raise Unusable("date")
    return found


def _one_of(values: Values, name: str, words: Sequence[str]) -> str:
    found = values.get(name, "")
    if found not in words:
        raise Unusable("missing")
    return found


def _text(values: Values, name: str) -> str:
    return " ".join(values.get(name, "").split())[:LONGEST]


def _sealed(clinic: Clinic, column: str, row_id: str, values: Values, name: str) -> bytes | None:
    said = _text(values, name)
    return clinic.vault.seal(column, row_id, said) if said else None
