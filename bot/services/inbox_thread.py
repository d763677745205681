"""One conversation as coordinators read it: who said what, why it stands in the inbox, and who the patient is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from sqlalchemy import Connection

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.core.people import (
    AppointmentStatus,
    Channel,
    ConsentBasis,
    ConsentStatus,
    Participation,
    PatientStatus,
    Relation,
)
from bot.core.sensitive import Sensitive
from bot.services import inbox_list
from bot.services.clinic import Clinic
from bot.services.escalations import evidence_of
from bot.services.inbox_lines import Line as Line
from bot.services.inbox_lines import line_of as line_of
from bot.services.inbox_lines import note_of
from bot.services.inbox_reply import Blocked, block, night
from bot.store.columns import AnyRow
from bot.store.queries import corrections, threads
from bot.store.queries import inbox as inbox_queries
from bot.store.vault import Vault

NO_RULES: Final = Sensitive()
DRAWN_EVERY: Final = 60
"""Seconds after which an open conversation is drawn anew when nothing else changes: its ages are told in minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitLine:
    """One visit of the patient."""

    appointment_id: str
    starts_at: datetime
    timezone: str
    service: str
    location: str
    status: AppointmentStatus
    response: Participation
    is_video: bool = False
    is_sensitive: bool = False
    """Nobody's business but the patient's."""
    arrived_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One escalation in the conversation, with what led to it and the visit it is about."""

    id: str
    conversation_id: str | None
    reason: Reason
    priority: Priority
    status: EscalationStatus
    quotes: Sequence[str]
    marks: Sequence[str]
    wish: str
    suggestion: str | None
    created_at: datetime
    respond_by: datetime
    snoozed_until: datetime | None
    waiting_since: datetime | None
    returned_at: datetime | None
    returned_from: str
    holder_id: str | None
    visit: VisitLine | None
    loop_id: str | None = None
    """The loop that it belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientCard:
    """Who the patient is, as far as an answer needs it."""

    patient_id: str
    name: str
    birth_date: str
    language: str
    timezone: str
    interpreter: bool | None
    status: PatientStatus
    paused_since: datetime | None
    relation: Relation
    consent: ConsentStatus
    consent_basis: ConsentBasis | None
    consented_at: datetime | None
    given_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """A conversation, ready to be shown."""

    id: str
    title: str
    phone: str
    channel: Channel
    number_consent: ConsentStatus
    consent_at: datetime | None
    holder_id: str | None
    holder: str
    lines: Sequence[Line]
    earlier: str | None
    cases: Sequence[Case]
    notes: Sequence[Line]
    people: Sequence[PatientCard]
    patient: PatientCard | None
    visits: Sequence[VisitLine]
    blocked: Blocked | None
    night_until: datetime | None
    """When the night ends there, if a reply would ring in it now."""
    zone: str
    seen: str
    version: int
    etag: str


def etag_of(connection: Connection, conversation_id: str, now: datetime) -> str | None:
    """The mark of the conversation's version; None when there is no such conversation."""
    row = threads.version(connection, conversation_id)
    if row is None:
        return None
    return inbox_list.digest(*row, inbox_list.tick_of(conversation_id, now, DRAWN_EVERY))


def read_thread(
    clinic: Clinic,
    connection: Connection,
    conversation_id: str,
    *,
    user_id: str,
    now: datetime,
    before: str | None = None,
) -> Thread | None:
    """The latest part of a conversation, or the part before that message."""
    row = threads.conversation(connection, conversation_id)
    if row is None:
        return None
    vault = clinic.vault
    number = threads.number(connection, row.contact_point_id)
    people = threads.people(connection, row.contact_point_id)
    about = threads.subject(connection, row.id, people)
    cards = [card_of(vault, person, clinic.settings.clinic_timezone) for person in people]
    patient = next((card for card in cards if card.patient_id == about), None)
    found = threads.messages(connection, row.id, before=_mark(connection, before))
    shown, more = found[: threads.MESSAGES], len(found) > threads.MESSAGES
    notes = threads.notes(connection, row.id)
    cases = threads.escalations_of(connection, conversation_id=row.id, patient_id=about)
    names = _names(connection, row, shown, notes, cases)
    visits = threads.visits_ahead(connection, about, now) if about is not None else ()
    named = {case.appointment_id for case in cases if case.appointment_id}
    case_visits = threads.visits(connection, named)
    callers = {card.patient_id: card.name for card in cards}
    held_for = {card.patient_id: card.relation for card in cards if card.relation is not Relation.SELF}
    zone = patient.timezone if patient is not None else clinic.settings.clinic_timezone
    note_lines = [note_of(vault, note, names) for note in notes]
    phone = vault.open("contact_points.phone", number.id, number.phone)
    oldest = shown[-1].created_at if shown and more else None
    meant = corrections.meant(connection, [message.id for message in shown])
    heard = row.last_inbound_at
    told = [line_of(vault, m, names, callers, user_id, held_for=held_for, heard_at=heard) for m in shown]
    lines = [replace(line, meant=meant.get(line.id)) for line in told]
    lines += [note for note in note_lines if before is None and (oldest is None or note.at >= oldest)]
    return Thread(
        id=row.id,
        title=patient.name if patient is not None else (" and ".join(callers.values()) or phone),
        phone=phone,
        channel=number.channel,
        number_consent=number.consent,
        consent_at=number.consent_at,
        holder_id=row.held_by,
        holder=names.get(row.held_by or "", "somebody else"),
        lines=sorted(lines, key=lambda line: (line.at, line.id)),
        earlier=shown[-1].id if more else None,
        cases=[case_of(vault, case, case_visits, names) for case in cases],
        notes=note_lines,
        people=cards,
        patient=patient,
        visits=[visit_of(visit, clinic.sensitive) for visit in visits],
        blocked=block(number, next((p for p in people if p.patient_id == about), None), now=now),
        night_until=night(clinic, zone, heard, None, now=now),
        zone=zone,
        seen=threads.newest_inbound(connection, row.id) or "",
        version=row.version,
        etag=etag_of(connection, row.id, now) or "",
    )


def card_of(vault: Vault, person: AnyRow, zone: str) -> PatientCard:
    """A patient on a phone, opened."""
    return PatientCard(
        patient_id=person.patient_id,
        name=inbox_list.name_of(vault, person) or person.patient_id,
        birth_date=vault.maybe_open("patients.birth_date", person.patient_id, person.birth_date) or "",
        language=person.language,
        timezone=person.timezone or zone,
        interpreter=person.interpreter,
        status=person.status,
        paused_since=person.paused_since,
        relation=person.relation,
        consent=person.consent,
        consent_basis=person.consent_basis,
        consented_at=person.consented_at,
        given_name=vault.maybe_open("patients.given_name", person.patient_id, person.given_name) or "",
    )


def visit_of(row: AnyRow, rules: Sensitive) -> VisitLine:
    """A row of `appointments`; `rules` tell which are nobody's business but the patient's."""
    return VisitLine(
        appointment_id=row.appointment_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        service=row.service,
        location=row.location,
        status=row.status,
        response=row.response,
        is_video=row.telehealth_url is not None,
        is_sensitive=rules.is_one(row.service, row.location),
        arrived_at=row.arrived_at,
    )


def _mark(connection: Connection, message_id: str | None) -> tuple[datetime, str] | None:
    return threads.mark(connection, message_id) if message_id else None


def _names(connection: Connection, row: AnyRow, *groups: Sequence[AnyRow]) -> Mapping[str, str]:
    ids = {row.held_by}
    for group in groups:
        for one in group:
            ids |= {getattr(one, column, None) for column in ("author_id", "claimed_by", "returned_from")}
    wanted = {each for each in ids if each is not None}
    return inbox_queries.names_of(connection, wanted) if wanted else {}


def case_of(
    vault: Vault, row: AnyRow, visits: Mapping[str, AnyRow], names: Mapping[str, str] = MappingProxyType({})
) -> Case:
    """A row of `escalations`, opened; `visits` by id, `names` of colleagues."""
    pieces: Sequence[Mapping[str, Any]] = evidence_of(row.id, row.evidence, vault)
    visit = visits.get(row.appointment_id)
    return Case(
        id=row.id,
        conversation_id=row.conversation_id,
        reason=row.reason,
        priority=row.priority,
        status=row.status,
        quotes=[str(piece["words"]) for piece in pieces if piece.get("words")],
        marks=[str(rule["words"]) for piece in pieces for rule in piece.get("rules", ()) if rule.get("words")],
        wish=next((str(piece["wish"]) for piece in reversed(pieces) if piece.get("wish")), ""),
        suggestion=row.suggestion,
        created_at=row.created_at,
        respond_by=row.respond_by,
        snoozed_until=row.snoozed_until,
        waiting_since=row.waiting_since,
        returned_at=row.returned_at if row.returned_from is not None else None,
        returned_from=names.get(row.returned_from, "somebody"),
        holder_id=row.claimed_by,
        visit=visit_of(visit, NO_RULES) if visit is not None else None,
        loop_id=row._mapping.get("loop_id"),
    )
