"""Finding patients by id, phone and words of names, and the latest messages to look through."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, exists, or_, select, union_all

from bot.store.columns import AnyRow
from bot.store.queries.scope import within
from bot.store.tables import ContactPoint, Conversation, Message, NameWord, Patient, PatientContact

EXACT = 50
_PERSON = (
    Patient.patient_id,
    Patient.given_name,
    Patient.family_name,
    Patient.birth_date,
    Patient.replaced_by,
)


def exactly(
    connection: Connection, *, patient_id: str, phones: Sequence[str], locations: Sequence[str] = ()
) -> Sequence[AnyRow]:
    """Patients with this id, or with one of these phone indexes."""
    by_phone = (
        select(PatientContact.patient_id)
        .join(ContactPoint, ContactPoint.id == PatientContact.contact_point_id)
        .where(ContactPoint.phone_index.in_(phones), PatientContact.active.is_(True))
    )
    # A union, so that each half is looked up in its own index: with OR, every patient would be read.
    wanted = union_all(select(Patient.patient_id).where(Patient.patient_id == patient_id), by_phone)
    query = select(*_PERSON).where(Patient.patient_id.in_(wanted), within(Patient.patient_id, locations))
    return connection.execute(query.order_by(Patient.patient_id).limit(EXACT)).all()


def named(
    connection: Connection, words: Sequence[Sequence[str]], *, limit: int, locations: Sequence[str] = ()
) -> Sequence[AnyRow]:
    """Patients with a name word among each of these groups of indexes, and one more than the limit if there is."""
    having = [
        Patient.patient_id.in_(select(NameWord.patient_id).where(NameWord.word_index.in_(indexes)))
        for indexes in words
    ]
    query = select(*_PERSON).where(*having, within(Patient.patient_id, locations))
    return connection.execute(query.order_by(Patient.patient_id).limit(limit + 1)).all()


def people(connection: Connection, patient_ids: set[str]) -> dict[str, AnyRow]:
    """These patients, by id."""
    query = select(*_PERSON).where(Patient.patient_id.in_(patient_ids))
    return {row.patient_id: row for row in connection.execute(query)}


def numbers(connection: Connection, contact_point_ids: set[str]) -> dict[str, bytes]:
    """The sealed numbers of these phones, by id."""
    query = select(ContactPoint.id, ContactPoint.phone).where(ContactPoint.id.in_(contact_point_ids))
    return {row.id: row.phone for row in connection.execute(query)}


def visible(connection: Connection, patient_ids: set[str], locations: Sequence[str]) -> set[str]:
    """Those of these patients who belong to one of these places."""
    query = select(Patient.patient_id).where(
        Patient.patient_id.in_(patient_ids), within(Patient.patient_id, locations)
    )
    return set(connection.execute(query).scalars())


def visible_talks(connection: Connection, conversation_ids: set[str], locations: Sequence[str]) -> set[str]:
    """Those of these conversations on whose phone is somebody of these places, or nobody who is known."""
    on_it = select(PatientContact.patient_id).where(
        PatientContact.contact_point_id == Conversation.contact_point_id, PatientContact.active.is_(True)
    )
    here = on_it.where(within(PatientContact.patient_id, locations))
    query = select(Conversation.id).where(
        Conversation.id.in_(conversation_ids), or_(exists(here), ~exists(on_it))
    )
    return set(connection.execute(query).scalars())


def latest_texts(connection: Connection, *, before: str | None, limit: int) -> Sequence[AnyRow]:
    """The newest messages, or those before that one; newest first. Whose they are is still to be looked at.

    By id: ids grow with time, and every table has an index on them.
    """
    query = select(
        Message.id,
        Message.conversation_id,
        Message.contact_point_id,
        Message.patient_id,
        Message.direction,
        Message.created_at,
        Message.body,
    )
    if before:
        query = query.where(Message.id < before)
    return connection.execute(query.order_by(Message.id.desc()).limit(limit)).all()


def page_with(connection: Connection, message_id: str, *, after: int) -> str | None:
    """The message of the same conversation that stands so many after this one; None when there are not so many."""
    this = connection.execute(
        select(Message.conversation_id, Message.created_at, Message.id).where(Message.id == message_id)
    ).first()
    if this is None:
        return None
    later = or_(
        Message.created_at > this.created_at, (Message.created_at == this.created_at) & (Message.id > this.id)
    )
    query = (
        select(Message.id)
        .where(Message.conversation_id == this.conversation_id, later)
        .order_by(Message.created_at, Message.id)
        .offset(after - 1)
        .limit(1)
    )
    return connection.execute(query).scalar_one_or_none()
