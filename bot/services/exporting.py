"""What patients answered, for the clinic's record system: findings as FHIR R4, one resource a line."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from bot.core.observations import PHQ2_ITEMS, observation, questionnaire_response
from bot.core.series import PREGNANCY_LOST
from bot.services import audit
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.tables import Finding

BATCH = 500
# Marks of how the talk went, and not what a patient observed.
_NO_OBSERVATION = (PREGNANCY_LOST,)


def findings(clinic: Clinic, *, since: datetime | None, actor: str, now: datetime) -> Iterator[dict[str, Any]]:
    """Every finding since then, the oldest first. That it was asked for is in the audit trail before the first."""
    with clinic.database.begin() as connection:
        audit.record(
            connection,
            at=now,
            actor=actor,
            action="findings.export",
            object_type="findings",
            detail={"since": since.isoformat() if since else None, "form": "fhir"},
        )
    marks: dict[str, dict[str, str]] = {}
    after: AnyRow | None = None
    while True:
        with clinic.database.read() as connection:
            rows = _page(connection, since, after)
        for row in rows:
            value = clinic.vault.open("findings.value", row.id, row.value)
            yield observation(row.id, row.patient_id, row.name, value, row.at)
            if row.enrollment_id and row.name in PHQ2_ITEMS:
                given = marks.setdefault(row.enrollment_id, {})
                given[row.name] = value
                both = questionnaire_response(row.enrollment_id, row.patient_id, given, row.at)
                if both is not None:
                    del marks[row.enrollment_id]
                    yield both
        if len(rows) < BATCH:
            return
        after = rows[-1]


def _page(connection: Connection, since: datetime | None, after: AnyRow | None) -> list[AnyRow]:
    query = select(Finding.__table__).where(Finding.patient_id.is_not(None), Finding.name.not_in(_NO_OBSERVATION))
    if since is not None:
        query = query.where(Finding.at >= since)
    if after is not None:
        later = (Finding.at > after.at) | ((Finding.at == after.at) & (Finding.id > after.id))
        query = query.where(later)
    return list(connection.execute(query.order_by(Finding.at, Finding.id).limit(BATCH)).all())
