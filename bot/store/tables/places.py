"""What a clinic sets up: its locations, who is on call, how soon an answer is due, and where help is to be had."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import JSON, Date, ForeignKey, String, false
from sqlalchemy.orm import Mapped, mapped_column

from bot.core.escalation import Priority
from bot.store.columns import Id, Table, Word


class Location(Table):
    """One place of the clinic (FHIR Location)."""

    __tablename__ = "locations"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    """As `appointments.location` has it."""
    text_name: Mapped[str] = mapped_column(String(80))
    """What patients read."""
    phone: Mapped[str] = mapped_column(String(20), default="")
    """E.164: the clinic's own number, no patient's."""
    timezone: Mapped[str] = mapped_column(String(64))
    hours: Mapped[dict[str, str]] = mapped_column(JSON, default=dict)
    """`{"mon": "08:00-17:00", …}`: local; a day that is not there is closed; empty: as OFFICE_HOURS says."""
    holidays: Mapped[list[str]] = mapped_column(JSON, default=list)
    """ISO dates on which nobody is there."""
    check_in: Mapped[bool] = mapped_column(default=False, server_default=false())
    """Whether patients are told on the day how to check in, and asked to text when they are there."""
    directions: Mapped[dict[str, str]] = mapped_column(JSON, default=dict, server_default="{}")
    """Parking, entrance, what to bring: a sentence or two by language tag."""
    spoken: Mapped[list[str]] = mapped_column(JSON, default=list, server_default="[]")
    """Languages that staff speak there; empty: not said, and only who asks for an interpreter needs one."""
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]


class OnCall(Table):
    """One rung of the on-call ladder: who hears of an emergency that nobody has taken, and after how long."""

    __tablename__ = "on_call"

    id: Mapped[Id]
    rung: Mapped[int]
    """1 hears first."""
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), index=True)
    after_minutes: Mapped[int]
    phone: Mapped[bytes | None]
    """E.164 of the person, sealed as on_call.phone; None: no text."""
    by_email: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class ServiceLevel(Table):
    """How soon something of that priority is to be answered; without a row, the built-in times hold."""

    __tablename__ = "service_levels"

    priority: Mapped[Priority] = mapped_column(Word(Priority), primary_key=True)
    minutes: Mapped[int]
    office_hours: Mapped[bool] = mapped_column(default=False)
    """Whether the clock runs only while the clinic is open. Never for emergencies."""
    updated_at: Mapped[datetime]


class Resource(Table):
    """A community resource that staff may point to (HSDS service, in short)."""

    __tablename__ = "resources"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(String(120))
    category: Mapped[str] = mapped_column(String(32))
    """`transport`, `food`, `cost`, `housing`, `other`."""
    phone: Mapped[str] = mapped_column(String(40), default="")
    url: Mapped[str] = mapped_column(String(300), default="")
    languages: Mapped[list[str]] = mapped_column(JSON, default=list)
    area: Mapped[str] = mapped_column(String(120), default="")
    note: Mapped[str] = mapped_column(String(300), default="")
    minimum_age: Mapped[int | None]
    maximum_age: Mapped[int | None]
    verified_on: Mapped[date | None] = mapped_column(Date)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
