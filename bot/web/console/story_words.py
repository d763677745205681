"""The words of a patient's story: kinds, states, programs, reasons and what people did, each in the page's language."""

from __future__ import annotations

from typing import Final

from bot.core.people import AppointmentStatus, NumberStatus, PatientStatus, Relation, Scope
from bot.services.patient_timeline import Kind
from bot.web.console.language import Said

KINDS: Final = Said({
    Kind.MESSAGES: "Messages",
    Kind.VISITS: "Visits",
    Kind.JOURNEYS: "Journeys and reminders",
    Kind.CONSENT: "Consent",
    Kind.CASES: "Cases",
    Kind.NOTES: "Notes and calls",
    Kind.RECORD: "Changes",
    Kind.VIEWS: "Viewed by",
})
STATUSES: Final = Said({
    PatientStatus.ACTIVE: "Active",
    PatientStatus.INACTIVE: "Inactive",
    PatientStatus.WRONG_NUMBER: "Wrong number",
    PatientStatus.DECEASED: "Deceased",
})
RELATIONS: Final = Said({
    Relation.SELF: "The patient",
    Relation.PARENT: "Parent",
    Relation.GUARDIAN: "Guardian",
    Relation.CHILD: "Child",
    Relation.SPOUSE: "Spouse or partner",
    Relation.CAREGIVER: "Caregiver",
    Relation.OTHER: "Somebody else",
})
SCOPES: Final = Said({
    Scope.ALL: "May be told everything",
    Scope.CONFIDENTIAL: "Everything, also of sensitive visits",
    Scope.LOGISTICS: "Times and places only",
    Scope.NOTHING: "May be told nothing",
})
NUMBERS: Final = Said({
    NumberStatus.ACTIVE: "In use",
    NumberStatus.INVALID: "Cannot receive texts",
    NumberStatus.LANDLINE: "Landline",
    NumberStatus.UNSAFE: "Not safe to text",
})
VISITS: Final = Said({
    AppointmentStatus.PROPOSED: "Proposed",
    AppointmentStatus.PENDING: "Pending",
    AppointmentStatus.BOOKED: "Booked",
    AppointmentStatus.ARRIVED: "Arrived",
    AppointmentStatus.FULFILLED: "Took place",
    AppointmentStatus.CANCELLED: "Called off",
    AppointmentStatus.NOSHOW: "Missed",
    AppointmentStatus.ENTERED_IN_ERROR: "Entered in error",
    AppointmentStatus.CHECKED_IN: "Checked in",
    AppointmentStatus.WAITLIST: "Waiting list",
})
PROGRAMS: Final = Said({
    "all": "All texts",
    "appointment": "Visit reminders",
    "waitlist": "Earlier times",
    "recall": "Invitations to come in",
    "checkin": "Check-ins after a visit",
    "survey": "Surveys",
    "education": "Health tips",
    "outreach": "Other messages",
    "general": "Answer to what the patient wrote",
})
STEPS: Final = Said({
    "booked": "Notice that the visit is booked",
    "reminder_first": "First reminder",
    "reminder_last": "Last reminder",
    "same_day": "Note on the day",
    "arrival": "How to check in",
    "video": "Link to the video visit",
    "discreet": "Asked to call",
    "arrived": "Answer to “I am here”",
    "moved": "Notice that the visit moved",
    "cancelled": "Notice that the visit is called off",
    "household": "Reminder for the household",
    "staff": "A colleague's reply",
    "prompt": "The clinic's own words",
})
LEFT_OUT: Final = Said({
    "visit-changed": "the visit was moved or changed",
    "moved": "the visit was moved",
    "cancelled": "the visit was called off",
    "entered-in-error": "the visit was entered in error",
    "fulfilled": "the visit took place",
    "noshow": "the visit was missed",
    "visit-cancelled": "the visit does not take place",
    "visit-over": "the visit is over",
    "too-late": "it was too late to be of use",
    "not-confirmed": "the visit is not confirmed",
    "already-answered": "the patient has answered",
    "confirmed": "the patient confirmed",
    "declined": "the patient cannot come",
    "another-time": "the patient asked for another time",
    "no-usable-number": "there is no number that can be texted",
    "another-text-says-it": "another text says the same",
    "language-changed": "the language was changed; it is written anew",
    "link-changed": "the visit has another link; it is written anew",
    "arrived": "the patient is there",
    "sensitive-visit": "others read this phone, and it is nobody's business but the patient's",
    "patient-merged": "the record was merged with another",
})
ACTORS: Final = Said({
    "patient": "Patient",
    "import": "The clinic's file",
    "cli": "The clinic's file",
    "demo": "The clinic's file",
    "timer": "Nobody in time",
    "provider": "The carrier",
})
OUTCOMES: Final = Said({
    "handled": "done",
    "called": "called",
    "confirmed": "visit confirmed",
    "declined": "visit called off",
    "rescheduled": "new time found",
})
HANDLED: Final = Said({
    "escalation.assign": "%(reason)s: given to a colleague by %(name)s",
    "escalation.climb": "%(reason)s: people on call were told",
    "escalation.reopen": "%(reason)s: opened again by %(name)s",
    "escalation.undo": "%(reason)s: taken back by %(name)s",
    "escalation.claim": "%(reason)s: claimed by %(name)s",
    "escalation.release": "%(reason)s: handed back by %(name)s",
    "escalation.resolve": "%(reason)s: resolved by %(name)s",
    "escalation.snooze": "%(reason)s: put off by %(name)s",
    "escalation.wake": "%(reason)s: taken up again by %(name)s",
})
RECORDED: Final = Said({
    "patient.language": "Language: %(before)s → %(after)s",
    "patient.status": "Status: %(before)s → %(after)s",
    "contact.add": "Phone added: %(relation)s, %(scope)s",
    "contact.change": "Phone changed: %(relation)s, %(scope)s",
    "contact.end": "Phone taken off the record",
    "contact.renew": "Phone taken up again",
    "number.unsafe": "Number marked as not safe to text",
    "number.safe": "Number marked as safe again",
})
VIEWED: Final = Said({
    "patient.view": "%(name)s looked at this page",
    "conversation.view": "%(name)s looked at the conversation",
    "break-glass": "%(name)s opened this patient of elsewhere with a reason",
})
