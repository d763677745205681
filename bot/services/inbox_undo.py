"""Handing on, opening again, and taking back what was done a moment ago."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from sqlalchemy import Connection, or_, select, update

from bot.core.escalation import EscalationStatus, Priority
from bot.services import audit, inbox
from bot.services.clinic import Clinic
from bot.services.escalations import due_at
from bot.services.inbox import Change, Closed, Done, Gone, HeldBy
from bot.services.inbox_snooze import NotNow
from bot.services.loops.moving import REOPENED, tell_loop
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import inbox as queries
from bot.store.queries import scope
from bot.store.tables import Conversation, Patient, PatientContact, Role, User

UNDO_SHOWN: Final = timedelta(seconds=10)
"""How long a page offers to take something back."""
UNDO_WITHIN: Final = timedelta(minutes=2)
"""How long the server does it: a page without scripts does not take the offer away."""


@dataclass(frozen=True, slots=True)
class NotTheirs:
    """Only whoever resolved it, or a supervisor, opens it again."""

    name: str


@dataclass(frozen=True, slots=True)
class Unable:
    """That colleague may not have it: not active, only looks, or works at other places."""


@dataclass(frozen=True, slots=True)
class TooLate:
    """Something else has happened to it since, or the time is over."""


@dataclass(frozen=True, slots=True)
class Before:
    """How something stood before it was changed, and its version after: enough to take the change back."""

    escalation_id: str
    version: int
    holder: str | None


Assigned: TypeAlias = Change | Unable | NotNow
Reopened: TypeAlias = Change | NotTheirs


@once_more
def assign(
    clinic: Clinic, *, escalation_id: str, to: str, actor_id: str, now: datetime, force: bool = False
) -> Assigned:
    """Give something free, or one's own, to that colleague, with all that goes with its conversation.

    `force` gives away what somebody else holds. An emergency is taken, never handed on to who may not be there.
    """
    with clinic.database.begin() as connection:
        row = inbox.locked(connection, escalation_id)
        if row is None:
            return Gone()
        if row.status is EscalationStatus.RESOLVED:
            return Closed()
        holder = inbox.other_holder(connection, row, to)
        if holder not in (None, actor_id) and not force:
            return HeldBy(holder, queries.name_of(connection, holder))
        moving = _moving(connection, row, holder)
        if to != actor_id:
            if any(each.priority is Priority.EMERGENCY for each in moving):
                return NotNow(emergency=True)
            if not _may_have(connection, escalation_id, to):
                return Unable()
        _hand_over(connection, row, moving, holder, to, actor_id=actor_id, now=now)
        audit.record(
            connection, at=now, actor=actor_id, action="escalation.assign", object_type="escalation", object_id=row.id,
            detail={"to": to},
        )  # fmt: skip
        return Done(EscalationStatus.CLAIMED, row.conversation_id)


@once_more
def reopen(clinic: Clinic, *, escalation_id: str, actor_id: str, now: datetime, force: bool = False) -> Reopened:
    """Bring back what was resolved, with a clock that runs anew; to whoever resolved it, if they had claimed it."""
    with clinic.database.begin() as connection:
        row = inbox.locked(connection, escalation_id)
        if row is None:
            return Gone()
        if row.status is not EscalationStatus.RESOLVED:
            return Done(row.status, row.conversation_id)
        if row.resolved_by != actor_id and not force:
            return NotTheirs(queries.name_of(connection, row.resolved_by))
        again = due_at(clinic, row.priority, (), now)
        anew = {"respond_by": again, "returned_at": now, "returned_from": None}
        return Done(_reopen(connection, clinic, row, actor_id=actor_id, now=now, **anew), row.conversation_id)


@once_more
def put_back(clinic: Clinic, before: Before, *, actor_id: str, done_at: datetime, now: datetime) -> Change | TooLate:
    """Take back what that person did a moment ago, if nothing has happened to it since."""
    with clinic.database.begin() as connection:
        row = inbox.locked(connection, before.escalation_id)
        if row is None:
            return Gone()
        if row.version != before.version or now - done_at > UNDO_WITHIN:
            # Another one of the same conversation may have taken this one back with it.
            as_it_was = row.status is not EscalationStatus.RESOLVED and row.snoozed_until is None
            same = as_it_was and holder_of(row) == before.holder
            return Done(row.status, row.conversation_id) if same else TooLate()
        if row.status is EscalationStatus.RESOLVED:
            return Done(_reopen(connection, clinic, row, actor_id=actor_id, now=now), row.conversation_id)
        other = inbox.other_holder(connection, row, before.holder) if before.holder is not None else None
        if other is not None and other != holder_of(row):
            return HeldBy(other, queries.name_of(connection, other))
        _as_it_was(connection, row, before.holder, actor_id=actor_id, now=now)
        audit.record(
            connection, at=now, actor=actor_id, action="escalation.undo", object_type="escalation", object_id=row.id
        )
        status = EscalationStatus.OPEN if before.holder is None else EscalationStatus.CLAIMED
        return Done(status, row.conversation_id)


def undoable(connection: Connection, escalation_id: str, holder: str | None) -> Before | None:
    """What to keep for taking back what has just been done to it."""
    row = queries.escalation(connection, escalation_id)
    return None if row is None else Before(escalation_id, row.version, holder)


def holder_of(row: AnyRow) -> str | None:
    """Who has claimed it now."""
    return str(row.claimed_by) if row.status is EscalationStatus.CLAIMED else None


def _as_it_was(connection: Connection, row: AnyRow, holder: str | None, *, actor_id: str, now: datetime) -> None:
    if row.status is EscalationStatus.CLAIMED:
        if holder is None:
            # It was never taken: the on-call ladder goes on as if it had waited all the time.
            inbox.hand_back(connection, row, actor_id=actor_id, now=now, returned_at=None)
        else:
            moving = _moving(connection, row, row.claimed_by)
            _hand_over(connection, row, moving, row.claimed_by, holder, actor_id=actor_id, now=now)
        return
    if row.snoozed_until is not None:
        queries.change_escalation(connection, row.id, now=now, snoozed_until=None, snoozed_by=None)
    if holder is not None:
        inbox.take(connection, row, actor_id=holder, now=now, by=actor_id)


def _moving(connection: Connection, row: AnyRow, holder: str | None) -> list[AnyRow]:
    """What goes from one to the other: with a conversation all that its holder has claimed there."""
    if holder is None or row.conversation_id is None:
        return [row]
    claimed = [each for each in queries.unresolved_of(connection, row.conversation_id) if each.claimed_by == holder]
    return claimed if any(each.id == row.id for each in claimed) else [*claimed, row]


def _hand_over(
    connection: Connection,
    row: AnyRow,
    moving: list[AnyRow],
    holder: str | None,
    to: str,
    *,
    actor_id: str,
    now: datetime,
) -> None:
    for each in moving:
        if each.status is EscalationStatus.CLAIMED and each.claimed_by != to:
            inbox.hand_back(connection, each, actor_id=actor_id, now=now)
    if holder is not None and row.conversation_id is not None:
        queries.free(connection, row.conversation_id, holder=holder)
    for each in moving:
        inbox.take(connection, each, actor_id=to, now=now, by=actor_id)


def _may_have(connection: Connection, escalation_id: str, user_id: str) -> bool:
    user = connection.execute(select(User.active, User.role, User.locations).where(User.id == user_id)).first()
    if user is None or not user.active or user.role is Role.READ_ONLY:
        return False
    return scope.may_see_escalation(connection, escalation_id, user.locations)


def _reopen(
    connection: Connection, clinic: Clinic, row: AnyRow, *, actor_id: str, now: datetime, **more: Any
) -> EscalationStatus:
    queries.change_escalation(
        connection, row.id, now=now, status=EscalationStatus.OPEN, resolved_by=None, resolved_at=None, outcome=None,
        claimed_by=None, claimed_at=None, waiting_since=None, snoozed_until=None, snoozed_by=None, rung=0, **more,
    )  # fmt: skip
    audit.record(
        connection, at=now, actor=actor_id, action="escalation.reopen", object_type="escalation", object_id=row.id
    )
    if row.priority is Priority.EMERGENCY:
        _pause(connection, row, now)
    tell_loop(connection, clinic, row, REOPENED, actor=actor_id, now=now)
    if row.claimed_by != actor_id or inbox.other_holder(connection, row, actor_id):
        return EscalationStatus.OPEN
    inbox.take(connection, row, actor_id=actor_id, now=now)
    return EscalationStatus.CLAIMED


def _pause(connection: Connection, row: AnyRow, now: datetime) -> None:
    """An emergency that is open again stops the reminders again, of everybody on that phone."""
    on_the_phone = (
        select(PatientContact.patient_id)
        .join(Conversation, Conversation.contact_point_id == PatientContact.contact_point_id)
        .where(Conversation.id == row.conversation_id, PatientContact.active.is_(True))
    )
    about = or_(Patient.patient_id == row.patient_id, Patient.patient_id.in_(on_the_phone))
    connection.execute(
        update(Patient).where(about, Patient.paused_since.is_(None)).values(paused_since=now, updated_at=now)
    )
