"""Campaigns and their patients, forecasts, the fuses that have blown, and the numbers that a clinic sets."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.campaigns import CampaignState, Goal, RecipientState
from bot.core.escalation import NoticeState
from bot.core.fuses import Blown, Guards
from bot.core.outreach import Verdict
from bot.store.columns import Id, Table, Word, word

STANDS = text("reset_at IS NULL")


class Campaign(Table):
    """One text, or some, to many patients, at a pace."""

    __tablename__ = "campaigns"
    __table_args__ = (Index("ix_campaigns_state", "state"),)

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[CampaignState] = word(CampaignState)
    reason: Mapped[str | None] = mapped_column(String(64))
    """Why it is paused or stopped, where not by a person's hand."""
    goal: Mapped[Goal] = word(Goal, default=Goal.REPLIED)
    cohort: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Where its patients come from: `{"segment": id}`, `{"file": name}`."""
    size: Mapped[int] = mapped_column(default=0)
    arms: Mapped[list[dict[str, Any]]] = mapped_column(JSON)
    """`[{"name", "share", "text_key"}]`; the hold-out's text_key is null."""
    zones: Mapped[list[str]] = mapped_column(JSON, default=list)
    """The time zones of its patients."""
    daily_cap: Mapped[int | None]
    replies_an_hour: Mapped[int | None]
    response_rate: Mapped[float | None]
    """None: as past campaigns say, else as assumed."""
    location: Mapped[str | None] = mapped_column(String(120))
    """Whose staff answer, by their hours; None: the clinic's."""
    starts_at: Mapped[datetime | None]
    """Not before."""
    ends_at: Mapped[datetime | None]
    """Who has not been written to by then is not written to any more."""
    author_id: Mapped[str] = mapped_column(String(32))
    approved_by: Mapped[str | None] = mapped_column(String(32))
    approved_at: Mapped[datetime | None]
    started_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    version: Mapped[int] = mapped_column(default=1)
    chore_id: Mapped[str | None] = mapped_column(String(32))
    """What puts its patients into the line, until all of them stand there."""
    editors: Mapped[list[str] | None] = mapped_column(JSON)
    """Whoever has changed the draft: like its author, none of them approves it."""
    edited_at: Mapped[datetime | None]
    """When it was last changed: a forecast from before is of something else."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class CampaignText(Table):
    """The clinic's own words of one arm in one language. {name}, {clinic} and {phone} are filled in."""

    __tablename__ = "campaign_texts"

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    arm: Mapped[str] = mapped_column(String(40), primary_key=True)
    language: Mapped[str] = mapped_column(String(16), primary_key=True)
    body: Mapped[str] = mapped_column(String(1600))
    is_source: Mapped[bool]
    """The words as written; the others are translations, of use only while `source_digest` is theirs."""
    source_digest: Mapped[str] = mapped_column(String(64))
    reviewer: Mapped[str | None] = mapped_column(String(80))
    qualification: Mapped[str | None] = mapped_column(String(120))
    reviewed_on: Mapped[date | None] = mapped_column(Date)
    updated_at: Mapped[datetime]


class CampaignRecipient(Table):
    """One patient of a campaign: one row, one text at the most."""

    __tablename__ = "campaign_recipients"
    __table_args__ = (
        Index("ix_campaign_recipients_line", "campaign_id", "state", "zone", "place"),
        Index("ix_campaign_recipients_let_go_at", "campaign_id", "let_go_at"),
        Index("ix_campaign_recipients_message_id", "message_id"),
        Index("ix_campaign_recipients_patient_id", "patient_id"),
    )

    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), primary_key=True)
    patient_id: Mapped[str] = mapped_column(ForeignKey("patients.patient_id"), primary_key=True)
    place: Mapped[int] = mapped_column(BigInteger)
    """Where the patient stands in the line, by lot."""
    zone: Mapped[str] = mapped_column(String(64))
    """The patient's time zone: nobody is let go while it is night there."""
    arm: Mapped[str] = mapped_column(String(40))
    state: Mapped[RecipientState] = word(RecipientState)
    reason: Mapped[str | None] = mapped_column(String(64))
    """Why it is skipped, or why it waits."""
    not_before: Mapped[datetime | None]
    """The gate holds it until then."""
    message_id: Mapped[str | None] = mapped_column(String(32))
    segments: Mapped[int] = mapped_column(default=0)
    let_go_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]


class CampaignTrial(Table):
    """A campaign's text sent to a member of the staff, marked as a trial. No patient's message."""

    __tablename__ = "campaign_trials"

    id: Mapped[Id]
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"), index=True)
    arm: Mapped[str] = mapped_column(String(40))
    language: Mapped[str] = mapped_column(String(16))
    phone: Mapped[bytes]
    """E.164, sealed as campaign_trials.phone."""
    state: Mapped[NoticeState] = word(NoticeState)
    error: Mapped[str | None] = mapped_column(String(120))
    author_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]


class CampaignForecast(Table):
    """A campaign's next days as they would go: run on paper, with the functions of the real run."""

    __tablename__ = "campaign_forecasts"
    __table_args__ = (Index("ix_campaign_forecasts_campaign_id_created_at", "campaign_id", "created_at"),)

    id: Mapped[Id]
    campaign_id: Mapped[str] = mapped_column(ForeignKey("campaigns.id"))
    days: Mapped[int]
    starts_at: Mapped[datetime]
    """The first moment that it plays."""
    done: Mapped[int] = mapped_column(default=0)
    """Patients decided on so far: its progress."""
    summary: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Filled in at the end."""
    error: Mapped[str | None] = mapped_column(String(64))
    author_id: Mapped[str] = mapped_column(String(32))
    created_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]


class ForecastLine(Table):
    """What one patient would get, and when; or why nothing."""

    __tablename__ = "forecast_lines"

    forecast_id: Mapped[str] = mapped_column(ForeignKey("campaign_forecasts.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """In the order in which it happens."""
    patient_id: Mapped[str] = mapped_column(String(128))
    arm: Mapped[str] = mapped_column(String(40))
    verdict: Mapped[Verdict] = mapped_column(Word(Verdict, 8))
    """`send`; `drop`; `hold`: still waiting at the end of the days."""
    reason: Mapped[str] = mapped_column(String(64))
    at: Mapped[datetime | None]
    kind: Mapped[str | None] = mapped_column(String(48))
    language: Mapped[str | None] = mapped_column(String(16))
    segments: Mapped[int] = mapped_column(default=0)
    digest: Mapped[str | None] = mapped_column(String(64))
    """Blind index of the words: what tells whether the real text is the one that was shown."""


class Fuse(Table):
    """A fuse that has blown, until a person resets it."""

    __tablename__ = "fuses"
    __table_args__ = (
        Index("ix_fuses_stands", "guards", "subject", unique=True, postgresql_where=STANDS, sqlite_where=STANDS),
        Index("ix_fuses_blown_at", "blown_at"),
    )

    id: Mapped[Id]
    guards: Mapped[Guards] = word(Guards)
    subject: Mapped[str] = mapped_column(String(128))
    """The patient, the kind of text, the campaign; "" for the clinic."""
    why: Mapped[Blown] = word(Blown)
    counted: Mapped[float]
    limit: Mapped[float]
    detail: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    """Numbers and ids, never a patient's data."""
    escalation_id: Mapped[str | None] = mapped_column(String(32))
    blown_at: Mapped[datetime]
    reset_at: Mapped[datetime | None]
    reset_by: Mapped[str | None] = mapped_column(String(32))


class ClinicLimit(Table):
    """A number that the clinic has set; without a row the built-in one counts (`core.fuses.DEFAULTS`)."""

    __tablename__ = "clinic_limits"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[float]
    updated_at: Mapped[datetime]
