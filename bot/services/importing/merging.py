"""Two records of one person made one: what the merged record still has ahead of it goes to the one that stays."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, insert, or_, select, update

from bot.core.consent import Statement
from bot.core.journey import TouchState
from bot.services import consent
from bot.services.importing.contacts import state
from bot.services.importing.context import Context
from bot.store.columns import new_id
from bot.store.tables import (
    Appointment,
    AppointmentChange,
    Condition,
    Discharge,
    Enrollment,
    Patient,
    PatientContact,
    Recall,
    Referral,
    Refill,
    Touch,
)

ACTOR = "import"
LONGEST_CHAIN = 8
"""Merged into one that was merged itself, and so on; more is a circle."""

_MERGED = select(Patient.patient_id, Patient.replaced_by).where(
    Patient.replaced_by.is_not(None),
    or_(
        Patient.patient_id.in_(bindparam("patients", expanding=True)),
        Patient.replaced_by.in_(bindparam("patients", expanding=True)),
    ),
)
_NEXT = select(Patient.patient_id, Patient.replaced_by).where(
    Patient.patient_id.in_(bindparam("patients", expanding=True))
)
_VISITS = (
    # In the order in which an import locks visits, so that two never wait for each other in a circle.
    select(Appointment.appointment_id, Appointment.patient_id)
    .where(Appointment.patient_id.in_(bindparam("patients", expanding=True)))
    .order_by(Appointment.appointment_id)
    .with_for_update()
)
_ADD_CHANGE = insert(AppointmentChange.__table__)  # type: ignore[arg-type]
_IS_MERGED: BindParameter[str] = bindparam("merged")
# The visit stays the same visit, so its version stays: what was asked about it may still be answered.
_MOVES = tuple(
    moved.values(patient_id=bindparam("survivor"))
    for moved in (
        update(Appointment).where(Appointment.patient_id == _IS_MERGED),
        update(Recall).where(Recall.patient_id == _IS_MERGED),
        update(Referral).where(Referral.patient_id == _IS_MERGED),
        update(Discharge).where(Discharge.patient_id == _IS_MERGED),
        update(Refill).where(Refill.patient_id == _IS_MERGED),
        update(Condition).where(Condition.patient_id == _IS_MERGED),
        update(Enrollment).where(Enrollment.patient_id == _IS_MERGED, Enrollment.ended_at.is_(None)),
        update(Touch).where(Touch.patient_id == _IS_MERGED, Touch.state == TouchState.PLANNED),
    )
)
_GIVE_UP = (
    update(PatientContact)
    .where(PatientContact.patient_id == _IS_MERGED, PatientContact.active.is_(True))
    .values(active=False)
)


def survivors(connection: Connection, merged: Mapping[str, str]) -> dict[str, str]:
    """For records merged into another, the one at the end of the chain. Without a known end, a record is left out."""
    found: dict[str, str] = {}
    open_ends = dict(merged)
    for _ in range(LONGEST_CHAIN):
        if not open_ends:
            break
        named = sorted(set(open_ends.values()))
        following = dict(connection.execute(_NEXT, {"patients": named}).all())
        found |= {old: new for old, new in open_ends.items() if new in following and following[new] is None}
        open_ends = {old: after for old, new in open_ends.items() if (after := following.get(new))}
    return {old: new for old, new in found.items() if old != new}


def bring_over(connection: Connection, patients: Collection[str], context: Context) -> None:
    """Where one of these is merged into another record, or is the one that stays: bring the person's things over."""
    ends = survivors(connection, _merged(connection, patients))
    if not ends:
        return
    pairs = [{"merged": old, "survivor": new} for old, new in sorted(ends.items())]
    visits = connection.execute(_VISITS, {"patients": sorted(ends)}).all()
    for move in _MOVES:
        connection.execute(move, pairs)
    if visits:
        connection.execute(_ADD_CHANGE, _history(visits, ends, context))
    connection.execute(_GIVE_UP, [{"merged": pair["merged"]} for pair in pairs])
    # It is one person: who said no under one id has said it under the other.
    said = consent.said_by(connection, sorted(ends))
    refused = {
        ends[old]: Statement(stands.status, stands.basis, context.now)
        for old, stands in said.items()
        if stands.is_binding_opt_out and stands.basis
    }
    state(connection, refused, context)


def _merged(connection: Connection, patients: Collection[str]) -> dict[str, str]:
    """Which of these are merged into what, and what was merged into these, over however many steps."""
    merged: dict[str, str] = {}
    looked_for = set(patients)
    for _ in range(LONGEST_CHAIN):
        rows = connection.execute(_MERGED, {"patients": sorted(looked_for)})
        found = {old: new for old, new in rows if new}
        looked_for = found.keys() - merged.keys()
        if not looked_for:
            break
        merged |= found
    return merged


def _history(visits: Sequence[Any], ends: Mapping[str, str], context: Context) -> list[dict[str, Any]]:
    return [
        {
            "id": new_id(),
            "appointment_id": visit.appointment_id,
            "at": context.now,
            "actor": ACTOR,
            "field": "patient_id",
            "before": visit.patient_id[:64],
            "after": ends[visit.patient_id][:64],
            "message_id": None,
        }
        for visit in visits
    ]
