"""Patients, phone numbers, who holds which, and the consent ledger."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.people import Channel, ConsentBasis, ConsentStatus, NumberStatus, PatientStatus, Relation, Scope
from bot.store.columns import ExternalId, Id, Table, word

OPTED_OUT = text("status = 'opted-out'")


class Patient(Table):
    """A person under the clinic's care, keyed by the clinic's own id."""

    __tablename__ = "patients"

    patient_id: Mapped[ExternalId]
    given_name: Mapped[bytes | None]
    """Sealed as patients.given_name."""
    family_name: Mapped[bytes | None]
    """Sealed as patients.family_name."""
    birth_date: Mapped[bytes | None]
    """Sealed as patients.birth_date, ISO 8601."""
    name_index: Mapped[str | None] = mapped_column(String(64), index=True)
    """Blind index of the folded full name, for exact search."""
    language: Mapped[str] = mapped_column(String(16))
    language_basis: Mapped[ConsentBasis] = word(ConsentBasis, default=ConsentBasis.IMPORT)
    """Who chose the language: the patient's own choice outlives an import."""
    interpreter: Mapped[bool | None]
    """Whether visits need an interpreter; None: nobody has said, and the language tells."""
    timezone: Mapped[str | None] = mapped_column(String(64))
    status: Mapped[PatientStatus] = word(PatientStatus, default=PatientStatus.ACTIVE)
    paused_since: Mapped[datetime | None]
    """Set by an emergency: no journey says anything until a person closes the case."""
    replaced_by: Mapped[str | None] = mapped_column(String(128), index=True)
    """Merged into that record: what still names this one is about that one. It need not be here yet."""
    row_hash: Mapped[str | None] = mapped_column(String(64))
    """Blind index of the imported row, so that the same row again changes nothing."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class NameWord(Table):
    """One word of a patient's name, or the first three letters of one, as a blind index: what search looks up."""

    __tablename__ = "name_words"

    word_index: Mapped[str] = mapped_column(String(64), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), primary_key=True, index=True)


class ContactPoint(Table):
    """A phone number on one channel (FHIR ContactPoint)."""

    __tablename__ = "contact_points"
    __table_args__ = (UniqueConstraint("phone_index", "channel"),)

    id: Mapped[Id]
    phone: Mapped[bytes]
    """E.164, sealed as contact_points.phone."""
    phone_index: Mapped[str] = mapped_column(String(64))
    channel: Mapped[Channel] = word(Channel)
    status: Mapped[NumberStatus] = word(NumberStatus, default=NumberStatus.ACTIVE)
    consent: Mapped[ConsentStatus] = word(ConsentStatus, default=ConsentStatus.UNKNOWN)
    """What the holder of the phone last said, folded from the ledger: an opt-out here silences every patient on it."""
    consent_at: Mapped[datetime | None]
    created_at: Mapped[datetime]


class PatientContact(Table):
    """One link between a patient and a phone, with the holder's relation and what may be said to them."""

    __tablename__ = "patient_contacts"
    __table_args__ = (Index("ix_patient_contacts_contact_point_id", "contact_point_id"),)

    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), primary_key=True)
    contact_point_id: Mapped[str] = mapped_column(ForeignKey("contact_points.id"), primary_key=True)
    relation: Mapped[Relation] = word(Relation, default=Relation.SELF)
    scope: Mapped[Scope] = word(Scope, default=Scope.ALL)
    contact_id: Mapped[str | None] = mapped_column(String(128))
    """The clinic's id of the person who holds the phone (FHIR RelatedPerson), where an import knows one."""
    rank: Mapped[int] = mapped_column(default=1)
    """1 is tried first."""
    active: Mapped[bool] = mapped_column(default=True)
    consent: Mapped[ConsentStatus] = word(ConsentStatus, default=ConsentStatus.UNKNOWN)
    """This patient's consent at this number, folded from the ledger."""
    consent_basis: Mapped[ConsentBasis | None] = word(ConsentBasis)
    created_at: Mapped[datetime]


class ConsentEntry(Table):
    """One line of the consent ledger: never changed, never deleted."""

    __tablename__ = "consent_entries"
    __table_args__ = (
        Index("ix_consent_entries_contact_point_id_at", "contact_point_id", "at"),
        Index("ix_consent_entries_patient_id_at", "patient_id", "at"),
        Index("ix_consent_entries_opted_out", "at", postgresql_where=OPTED_OUT, sqlite_where=OPTED_OUT),
    )

    id: Mapped[Id]
    patient_id: Mapped[str | None] = mapped_column(ForeignKey("patients.patient_id"))
    """None: said for the number, whoever uses it."""
    contact_point_id: Mapped[str | None] = mapped_column(ForeignKey("contact_points.id"))
    program: Mapped[str] = mapped_column(String(32), default="all")
    status: Mapped[ConsentStatus] = word(ConsentStatus)
    basis: Mapped[ConsentBasis] = word(ConsentBasis)
    wording: Mapped[bytes | None]
    """The patient's own words or the form's version, sealed as consent_entries.wording."""
    evidence: Mapped[str | None] = mapped_column(String(64))
    """Id of the message, import or signed form."""
    language: Mapped[str | None] = mapped_column(String(16))
    actor: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime]
