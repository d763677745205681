"""What there is to choose from when a cohort is described: languages, measures, specialties, outcomes, services."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from sqlalchemy import Connection, select

from bot.store.queries.places import VISITS_LOOKED_AT
from bot.store.tables import Appointment, Enrollment, Patient, Recall, Referral

MOST_CHOICES: Final = 100
"""So many measures, specialties or services are offered to choose from."""


def languages(connection: Connection) -> Sequence[str]:
    """The languages that patients speak."""
    return connection.execute(select(Patient.language).distinct().order_by(Patient.language)).scalars().all()


def measures(connection: Connection) -> Sequence[str]:
    """The measures that recalls are for."""
    query = select(Recall.measure).distinct().order_by(Recall.measure).limit(MOST_CHOICES)
    return connection.execute(query).scalars().all()


def specialties(connection: Connection) -> Sequence[str]:
    """The specialties that referrals name."""
    query = select(Referral.specialty).distinct().order_by(Referral.specialty).limit(MOST_CHOICES)
    return connection.execute(query).scalars().all()


def outcomes(connection: Connection) -> Sequence[str]:
    """The outcomes that journeys have ended with of late."""
    ended = (
        select(Enrollment.outcome)
        .where(Enrollment.outcome.is_not(None))
        .order_by(Enrollment.id.desc())
        .limit(VISITS_LOOKED_AT)
        .subquery()
    )
    query = select(ended.c.outcome).distinct().order_by(ended.c.outcome).limit(MOST_CHOICES)
    return connection.execute(query).scalars().all()


def services(connection: Connection, now: datetime) -> Sequence[str]:
    """The services that the next visits are for."""
    ahead = (
        select(Appointment.service)
        .where(Appointment.starts_at > now)
        .order_by(Appointment.starts_at)
        .limit(VISITS_LOOKED_AT)
        .subquery()
    )
    found = select(ahead.c.service).where(ahead.c.service != "").distinct().order_by(ahead.c.service)
    return connection.execute(found.limit(MOST_CHOICES)).scalars().all()
