"""What FHIR says about a patient in resources of their own: other people's phones, and consent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection

from bot.core.consent import Statement
from bot.core.people import ConsentBasis, ConsentStatus, Relation
from bot.core.phones import read_phone
from bot.services.importing.cells import LONGEST_ID, BadCell, Cells
from bot.services.importing.contacts import Wish, give_up, link, state
from bot.services.importing.context import Context, Stored
from bot.services.importing.known import AboutPatient, of_known_patients
from bot.services.importing.patients import MORE_PHONES

CONTACT_COLUMNS = ("contact_id", "patient_id", "phone", *MORE_PHONES, "relation", "status")
CONSENT_COLUMNS = ("patient_id", "consent")
# After the patient's own.
_RANK = {Relation.PARENT: 2, Relation.GUARDIAN: 2}
_LAST_RANK = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact(AboutPatient):
    """Somebody's phone on which a patient may be reached."""

    contact_id: str
    phone: str | None
    """None: not related any more, or without a phone."""
    relation: Relation


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreement(AboutPatient):
    """What a patient is said to have agreed to."""

    status: ConsentStatus


def parse_contact(cells: Cells, context: Context) -> Contact:
    """One contact from one row. Raises BadCell where there is a phone that cannot be used."""
    patient_id = cells.identifier("patient_id")
    contact_id = cells.text("contact_id", limit=LONGEST_ID)
    relation = Relation(cells.text("relation") or Relation.OTHER)
    if cells.text("status") == "inactive":
        return Contact(line=cells.line, patient_id=patient_id, contact_id=contact_id, phone=None, relation=relation)
    remark = "empty"
    for column in ("phone", *MORE_PHONES):
        if not (cell := cells.lines(column)):
            continue
        phone = read_phone(cell, country=context.country)
        if phone.e164:
            return Contact(
                line=cells.line, patient_id=patient_id, contact_id=contact_id, phone=phone.e164, relation=relation
            )
        remark = phone.remark or remark
    raise BadCell("phone", "phone number", remark)


def store_contacts(connection: Connection, rows: Sequence[Contact], context: Context) -> Stored:
    """Link these phones to their patients, and give up those that the same people had before."""
    stored = Stored()
    rows = of_known_patients(connection, rows, context, stored)
    there = [row for row in rows if row.patient_id not in context.promised]
    # First, so that a phone which somebody else of the family keeps is linked again below.
    given_up = give_up(connection, {(row.patient_id, row.contact_id): row.phone for row in there}, context)
    # One link to one phone at a time, or a phone named twice in a chunk would be linked twice.
    once = {(row.patient_id, row.phone): row for row in there if row.phone}
    moved = set()
    for wave in _waves(list(once.values())):
        wishes = [
            Wish(
                patient_id=row.patient_id,
                phone=row.phone,
                relation=row.relation,
                rank=_RANK.get(row.relation, _LAST_RANK),
                contact_id=row.contact_id or None,
                replaces=False,
            )
            for row in wave
        ]
        new, changed = link(connection, wishes, context)
        moved |= {(row.patient_id, row.contact_id) for row in wave if row.patient_id in new} & given_up
        stored.added += len(new)
        stored.changed += len(changed - new)
    # A new number in the place of an old one is one change; an old one that nothing takes the place of is one too.
    stored.added += sum(row.patient_id in context.promised for row in rows) - len(moved)
    stored.changed += len(given_up)
    stored.unchanged = max(0, len(rows) - stored.added - stored.changed)
    return stored


def parse_agreement(cells: Cells, _context: Context) -> Agreement:
    """One statement of consent from one row. Raises BadCell."""
    patient_id = cells.identifier("patient_id")
    return Agreement(line=cells.line, patient_id=patient_id, status=ConsentStatus(cells.text("consent")))


def store_agreements(connection: Connection, rows: Sequence[Agreement], context: Context) -> Stored:
    """Write these statements where they change something."""
    stored = Stored()
    rows = of_known_patients(connection, rows, context, stored)
    said = {
        row.patient_id: Statement(row.status, ConsentBasis.IMPORT, context.now)
        for row in rows
        if row.patient_id not in context.promised
    }
    stored.changed = len(state(connection, said, context)) + len(rows) - len(said)
    stored.unchanged = len(rows) - stored.changed
    return stored


def _waves(rows: list[Contact]) -> list[list[Contact]]:
    """The rows in groups in which no patient comes twice."""
    waves: list[list[Contact]] = []
    seen: dict[str, int] = {}
    for row in rows:
        place = seen.get(row.patient_id, 0)
        seen[row.patient_id] = place + 1
        if place == len(waves):
            waves.append([])
        waves[place].append(row)
    return waves
