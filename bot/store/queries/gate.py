"""What the gate reads about a batch of messages: the number, the patient, the visits, and what went out of late."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import BindParameter, Connection, and_, bindparam, exists, func, or_, select

from bot.core.budget import WEEK, Reserved
from bot.core.consent import EVERY_PROGRAM, Statement, stopped
from bot.core.fuses import Guards
from bot.core.journey import UNREACHABLE, TouchState
from bot.core.messages import MessageStatus, Origin
from bot.core.outreach import Lane, counts
from bot.core.series import PREGNANCY
from bot.journeys import discover, is_asked_for, rank_of
from bot.store.bulk import among
from bot.store.columns import AnyRow
from bot.store.tables import (
    Appointment,
    Campaign,
    ConsentEntry,
    ContactPoint,
    Conversation,
    Enrollment,
    Escalation,
    Fuse,
    Message,
    Patient,
    PatientContact,
    Question,
    Touch,
)

LONGEST_HOLD = timedelta(days=21)
"""A text older than this that still waited a week ago is not looked for."""

SAME_DAY_STEPS: Final = {"same_day": Lane.SAME_DAY, "moved": Lane.SAME_DAY, "cancelled": Lane.SAME_DAY}
"""Contacts that go in the lane of the day: outside the budget."""

_IDS: BindParameter[Any] = bindparam("ids", expanding=True)

# What the gate asks of the number, the patient and the link between them, whatever is to be said.
_STANDING: Final[tuple[Any, ...]] = (
    ContactPoint.status.label("number_status"),
    ContactPoint.consent.label("number_consent"),
    Conversation.held_by,
    Conversation.last_inbound_at,
    Patient.status.label("patient_status"),
    Patient.paused_since,
    Patient.timezone.label("patient_timezone"),
    PatientContact.active.label("link_active"),
    PatientContact.consent.label("link_consent"),
    PatientContact.scope,
)
# All that belongs to one message, in one round trip; the body and the phone come along for the sender.
_MESSAGES = (
    select(
        Message.id,
        Message.conversation_id,
        Message.contact_point_id,
        Message.patient_id,
        Message.appointment_id,
        Message.appointment_version,
        Message.enrollment_id,
        Message.campaign_id,
        Campaign.state.label("campaign_state"),
        Message.origin,
        Message.kind,
        Message.body,
        Message.segments,
        Message.status,
        Message.lane,
        Message.lane_rank,
        Message.expires_at,
        Message.attempts,
        Message.knocks,
        Message.budget_exempt,
        Message.decision,
        Message.decision_reason,
        Message.created_at,
        ContactPoint.phone,
        ContactPoint.channel,
        *_STANDING,
    )
    .join(ContactPoint, ContactPoint.id == Message.contact_point_id)
    .join(Conversation, Conversation.id == Message.conversation_id)
    .outerjoin(Campaign, Campaign.id == Message.campaign_id)
    .outerjoin(Patient, Patient.patient_id == Message.patient_id)
    .outerjoin(
        PatientContact,
        and_(
            PatientContact.patient_id == Message.patient_id,
            PatientContact.contact_point_id == Message.contact_point_id,
        ),
    )
    .where(Message.id.in_(_IDS))
)
_SUBJECTS = select(Question.message_id, Question.subjects).where(Question.message_id.in_(_IDS))
_VISITS = select(
    Appointment.appointment_id,
    Appointment.starts_at,
    Appointment.timezone,
    Appointment.status,
    Appointment.response,
    Appointment.responded_at,
    Appointment.version,
    Appointment.service,
    Appointment.location,
).where(Appointment.appointment_id.in_(_IDS))
_BEHIND = (
    select(Enrollment.id, Enrollment.kind, Appointment.service, Appointment.location)
    .outerjoin(
        Appointment, Appointment.appointment_id == func.coalesce(Enrollment.appointment_id, Enrollment.subject_id)
    )
    .where(Enrollment.id.in_(_IDS))
)
# A loop that can hear that it does not reach its patient makes its own case of it.
_UNTOLD = select(Enrollment.id).where(
    Enrollment.id.in_(_IDS),
    Enrollment.kind.in_(PREGNANCY),
    Enrollment.journey.not_in([name for name, journey in discover().items() if UNREACHABLE in journey.events]),
    ~exists().where(Escalation.enrollment_id == Enrollment.id, Escalation.suggestion == bindparam("told")),
)
_IN_FLIGHT = (MessageStatus.CLAIMED, MessageStatus.UNKNOWN)
_RECENT = select(Message.patient_id, Message.sent_at, Message.updated_at).where(
    Message.patient_id.in_(_IDS),
    Message.created_at > bindparam("written_since"),
    Message.origin == Origin.OUTREACH,
    Message.budget_exempt.is_(False),
    or_(Message.sent_at > bindparam("sent_since"), Message.status.in_(_IN_FLIGHT)),
    Message.id.not_in(bindparam("but", expanding=True)),
)


_PLANNED_CONTACTS = select(Touch.patient_id, Touch.journey, Touch.step, Touch.due_at).where(
    Touch.patient_id.in_(_IDS),
    Touch.state == TouchState.PLANNED,
    Touch.due_at < bindparam("until"),
    Touch.expires_at > bindparam("now"),
)
_WAITING = select(Message.id, Message.patient_id, Message.kind, Message.lane, Message.due_at).where(
    Message.patient_id.in_(_IDS),
    Message.created_at > bindparam("written_since"),
    Message.origin == Origin.OUTREACH,
    Message.status == MessageStatus.PLANNED,
    Message.budget_exempt.is_(False),
    Message.due_at < bindparam("until"),
)
_FUSES = select(Fuse.guards, Fuse.subject).where(Fuse.reset_at.is_(None))
_OF_PROGRAMS = (
    select(ConsentEntry.patient_id, ConsentEntry.status, ConsentEntry.basis, ConsentEntry.at, ConsentEntry.program)
    .where(ConsentEntry.program != EVERY_PROGRAM)
    .order_by(ConsentEntry.at, ConsentEntry.id)
)


def messages(connection: Connection, ids: Sequence[str]) -> Sequence[AnyRow]:
    """These messages, each with its number, conversation, patient and link."""
    return connection.execute(_MESSAGES, {"ids": ids}).all()


def standing(connection: Connection, patient_ids: Sequence[str]) -> Mapping[tuple[str, str], AnyRow]:
    """How these patients stand at each of their numbers in use, by (patient, number)."""
    rows = connection.execute(
        select(Patient.patient_id, PatientContact.contact_point_id, *_STANDING)
        .join(PatientContact, PatientContact.patient_id == Patient.patient_id)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .outerjoin(Conversation, Conversation.contact_point_id == ContactPoint.id)
        .where(Patient.patient_id.in_(patient_ids), PatientContact.active.is_(True))
    )
    return {(row.patient_id, row.contact_point_id): row for row in rows}


def subjects(connection: Connection, rows: Iterable[AnyRow]) -> Mapping[str, Mapping[str, int | None]]:
    """For each message the visits it is about, with the version it was written for."""
    about: dict[str, dict[str, int | None]] = defaultdict(dict)
    for row in rows:
        if row.appointment_id is not None:
            about[row.id][row.appointment_id] = row.appointment_version
    outreach = [row.id for row in rows if row.origin is Origin.OUTREACH]
    if outreach:
        for message_id, pairs in connection.execute(_SUBJECTS, {"ids": outreach}):
            about[message_id].update((appointment_id, version) for appointment_id, version in pairs)
    return about


def visits(connection: Connection, appointment_ids: Sequence[str]) -> Mapping[str, AnyRow]:
    """These appointments as they are now."""
    if not appointment_ids:
        return {}
    return {row.appointment_id: row for row in connection.execute(_VISITS, {"ids": appointment_ids})}


def behind(connection: Connection, enrollment_ids: Sequence[str]) -> Sequence[AnyRow]:
    """The kind of each of these loops and, where it is about a visit, the service and place of that visit."""
    return connection.execute(_BEHIND, {"ids": enrollment_ids}).all()


def untold(connection: Connection, enrollment_ids: Sequence[str], suggestion: str) -> Sequence[str]:
    """Those of these loops about a pregnancy that do not see to it themselves, and that no case was made of."""
    return connection.execute(_UNTOLD, {"ids": enrollment_ids, "told": suggestion}).scalars().all()


def stopped_programs(connection: Connection, patient_ids: Sequence[str]) -> Mapping[str, frozenset[str]]:
    """For each of these patients who stopped some, the programs whose texts they do not want."""
    if not patient_ids:
        return {}
    said: dict[str, list[Statement]] = defaultdict(list)
    for row in connection.execute(_OF_PROGRAMS.where(among(connection, ConsentEntry.patient_id, patient_ids))):
        said[str(row.patient_id)].append(Statement(row.status, row.basis, row.at, row.program))
    return {patient_id: stopped(statements) for patient_id, statements in said.items()}


def recent(
    connection: Connection, patient_ids: Sequence[str], now: datetime, *, but: Sequence[str]
) -> Mapping[str, list[datetime]]:
    """When unsolicited texts went to each of these patients in the last week; those on their way count too."""
    if not patient_ids:
        return {}
    window: dict[str, Any] = {"written_since": now - LONGEST_HOLD, "sent_since": now - WEEK}
    went: dict[str, list[datetime]] = defaultdict(list)
    for row in connection.execute(_RECENT, {"ids": patient_ids, "but": but, **window}):
        went[str(row.patient_id)].append(row.sent_at or row.updated_at)
    return went


def reserved(
    connection: Connection, patient_ids: Sequence[str], now: datetime, *, until: datetime
) -> Mapping[str, list[Reserved]]:
    """What is planned for each of these patients until then and counts against the budget, written down or not."""
    if not patient_ids:
        return {}
    ahead: dict[str, list[Reserved]] = defaultdict(list)
    window: dict[str, Any] = {"ids": patient_ids, "now": now, "until": until}
    for row in connection.execute(_PLANNED_CONTACTS, window):
        kind = f"{row.journey}/{row.step}"
        if counts(kind, SAME_DAY_STEPS.get(row.step)) and not is_asked_for(row.journey, row.step):
            ahead[row.patient_id].append(Reserved(row.due_at, rank_of(kind)))
    waiting = {"ids": patient_ids, "until": until, "written_since": now - LONGEST_HOLD}
    for text in connection.execute(_WAITING, waiting):
        if counts(text.kind, text.lane):
            ahead[str(text.patient_id)].append(Reserved(text.due_at or now, rank_of(text.kind), text.id))
    return ahead


def blown_fuses(connection: Connection) -> frozenset[tuple[Guards, str]]:
    """What stands still until a person resets its fuse."""
    return frozenset((row.guards, row.subject) for row in connection.execute(_FUSES))
