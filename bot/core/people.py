"""Patients, their contact points and appointments, in FHIR R4's words where FHIR has them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum


class PatientStatus(StrEnum):
    """Whether the patient may be contacted at all."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    WRONG_NUMBER = "wrong-number"
    DECEASED = "deceased"


class ConsentStatus(StrEnum):
    """Whether texts to this patient at this number are agreed to."""

    OPTED_IN = "opted-in"
    OPTED_OUT = "opted-out"
    UNKNOWN = "unknown"


class ConsentBasis(StrEnum):
    """Who said so. Only the patient's own act or a signed form undoes the patient's own opt-out."""

    PATIENT = "patient"
    FORM = "form"
    IMPORT = "import"
    ASSUMED = "assumed"
    PROVIDER = "provider"
    STAFF = "staff"


class Channel(StrEnum):
    """How a number is reached."""

    SMS = "sms"
    WHATSAPP = "whatsapp"


class NumberStatus(StrEnum):
    """Whether a phone number works and is safe to text."""

    ACTIVE = "active"
    INVALID = "invalid"
    LANDLINE = "landline"
    UNSAFE = "unsafe"


class Relation(StrEnum):
    """Who holds the phone, seen from the patient (FHIR RelatedPerson.relationship, in short)."""

    SELF = "self"
    PARENT = "parent"
    GUARDIAN = "guardian"
    CHILD = "child"
    SPOUSE = "spouse"
    CAREGIVER = "caregiver"
    OTHER = "other"


class Scope(StrEnum):
    """What the holder of the phone may be told about the patient."""

    ALL = "all"
    CONFIDENTIAL = "confidential"
    """Everything, also of visits that are nobody's business but the patient's (`core.sensitive`)."""
    LOGISTICS = "logistics"
    NOTHING = "nothing"


class AppointmentStatus(StrEnum):
    """FHIR R4 Appointment.status."""

    PROPOSED = "proposed"
    PENDING = "pending"
    BOOKED = "booked"
    ARRIVED = "arrived"
    FULFILLED = "fulfilled"
    CANCELLED = "cancelled"
    NOSHOW = "noshow"
    ENTERED_IN_ERROR = "entered-in-error"
    CHECKED_IN = "checked-in"
    WAITLIST = "waitlist"

    @property
    def is_ahead(self) -> bool:
        """Whether the visit is still expected to take place."""
        return self in (AppointmentStatus.BOOKED, AppointmentStatus.PENDING, AppointmentStatus.PROPOSED)


class Participation(StrEnum):
    """FHIR R4 ParticipationStatus: what the patient answered."""

    NEEDS_ACTION = "needs-action"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    TENTATIVE = "tentative"


@dataclass(frozen=True, slots=True)
class Visit:
    """One appointment as the core sees it; `starts_at` is aware, `timezone` an IANA name."""

    appointment_id: str
    patient_id: str
    starts_at: datetime
    timezone: str
    status: AppointmentStatus
    response: Participation
    version: int = 1
    name: str = ""
    location: str = ""
    service: str = ""
    responded_at: datetime | None = None
    is_video: bool = False
    link: str = ""
    """Where a visit by video is joined, for texts; known only where one is written."""
    has_arrived: bool = False
    """Whether the patient has texted that they are there."""
    clinician: str = ""
    """For telling visits apart; never said in a text, and known only where several are ahead."""

    def is_open(self, now: datetime) -> bool:
        """Whether an answer about this visit still means something."""
        return self.status.is_ahead and self.starts_at > now


def years_between(born: date, today: date) -> int:
    """The age on that day, in whole years."""
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
