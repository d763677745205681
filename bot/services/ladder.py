"""Emergencies that nobody has taken climb the on-call ladder, rung by rung: who is to be told is written down."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Final

import structlog
from sqlalchemy import Connection

from bot.core.escalation import EscalationStatus, NoticeChannel, Priority
from bot.core.ladder import WITHOUT_LADDER, Call, Step, climbs, waits_since
from bot.services import audit, inbox
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import inbox as inbox_queries
from bot.store.queries import notices as queries

log = structlog.get_logger()

ACTOR: Final = "timer"


def climb(clinic: Clinic, now: datetime) -> int:
    """Take every emergency as high as its time says; how many of them climbed. Raises DatabaseDown."""
    with clinic.database.read() as connection:
        if not queries.anybody_waits(connection):
            return 0
        steps = _steps(clinic, connection)
        rows = queries.waiting(connection, below=max(step.rung for step in steps))
    due = [row.id for row in rows if _due(steps, row, now)]
    return sum(_climb(clinic, escalation_id, steps, now) for escalation_id in due)


def _steps(clinic: Clinic, connection: Connection) -> Sequence[Step]:
    """The clinic's ladder; without one, everybody in charge by e-mail."""
    mails = clinic.settings.smtp_url is not None
    rows = queries.on_call(connection)
    if not rows:
        calls = tuple(Call(user_id, NoticeChannel.EMAIL) for user_id in queries.in_charge(connection) if mails)
        return [Step(rung, after, calls) for rung, after in enumerate(WITHOUT_LADDER, start=1)]
    return [
        Step(rung, timedelta(minutes=minutes), tuple(call for row in on_it for call in _calls(row, mails=mails)))
        for (rung, minutes), on_it in groupby(
            sorted(rows, key=lambda row: (row.rung, row.after_minutes)), key=lambda row: (row.rung, row.after_minutes)
        )
    ]


def _calls(row: AnyRow, *, mails: bool) -> Sequence[Call]:
    ways = ((NoticeChannel.TEXT, row.texts), (NoticeChannel.EMAIL, row.by_email and mails))
    return [Call(row.user_id, channel) for channel, wanted in ways if wanted]


def _due(steps: Sequence[Step], row: AnyRow, now: datetime) -> Sequence[Step]:
    since = waits_since(
        row.created_at,
        row.returned_at,
        let_lie=row.returned_from is not None,
        first_after=min(step.after for step in steps),
    )
    return climbs(steps, rung=row.rung, waited=now - since)


@once_more
def _climb(clinic: Clinic, escalation_id: str, steps: Sequence[Step], now: datetime) -> bool:
    with clinic.database.begin() as connection:
        # Under the lock that a claim takes, so that two schedulers tell once, and nobody is told of what is taken.
        row = inbox.locked(connection, escalation_id)
        if row is None or row.status is not EscalationStatus.OPEN or row.priority is not Priority.EMERGENCY:
            return False
        due = _due(steps, row, now)
        if not due:
            return False
        for step in due:
            for call in step.calls:
                queries.put(
                    connection, escalation_id=row.id, user_id=call.user_id, channel=call.channel, rung=step.rung,
                    now=now,
                )  # fmt: skip
        rung, told = due[-1].rung, len({call for step in due for call in step.calls})
        inbox_queries.change_escalation(connection, row.id, now=now, rung=rung)
        audit.record(
            connection, at=now, actor=ACTOR, action="escalation.climb", object_type="escalation", object_id=row.id,
            detail={"rung": rung, "notices": told},
        )  # fmt: skip
    if not told:
        log.error("an emergency waits and there is nobody to tell", reason="on-call ladder")
    return True
