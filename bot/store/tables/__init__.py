"""Every table, thin: columns, keys and what each column holds."""

from __future__ import annotations

from bot.store.columns import Table
from bot.store.tables.access import (
    ApiToken,
    AuditEntry,
    BreakGlass,
    Invitation,
    RecoveryCode,
    Role,
    Session,
    SignInTry,
    TokenScope,
    User,
)
from bot.store.tables.campaigns import (
    Campaign,
    CampaignForecast,
    CampaignRecipient,
    CampaignText,
    CampaignTrial,
    ClinicLimit,
    ForecastLine,
    Fuse,
)
from bot.store.tables.care import (
    Correction,
    Enrollment,
    EnrollmentMove,
    Escalation,
    Finding,
    Note,
    Notice,
    Touch,
)
from bot.store.tables.chores import Chore
from bot.store.tables.cohorts import Cohort, ListedPatient, PatientList
from bot.store.tables.desk import CannedReply, CannedText, Presence, Review, ReviewState, SavedView
from bot.store.tables.handoffs import Condition, Discharge, Refill, SetAside
from bot.store.tables.messaging import (
    Conversation,
    Decision,
    DeliveryEvent,
    Message,
    OutreachKey,
    Question,
    RequestKey,
)
from bot.store.tables.operations import Brake, ImportFault, ImportRun, Lease
from bot.store.tables.people import ConsentEntry, ContactPoint, NameWord, Patient, PatientContact
from bot.store.tables.places import Location, OnCall, Resource, ServiceLevel
from bot.store.tables.reports import Cut, Figure, Grain, RollUp
from bot.store.tables.visits import Appointment, AppointmentChange, Recall, Referral, ReminderRule
from bot.store.tables.waiting import Slot, SlotStatus, Waiting

__all__ = [
    "ApiToken",
    "Appointment",
    "AppointmentChange",
    "AuditEntry",
    "Brake",
    "BreakGlass",
    "Campaign",
    "CampaignForecast",
    "CampaignRecipient",
    "CampaignText",
    "CampaignTrial",
    "CannedReply",
    "CannedText",
    "Chore",
    "ClinicLimit",
    "Cohort",
    "Condition",
    "ConsentEntry",
    "ContactPoint",
    "Conversation",
    "Correction",
    "Cut",
    "Decision",
    "DeliveryEvent",
    "Discharge",
    "Enrollment",
    "EnrollmentMove",
    "Escalation",
    "Figure",
    "Finding",
    "ForecastLine",
    "Fuse",
    "Grain",
    "ImportFault",
    "ImportRun",
    "Invitation",
    "Lease",
    "ListedPatient",
    "Location",
    "Message",
    "NameWord",
    "Note",
    "Notice",
    "OnCall",
    "OutreachKey",
    "Patient",
    "PatientContact",
    "PatientList",
    "Presence",
    "Question",
    "Recall",
    "RecoveryCode",
    "Referral",
    "Refill",
    "ReminderRule",
    "RequestKey",
    "Resource",
    "Review",
    "ReviewState",
    "Role",
    "RollUp",
    "SavedView",
    "ServiceLevel",
    "Session",
    "SetAside",
    "SignInTry",
    "Slot",
    "SlotStatus",
    "Table",
    "TokenScope",
    "Touch",
    "User",
    "Waiting",
]
