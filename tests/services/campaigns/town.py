"""A town of patients who differ in all that decides on a text, and a clinic that plays campaigns for them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import insert, select

from bot.core.campaigns import SLOT, CampaignState, slot_of
from bot.core.journey import TouchState
from bot.core.messages import Origin
from bot.core.outreach import Lane
from bot.core.people import AppointmentStatus, ConsentStatus, NumberStatus, PatientStatus
from bot.services.campaigns import making, running
from bot.services.campaigns.making import ArmText, Draft, Made
from bot.services.campaigns.release import release
from bot.services.plan import plan_due
from bot.services.sweep import look
from bot.store.columns import AnyRow
from bot.store.tables import (
    Campaign,
    CampaignRecipient,
    ContactPoint,
    Message,
    OnCall,
    Patient,
    PatientContact,
    Touch,
    User,
)
from tests.services.sending import NOON, Scene

ZONES = (None, "America/New_York", "America/Los_Angeles", "America/Denver", "Pacific/Honolulu")
TONGUES = ("en", "es", "vi", "ar", "xx")
TEN = NOON - timedelta(hours=2)
"""Monday, 10:00 at the clinic."""
LATE = timedelta(seconds=70)
"""So long after the beginning of a slot the scheduler comes round."""


@dataclass(frozen=True)
class Went:
    """One text as it went out."""

    patient_id: str
    body: str
    language: str | None
    segments: int
    kind: str
    hour: datetime


class Town:
    """Patients by number, and what became of a campaign for them."""

    def __init__(self, scene: Scene) -> None:
        self.scene, self.clinic = scene, scene.clinic

    def settle(self, size: int) -> list[str]:
        """So many patients: every one different in something."""
        ids = []
        for number in range(1, size + 1):
            name = self.clinic.vault.seal("patients.given_name", f"p{number}", f"Pat{number}")
            changes: dict[str, Any] = {"given_name": name}
            changes["timezone"] = ZONES[number % len(ZONES)]
            ids.append(self.scene.patient(number, **changes))
            self.scene.set(Patient, Patient.patient_id == ids[-1], language=TONGUES[number % 7 % len(TONGUES)])
        for number, patient_id in enumerate(ids, 1):
            self._differ(number, patient_id)
        return ids

    def _differ(self, number: int, patient_id: str) -> None:
        link, phone = PatientContact.patient_id == patient_id, ContactPoint.id == f"phone-{number}"
        match number % 16:
            case 3:
                self.scene.set(PatientContact, link, consent=ConsentStatus.OPTED_OUT)
            case 5:
                self.scene.set(PatientContact, link, consent=ConsentStatus.UNKNOWN)
            case 7:
                self.scene.set(ContactPoint, phone, status=NumberStatus.LANDLINE)
            case 9:
                self.scene.set(Patient, Patient.patient_id == patient_id, status=PatientStatus.DECEASED)
            case 11:
                self.got(number, days=0)
            case 13:
                for days in (1, 2, 5):
                    self.got(number, days=days)
            case 15:
                self.scene.set(Patient, Patient.patient_id == patient_id, paused_since=NOON)

    def got(self, number: int, *, days: int) -> None:
        """An unsolicited text went to the patient so many days ago."""
        at = self.scene.now - timedelta(days=days)
        message = self.scene.text(number, kind="recall/invite", lane=Lane.REMINDER)
        self.scene.set(Message, Message.id == message, status="delivered", sent_at=at, created_at=at, updated_at=at)

    def visit(self, number: int, *, reminded_at: datetime) -> None:
        """A visit of that patient, planned already, with a reminder at that time."""
        starts_at = reminded_at + timedelta(days=1)
        self.scene.visit(
            number, patient=f"p{number}", starts_at=starts_at, status=AppointmentStatus.BOOKED, version=1,
            planned_version=1,
        )  # fmt: skip
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(Touch).values(
                    id=self.scene.fresh_id(), key=f"a{number}:last", journey="appointment", step="reminder_last",
                    patient_id=f"p{number}", subject_id=f"a{number}", subject_version=1, due_at=reminded_at,
                    expires_at=starts_at - timedelta(hours=2), state=TouchState.PLANNED, created_at=NOON,
                    updated_at=NOON,
                )
            )  # fmt: skip

    def user(self, name: str, role: str = "supervisor") -> str:
        """Somebody with an account."""
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(User).values(id=name, email=f"{name}@example.org", role=role, password_hash="!", created_at=NOON)
            )
        return name

    def on_call(self, user_id: str, phone: str = "+16015550190") -> None:
        """That person is on the first rung, with a phone."""
        row_id = self.scene.fresh_id()
        with self.clinic.database.begin() as connection:
            connection.execute(
                insert(OnCall).values(
                    id=row_id, rung=1, user_id=user_id, after_minutes=0, by_email=True, created_at=NOON,
                    phone=self.clinic.vault.seal("on_call.phone", row_id, phone),
                )
            )  # fmt: skip

    def campaign(self, ids: list[str], **changes: Any) -> str:
        """A campaign that invites them all, as a draft."""
        draft = {"name": "Autumn", "arms": [ArmText(name="all", text_key="recall/invite")], **changes}
        made = making.create(self.clinic, Draft(**draft), ids, actor_id="ann", now=self.scene.now)
        assert isinstance(made, Made), made
        return made.campaign_id

    def start(self, campaign_id: str) -> None:
        """Start it; it is small."""
        refused = running.start(self.clinic, campaign_id, actor_id="ann", now=self.scene.now)
        assert refused is None, refused

    def live(self, days: float) -> None:
        """The scheduler and a worker, for so long: now, and then some time within each slot."""
        end = self.scene.now + timedelta(days=days)
        while self.scene.now < end:
            plan_due(self.clinic, at=self.scene.now)
            release(self.clinic, self.scene.now)
            if look(self.clinic).deliver:
                self.scene.deliver()
            self.scene.now = slot_of(self.scene.now) + SLOT + LATE

    def row(self, campaign_id: str) -> AnyRow:
        """The campaign as it is."""
        with self.clinic.database.read() as connection:
            return connection.execute(select(Campaign.__table__).where(Campaign.id == campaign_id)).one()

    def state(self, campaign_id: str) -> CampaignState:
        """Where it stands."""
        return CampaignState(self.row(campaign_id).state)

    def recipients(self, campaign_id: str) -> dict[str, AnyRow]:
        """Its patients."""
        query = select(CampaignRecipient.__table__).where(CampaignRecipient.campaign_id == campaign_id)
        with self.clinic.database.read() as connection:
            return {row.patient_id: row for row in connection.execute(query)}

    def went(self, campaign_id: str) -> dict[str, Went]:
        """What has gone out, by patient. Fails where one got two."""
        query = select(Message.__table__).where(Message.campaign_id == campaign_id, Message.sent_at.is_not(None))
        with self.clinic.database.read() as connection:
            rows = connection.execute(query).all()
        found = {
            str(row.patient_id): Went(
                patient_id=str(row.patient_id),
                body=self.clinic.vault.open("messages.body", row.id, row.body),
                language=row.language,
                segments=row.segments,
                kind=row.kind,
                hour=row.sent_at.replace(minute=0, second=0, microsecond=0),
            )
            for row in rows
        }
        assert len(found) == len(rows)
        assert all(row.origin is Origin.OUTREACH and row.lane is Lane.BULK for row in rows)
        return found
