"""One act on several escalations: each in a transaction of its own, each with its own result."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection

from bot.core.escalation import Priority
from bot.services import audit, inbox, inbox_snooze, inbox_undo
from bot.services.clinic import Clinic
from bot.services.inbox import Closed, Done, Gone, HeldBy, Unseen
from bot.services.inbox_list import Item, items_of
from bot.services.inbox_snooze import NotNow, Snoozed
from bot.services.inbox_undo import Before, TooLate
from bot.store.queries import inbox as queries
from bot.store.queries import scope, threads

MOST: Final = 100


class Act(StrEnum):
    """What may be done to several at once."""

    ASSIGN = "assign"
    RESOLVE = "resolve"
    SNOOZE = "snooze"
    RELEASE = "release"


class Fate(StrEnum):
    """What became of one of them."""

    DONE = "done"
    HELD = "held"
    UNSEEN = "unseen"
    EMERGENCY = "emergency"
    UNABLE = "unable"
    CLOSED = "closed"
    GONE = "gone"
    LATE = "late"


@dataclass(frozen=True, slots=True)
class Pick:
    """One that was selected, and the patient's last word as the list had it."""

    escalation_id: str
    heard: datetime | None


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it; `name` is of whoever holds it, `before` allows to take it back."""

    escalation_id: str
    fate: Fate
    name: str = ""
    before: Before | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """What is to be done: `to` names the colleague of an assignment, `until` the end of a snooze."""

    act: Act
    actor_id: str
    to: str = ""
    until: datetime | None = None
    force: bool = False
    locations: Sequence[str] = ()


def picked(clinic: Clinic, connection: Connection, ids: Sequence[str], locations: Sequence[str]) -> Sequence[Item]:
    """Those of these that the person may see, as the list has them."""
    rows = queries.picked(connection, ids[:MOST], locations=locations)
    return items_of(connection, rows, clinic.vault)


def run(clinic: Clinic, order: Order, picks: Sequence[Pick], *, now: datetime) -> list[Result]:
    """Do it to each; what one of them refuses stops none of the others."""
    results = [_one(clinic, order, pick, now) for pick in picks[:MOST]]
    counts = {"done": sum(result.fate is Fate.DONE for result in results), "asked": len(results)}
    with clinic.database.begin() as connection:
        audit.record(
            connection, at=now, actor=order.actor_id, action=f"bulk.{order.act}", object_type="escalation",
            detail=counts,
        )  # fmt: skip
    return results


def take_back(
    clinic: Clinic, befores: Sequence[Before], *, actor_id: str, done_at: datetime, now: datetime
) -> list[Result]:
    """Take back what was done, wherever nothing has happened since."""
    return [
        _result(
            before.escalation_id, inbox_undo.put_back(clinic, before, actor_id=actor_id, done_at=done_at, now=now)
        )
        for before in befores[:MOST]
    ]


def _one(clinic: Clinic, order: Order, pick: Pick, now: datetime) -> Result:
    with clinic.database.read() as connection:
        row = queries.escalation(connection, pick.escalation_id)
        hidden = row is None or not scope.may_see_escalation(connection, pick.escalation_id, order.locations)
        seen = _seen(connection, row.conversation_id, pick.heard) if row is not None else ""
    if row is None or hidden:
        return Result(pick.escalation_id, Fate.GONE)
    if order.act is Act.RESOLVE and row.priority is Priority.EMERGENCY:
        # What may cost a life is looked at before it is put away.
        return Result(pick.escalation_id, Fate.EMERGENCY)
    result = _result(pick.escalation_id, _do(clinic, order, pick.escalation_id, seen, now))
    if result.fate is not Fate.DONE:
        return result
    with clinic.database.read() as connection:
        before = inbox_undo.undoable(connection, pick.escalation_id, inbox_undo.holder_of(row))
    return Result(pick.escalation_id, Fate.DONE, before=before)


def _do(clinic: Clinic, order: Order, escalation_id: str, seen: str, now: datetime) -> object:
    match order.act:
        case Act.ASSIGN:
            return inbox_undo.assign(
                clinic, escalation_id=escalation_id, to=order.to, actor_id=order.actor_id, now=now, force=order.force
            )
        case Act.RESOLVE:
            return inbox.resolve(
                clinic, escalation_id=escalation_id, actor_id=order.actor_id, now=now, seen=seen, force=order.force
            )
        case Act.RELEASE:
            return inbox.release(
                clinic, escalation_id=escalation_id, actor_id=order.actor_id, now=now, force=order.force
            )
        case Act.SNOOZE:
            until = order.until or now
            return inbox_snooze.snooze(
                clinic, escalation_id=escalation_id, until=until, actor_id=order.actor_id, now=now
            )


def _seen(connection: Connection, conversation_id: str | None, heard: datetime | None) -> str:
    """The patient's last message when the list was drawn; empty when there was none."""
    if conversation_id is None or heard is None:
        return ""
    return threads.inbound_by(connection, conversation_id, heard) or ""


def _result(escalation_id: str, outcome: object) -> Result:
    match outcome:
        case Done() | Snoozed():
            return Result(escalation_id, Fate.DONE)
        case HeldBy(name=name):
            return Result(escalation_id, Fate.HELD, name)
        case Unseen():
            return Result(escalation_id, Fate.UNSEEN)
        case NotNow(emergency=True):
            return Result(escalation_id, Fate.EMERGENCY)
        case Closed():
            return Result(escalation_id, Fate.CLOSED)
        case TooLate():
            return Result(escalation_id, Fate.LATE)
        case Gone():
            return Result(escalation_id, Fate.GONE)
        case _:
            return Result(escalation_id, Fate.UNABLE)
