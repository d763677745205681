"""Every table, thin: columns, keys and what each column holds."""

from __future__ import annotations

from bot.store.columns import Table
from bot.store.tables.access import ApiToken, AuditEntry, Role, Session, SignInTry, TokenScope, User
from bot.store.tables.care import Correction, Enrollment, Escalation, Finding, Note, Touch
from bot.store.tables.messaging import Conversation, Decision, DeliveryEvent, Message, OutreachKey, Question
from bot.store.tables.operations import Brake, ImportFault, ImportRun, Lease
from bot.store.tables.people import ConsentEntry, ContactPoint, Patient, PatientContact
from bot.store.tables.visits import Appointment, AppointmentChange, Recall, Referral, ReminderRule

__all__ = [
    "ApiToken",
    "Appointment",
    "AppointmentChange",
    "AuditEntry",
    "Brake",
    "ConsentEntry",
    "ContactPoint",
    "Conversation",
    "Correction",
    "Decision",
    "DeliveryEvent",
    "Enrollment",
    "Escalation",
    "Finding",
    "ImportFault",
    "ImportRun",
    "Lease",
    "Message",
    "Note",
    "OutreachKey",
    "Patient",
    "PatientContact",
    "Question",
    "Recall",
    "Referral",
    "ReminderRule",
    "Role",
    "Session",
    "SignInTry",
    "Table",
    "TokenScope",
    "Touch",
    "User",
]
