"""`bot needs`: help nearby for a patient."""

from __future__ import annotations

import click
from sqlalchemy import select

from bot.cli import start
from bot.core.resources import CATEGORIES
from bot.services.loops.opening import Opening, open_loop
from bot.services.loops.preparing import NEEDS
from bot.store.tables import Appointment, Patient


@click.command()
@click.argument("category", type=click.Choice(CATEGORIES))
@click.argument("patient_id")
@click.option("--visit", default=None, help="The visit that a ride is for: staff hear of it when it moves.")
def needs(category: str, patient_id: str, visit: str | None) -> None:
    """Offer a patient places that help with CATEGORY; where none fits, staff are to find help by hand."""
    clinic = start.clinic()
    with start.plainly(), clinic.database.begin() as connection:
        if connection.execute(select(Patient.patient_id).where(Patient.patient_id == patient_id)).first() is None:
            start.fail(f"no patient has the id {patient_id}")
        mine = select(Appointment.appointment_id).where(
            Appointment.patient_id == patient_id, Appointment.appointment_id == visit
        )
        if visit is not None and connection.execute(mine).first() is None:
            start.fail(f"this patient has no visit {visit}")
        opening = Opening(journey=NEEDS, patient_id=patient_id, kind=category, appointment_id=visit)
        click.echo(open_loop(connection, clinic, opening, clinic.clock(), actor="cli"))
