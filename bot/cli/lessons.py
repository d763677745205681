"""`bot lessons`: begin a series for patients, and report what happens in their lives."""

from __future__ import annotations

import click
from sqlalchemy import select

from bot.cli import start
from bot.services.loops.life import EVENTS, NoSuchPatient, life_event
from bot.services.loops.opening import Opening, open_loop
from bot.services.loops.preparing import SERIES
from bot.store.tables import Patient


@click.group()
def lessons() -> None:
    """Lessons by text, in series by condition."""


@lessons.command("list")
def list_() -> None:
    """The series there are, and how many of their lessons a clinician has signed."""
    for series in start.clinic().series.by_name.values():
        click.echo(f"{series.name}: {len(series.plan)} of {len(series.lessons)} lessons signed, {series.a_week} a week")


@lessons.command()
@click.argument("series")
@click.argument("patient_ids", nargs=-1, required=True)
def begin(series: str, patient_ids: tuple[str, ...]) -> None:
    """Begin SERIES for these patients. Whoever is on it already, or has been, is left where they are."""
    clinic = start.clinic()
    known = clinic.series.by_name.get(series)
    if known is None:
        raise click.UsageError(f"there is no series {series!r}; there are {', '.join(clinic.series.by_name)}")
    if not known.plan:
        start.fail(f"no lesson of {series} has been signed: see locales/series.toml")
    begun = 0
    with clinic.database.begin() as connection:
        query = select(Patient.patient_id).where(Patient.patient_id.in_(patient_ids))
        there = set(connection.execute(query).scalars())
        if missing := [one for one in patient_ids if one not in there]:
            start.fail(f"no patient has the id {missing[0]}")
        for patient_id in patient_ids:
            opening = Opening(journey=SERIES, patient_id=patient_id, subject_id=f"{patient_id}:{series}", kind=series)
            begun += open_loop(connection, clinic, opening, clinic.clock(), actor="cli") is not None
    click.echo(f"{begun} begun, {len(patient_ids) - begun} left as they are")


@lessons.command()
@click.argument("event", type=click.Choice(EVENTS))
@click.argument("patient_id")
def happened(event: str, patient_id: str) -> None:
    """Report EVENT for a patient: lessons about the pregnancy end at once, and nothing is said."""
    clinic = start.clinic()
    try:
        ended = life_event(clinic, patient_id, event, actor="cli", now=clinic.clock())
    except NoSuchPatient:
        start.fail(f"no patient has the id {patient_id}")
    click.echo(f"{ended} loops ended")
