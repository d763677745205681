"""What an inbound needs to know: the phone, who is on it, what was asked, which visits are near; prebuilt."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Connection, and_, bindparam, case, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from bot.core.escalation import EscalationStatus
from bot.core.people import Channel
from bot.journeys import discover
from bot.store.columns import AnyRow, new_id
from bot.store.tables import (
    Appointment,
    ContactPoint,
    Conversation,
    Enrollment,
    Escalation,
    Message,
    Patient,
    PatientContact,
    Question,
)
from bot.store.together import Look, Rows, read_in_turn
from bot.store.vault import Vault

QUESTION_AGE = timedelta(days=14)
VISITS_BACK = timedelta(days=7)
VISITS_AHEAD = timedelta(days=200)
LISTENING = tuple(name for name, journey in discover().items() if journey.overhears is not None)
"""Journeys whose open loops hear what is reported of them without having asked."""

# Built once: building a statement costs more than running it.
_ITS_PHONE = and_(ContactPoint.phone_index == bindparam("index"), ContactPoint.channel == bindparam("channel"))
_CONTACT_ID = select(ContactPoint.id).where(_ITS_PHONE).scalar_subquery()
_ID = (
    select(Conversation.id)
    .join(ContactPoint, Conversation.contact_point_id == ContactPoint.id)
    .where(_ITS_PHONE)
    .scalar_subquery()
)
_LOCK = (
    select(Conversation.id)
    .join(ContactPoint, Conversation.contact_point_id == ContactPoint.id)
    .where(_ITS_PHONE)
    # No key of it changes: whoever writes a row that refers to it need not wait, nor be waited for in a circle.
    .with_for_update(of=Conversation.__table__, key_share=True)
)
UNCHANGED: Final = (
    select(1 / case((Appointment.version == bindparam("version"), 1), else_=0))
    .where(Appointment.appointment_id == bindparam("appointment_id"))
    .with_for_update(key_share=True)
)
"""Locks a visit, and divides by zero when it is another version of it than the one that was looked at."""
# Read after the lock, by itself: having waited for a lock, PostgreSQL gives what is joined to the locked row as it was
# before the wait, and a STOP a moment ago would be missed.
_PHONE = (
    select(
        ContactPoint.id.label("contact_point_id"),
        ContactPoint.consent,
        ContactPoint.status.label("number_status"),
        Conversation.id,
        Conversation.held_by,
        Conversation.last_staff_at,
        Conversation.last_staff_asked,
        Conversation.last_safety_at,
        Conversation.last_safety_family,
        Conversation.recent_replies,
        Conversation.tongue,
    )
    .join(Conversation, Conversation.contact_point_id == ContactPoint.id)
    .where(_ITS_PHONE)
)
_NEEDS = (
    select(
        Escalation.id,
        Escalation.patient_id,
        Escalation.appointment_id,
        Escalation.enrollment_id,
        Escalation.reason,
        Escalation.priority,
        Escalation.evidence,
        Escalation.respond_by,
        Escalation.message_id,
        Escalation.snoozed_until,
        Escalation.waiting_since,
    )
    .where(Escalation.conversation_id == _ID, Escalation.status != EscalationStatus.RESOLVED)
    .order_by(Escalation.created_at, Escalation.id)
    .limit(40)
)
_PEOPLE = (
    select(
        Patient.patient_id,
        Patient.given_name,
        Patient.language,
        Patient.status,
        Patient.timezone,
        Patient.paused_since,
        Patient.birth_date,
        PatientContact.consent,
        PatientContact.scope,
        PatientContact.relation,
    )
    .join(PatientContact, PatientContact.patient_id == Patient.patient_id)
    .where(PatientContact.contact_point_id == _CONTACT_ID, PatientContact.active.is_(True))
    .order_by(PatientContact.rank, Patient.patient_id)
    .limit(20)
)
_QUESTIONS = (
    select(
        *Question.__table__.c,
        Enrollment.patient_id.label("enrollment_patient_id"),
        Enrollment.subject_id.label("enrollment_subject_id"),
        Enrollment.step.label("enrollment_step"),
        Enrollment.misses.label("enrollment_misses"),
        Enrollment.data.label("enrollment_data"),
        Enrollment.kind.label("enrollment_kind"),
        Enrollment.priority.label("enrollment_priority"),
        Enrollment.version.label("enrollment_version"),
        Enrollment.outcome.label("enrollment_outcome"),
    )
    .outerjoin(Enrollment, Enrollment.id == Question.enrollment_id)
    .where(Question.conversation_id == _ID, Question.asked_at > bindparam("asked_since"))
    .order_by(Question.asked_at.desc())
    .limit(12)
)
# The patients' visits first and by themselves: OFFSET keeps PostgreSQL's planner from walking everybody's visits of
# the next months instead, as it does on a table of which it has no statistics yet.
_THEIRS = (
    select(
        Appointment.appointment_id,
        Appointment.patient_id,
        Appointment.starts_at,
        Appointment.timezone,
        Appointment.status,
        Appointment.response,
        Appointment.responded_at,
        Appointment.version,
        Appointment.location,
        Appointment.service,
        Appointment.clinician,
        Appointment.telehealth_url,
        Appointment.arrived_at,
    )
    .join(PatientContact, PatientContact.patient_id == Appointment.patient_id)
    .where(PatientContact.contact_point_id == _CONTACT_ID, PatientContact.active.is_(True))
    .offset(0)
    .subquery("theirs")
)
_NEAR = (
    select(_THEIRS)
    .where(_THEIRS.c.starts_at > bindparam("since"), _THEIRS.c.starts_at < bindparam("until"))
    .order_by(_THEIRS.c.starts_at)
    .limit(60)
    .subquery("near")
)
_VISITS = (
    select(
        *_NEAR.c,
        Enrollment.id.label("enrollment_id"),
        Enrollment.step,
        Enrollment.misses,
        Enrollment.data,
        Enrollment.version.label("enrollment_version"),
    )
    .select_from(_NEAR)
    .outerjoin(Enrollment, and_(Enrollment.subject_id == _NEAR.c.appointment_id, Enrollment.journey == "appointment"))
    .order_by(_NEAR.c.starts_at)
)
_LOOPS = (
    select(
        Enrollment.id,
        Enrollment.journey,
        Enrollment.patient_id,
        Enrollment.subject_id,
        Enrollment.step,
        Enrollment.misses,
        Enrollment.data,
        Enrollment.kind,
        Enrollment.priority,
        Enrollment.version,
        Enrollment.outcome,
    )
    .join(PatientContact, PatientContact.patient_id == Enrollment.patient_id)
    .where(
        PatientContact.contact_point_id == _CONTACT_ID,
        PatientContact.active.is_(True),
        or_(*(Enrollment.journey == name for name in LISTENING)),
        Enrollment.ended_at.is_(None),
    )
    .order_by(Enrollment.created_at, Enrollment.id)
    .limit(20)
)
_SEEN = select(Message.id).where(Message.twilio_sid == bindparam("sid"))
_ANSWERS = (
    select(Message.id, Message.body, Message.via)
    .where(Message.reply_to == bindparam("message_id"))
    .order_by(Message.created_at, Message.id)
)


def insert_or_ignore(connection: Connection, table: Any) -> Any:
    """`INSERT … ON CONFLICT DO NOTHING` in the words of this database."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table).on_conflict_do_nothing()
    return sqlite.insert(table).on_conflict_do_nothing()


def _first_contact(connection: Connection, vault: Vault, phone: str, channel: Channel, now: datetime) -> None:
    ensure_conversations(connection, [ensure_point(connection, vault, phone, channel, now)], now)


def ensure_point(connection: Connection, vault: Vault, phone: str, channel: Channel, now: datetime) -> str:
    """The id of this phone on that channel, written down if it has never been seen."""
    query = select(ContactPoint.id).where(
        ContactPoint.phone_index.in_(vault.indexes(phone)), ContactPoint.channel == channel
    )
    contact_id: str | None = connection.execute(query).scalar_one_or_none()
    if contact_id is None:
        fresh = new_id()
        connection.execute(
            insert_or_ignore(connection, ContactPoint.__table__),
            {
                "id": fresh,
                "phone": vault.seal("contact_points.phone", fresh, phone),
                "phone_index": vault.index(phone),
                "channel": channel,
                "created_at": now,
            },
        )
        contact_id = connection.execute(query).scalar_one()
    return str(contact_id)


def ensure_conversations(connection: Connection, contact_point_ids: Sequence[str], now: datetime) -> None:
    """A conversation row for each of these phones."""
    rows = [{"id": new_id(), "contact_point_id": contact_id, "created_at": now} for contact_id in contact_point_ids]
    if rows:
        connection.execute(insert_or_ignore(connection, Conversation.__table__), rows)


_LOCKING: Final = Look(locked=_LOCK)
_AROUND: Final = Look(
    phone=_PHONE, people=_PEOPLE, questions=_QUESTIONS, visits=_VISITS, loops=_LOOPS, needs=_NEEDS, seen=_SEEN
)


def surroundings(
    connection: Connection, vault: Vault, phone: str, channel: Channel, message_sid: str, now: datetime
) -> Mapping[str, Rows]:
    """Lock the conversation with this phone and give all that the core looks at, in one round trip where possible.

    `phone`: one row, the phone and its conversation. `people`: patients linked to the phone, first in rank first.
    `questions`: those of the last two weeks, newest first, each with its enrollment. `visits`: from a week ago on,
    each with its enrollment. `loops`: open ones that listen without having asked. `needs`: what is open for people,
    the oldest first. `seen`: our id of the message with this MessageSid, if it has been here. A phone never seen
    before gets its rows first.
    """
    values = {
        "channel": str(channel),
        "asked_since": now - QUESTION_AGE,
        "since": now - VISITS_BACK,
        "until": now + VISITS_AHEAD,
        "sid": message_sid,
    }
    around = _around(connection, vault, phone, values)
    if around is None:
        _first_contact(connection, vault, phone, channel, now)
        around = _around(connection, vault, phone, values)
    assert around is not None, "rows made in this transaction are there"
    return around


def _around(connection: Connection, vault: Vault, phone: str, values: Mapping[str, Any]) -> Mapping[str, Rows] | None:
    for index in vault.indexes(phone):
        locked, around = read_in_turn(connection, (_LOCKING, _AROUND), {**values, "index": index})
        if locked["locked"]:
            return around
    return None


def seen(connection: Connection, message_sid: str) -> str | None:
    """Our id of the inbound message with this MessageSid."""
    return connection.execute(_SEEN, {"sid": message_sid}).scalar_one_or_none()


def answers_to(connection: Connection, message_id: str) -> Sequence[AnyRow]:
    """What was answered to this inbound message inside the webhook's response."""
    return connection.execute(_ANSWERS, {"message_id": message_id}).all()


TONGUE: Final = (
    update(Conversation).where(Conversation.id == bindparam("which")).values(tongue=bindparam("heard"))
)
"""What has been heard and offered of languages."""
HEARD: Final = (
    update(Escalation)
    .where(
        Escalation.conversation_id == bindparam("conversation"),
        Escalation.status != EscalationStatus.RESOLVED,
        or_(Escalation.snoozed_until.is_not(None), Escalation.waiting_since.is_not(None)),
    )
    .values(
        snoozed_until=None, snoozed_by=None, waiting_since=None, version=Escalation.version + 1,
        updated_at=bindparam("at"),
    )
)  # fmt: skip
"""The patient has written: whatever slept or waited for that is in sight again."""
LEFT: Final = "left"
"""Mark in `messages.understood`: the bot left it to whoever held the conversation, and nobody has closed it since."""
INSERT_MESSAGE = insert(Message.__table__)  # type: ignore[arg-type]
