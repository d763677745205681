"""One inbound being acted on: what is known, and what is to be said in one message."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from bot.core.effects import Ask, Say
from bot.core.intents import Understanding
from bot.core.people import Visit
from bot.core.situation import Situation
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow


@dataclass(slots=True)
class Turn:
    """One inbound being acted on. Collects what is to be said, so that the patient gets one message."""

    clinic: Clinic
    connection: Connection
    phone: AnyRow
    situation: Situation
    understanding: Understanding
    message_id: str
    words: str
    now: datetime
    patient_id: str | None = None
    language: str | None = None
    enrolled: dict[str, str] = field(default_factory=dict)
    """Enrollment ids by subject, as they come to be."""
    visits: tuple[Visit, ...] = ()
    said: list[tuple[Say | Ask, str, str]] = field(default_factory=list)
    """What to say, rendered: the effect, its text, its language."""
