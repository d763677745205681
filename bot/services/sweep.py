"""The sweep: what the database says is to be done, whether or not a hint about it got through."""

from __future__ import annotations

from dataclasses import dataclass

from bot.services.clinic import Clinic
from bot.services.reconcile import UNANSWERED
from bot.store.queries import outbox as queries


@dataclass(frozen=True, slots=True)
class Work:
    """What there is to do: messages that are due, and messages whose outcome is to be looked up."""

    deliver: bool = False
    reconcile: bool = False


def look(clinic: Clinic) -> Work:
    """What there is to do now. Raises DatabaseDown."""
    now = clinic.clock()
    with clinic.database.read() as connection:
        return Work(
            deliver=queries.any_due(connection, now),
            reconcile=bool(queries.stale(connection, now, answered_before=now - UNANSWERED, limit=1)),
        )


def hint(clinic: Clinic, work: Work) -> None:
    """Tell the workers."""
    if work.deliver:
        clinic.queue.deliver()
    if work.reconcile:
        clinic.queue.reconcile()
