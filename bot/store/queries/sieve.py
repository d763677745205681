"""What a view of the inbox is narrowed to, beside which view it is; and what there is to narrow it to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Final, TypeVar

from sqlalchemy import ColumnElement, Connection, and_, exists, or_, select

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.store.columns import AnyRow
from bot.store.tables import Appointment, Conversation, Escalation, Location, Patient, Role, SavedView, User

NOBODY: Final = "nobody"
LOOKED_AT: Final = 2000
"""So many of the latest visits tell which locations there are."""
MOST_VIEWS: Final = 30
MOST_PEOPLE: Final = 200
_LONGEST: Final = 120

Word = TypeVar("Word", Priority, Reason)


@dataclass(frozen=True, slots=True)
class Sieve:
    """A filter; None lets everything through. `holder` is a user's id, or `nobody`."""

    priority: Priority | None = None
    reason: Reason | None = None
    language: str | None = None
    location: str | None = None
    holder: str | None = None

    @classmethod
    def read(cls, asked: Mapping[str, str]) -> Sieve:
        """Out of an address; what is no filter is none."""
        return cls(
            priority=_word(Priority, asked.get("priority")),
            reason=_word(Reason, asked.get("reason")),
            language=asked.get("language", "")[:16] or None,
            location=asked.get("location", "")[:_LONGEST] or None,
            holder=asked.get("holder", "")[:32] or None,
        )

    def asked(self) -> dict[str, str]:
        """As it stands in an address."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: str(value) for name, value in named.items() if value is not None}

    def conditions(self) -> list[ColumnElement[bool]]:
        """For rows of escalations, which are chosen before anything is joined to them."""
        found: list[ColumnElement[bool]] = []
        if self.priority is not None:
            found.append(Escalation.priority_rank == self.priority.rank)
        if self.reason is not None:
            found.append(Escalation.reason == self.reason)
        if self.language is not None:
            theirs = select(Patient.patient_id).where(
                Patient.patient_id == Escalation.patient_id,
                or_(Patient.language == self.language, Patient.language.startswith(f"{self.language}-")),
            )
            found.append(exists(theirs))
        if self.location is not None:
            visits = select(Appointment.appointment_id).where(
                Appointment.patient_id == Escalation.patient_id, Appointment.location == self.location
            )
            found.append(exists(visits))
        if self.holder is not None:
            found.append(_held_by(self.holder))
        return found


NO_SIEVE: Final = Sieve()


def _held_by(holder: str) -> ColumnElement[bool]:
    held = select(Conversation.id).where(Conversation.id == Escalation.conversation_id)
    if holder == NOBODY:
        return and_(Escalation.status == EscalationStatus.OPEN, ~exists(held.where(Conversation.held_by.is_not(None))))
    waiting = or_(Escalation.claimed_by == holder, exists(held.where(Conversation.held_by == holder)))
    return or_(
        and_(Escalation.status != EscalationStatus.RESOLVED, waiting),
        and_(Escalation.status == EscalationStatus.RESOLVED, Escalation.resolved_by == holder),
    )


def _word(words: type[Word], asked: str | None) -> Word | None:
    try:
        return words(asked) if asked else None
    except ValueError:
        return None


def colleagues(connection: Connection) -> Sequence[AnyRow]:
    """Who may hold a conversation, by name."""
    query = select(User.id, User.name, User.email).where(User.active.is_(True), User.role != Role.READ_ONLY)
    return connection.execute(query.order_by(User.name, User.email).limit(MOST_PEOPLE)).all()


def locations(connection: Connection, mine: Sequence[str]) -> list[str]:
    """Where there are visits: one's own places, or those that are set up and those of the latest visits."""
    if mine:
        return sorted(mine)
    latest = select(Appointment.location).order_by(Appointment.starts_at.desc()).limit(LOOKED_AT).subquery()
    named = select(latest.c.location).where(latest.c.location != "").union(select(Location.name))
    return sorted(connection.execute(named).scalars())


def saved_views(connection: Connection, user_id: str) -> Sequence[AnyRow]:
    """One's own and the shared ones, by name."""
    query = select(SavedView.__table__).where(or_(SavedView.owner_id == user_id, SavedView.shared.is_(True)))
    return connection.execute(query.order_by(SavedView.name, SavedView.id).limit(MOST_VIEWS)).all()
