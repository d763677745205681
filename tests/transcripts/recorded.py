"""What stands on record in a clinic, as a transcript tells it."""

from __future__ import annotations

from sqlalchemy import select

from bot.core.dialogue import ONCE
from bot.services.clinic import Clinic
from bot.store.tables import Appointment, Enrollment, Escalation, Finding, Patient

LOOPS = (
    select(Enrollment.__table__)
    .where(Enrollment.journey != "appointment")
    .order_by(Enrollment.created_at, Enrollment.journey, Enrollment.kind, Enrollment.patient_id, Enrollment.id)
)


def recorded(clinic: Clinic) -> dict[str, str]:
    """By what it is about: answers and arrivals, open cases, languages, loops, values kept."""
    found: dict[str, str] = {}
    with clinic.database.read() as connection:
        seen = select(Appointment.appointment_id, Appointment.response, Appointment.arrived_at)
        for visit in connection.execute(seen):
            there = ", is there" if visit.arrived_at is not None else ""
            found[f"visit {visit.appointment_id}"] = str(visit.response) + there
        cases = select(Escalation.__table__).order_by(Escalation.created_at, Escalation.reason, Escalation.id)
        for case in connection.execute(cases):
            about = f"{case.reason}, {case.priority}" + (f", {case.patient_id}" if case.patient_id else "")
            closed = ", resolved" if case.status == "resolved" else ""
            found[f"case {case.id}"] = f"{about} ({case.version}){closed}"
        for person in connection.execute(select(Patient.__table__)):
            found[f"language of {person.patient_id}"] = person.language
            found[f"patient {person.patient_id}"] = str(person.status) + (", paused" if person.paused_since else "")
        # A conversation that was started once is no loop, and visits are told of above.
        for loop in connection.execute(LOOPS):
            if not loop.data.get(ONCE):
                owes = f", the office owes {loop.office_step}" if loop.office_step else ""
                ended = f", ended: {loop.outcome}" if loop.outcome else ""
                about = f" {loop.kind}" if loop.kind and loop.journey != "waitlist" else ""  # an id there
                found[f"loop {loop.id}"] = f"{loop.journey}{about} of {loop.patient_id}: {loop.step}{owes}{ended}"
        for row in connection.execute(select(Finding.__table__).order_by(Finding.at, Finding.name, Finding.id)):
            value = clinic.vault.open("findings.value", row.id, row.value)
            found[f"finding {row.id}"] = f"{row.name} = {value}"
    return found
