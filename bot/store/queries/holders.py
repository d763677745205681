"""Who is linked to which phone, as far as it decides what may be said there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, select

from bot.store.bulk import among
from bot.store.columns import AnyRow
from bot.store.tables import Patient, PatientContact


def of(connection: Connection, contact_point_ids: Sequence[str]) -> Sequence[AnyRow]:
    """Everybody on these phones, with the link and the (sealed) birth date."""
    return connection.execute(
        select(
            PatientContact.contact_point_id,
            PatientContact.patient_id,
            PatientContact.relation,
            PatientContact.scope,
            Patient.birth_date,
        )
        .join(Patient, Patient.patient_id == PatientContact.patient_id)
        .where(among(connection, PatientContact.contact_point_id, contact_point_ids), PatientContact.active.is_(True))
    ).all()
