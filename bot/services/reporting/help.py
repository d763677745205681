"""What was brought to people on a day: how much, how soon they took it on, and what they were late for."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Connection

from bot.core import reports
from bot.core.figures import Count
from bot.services.reporting.people import People
from bot.store.columns import AnyRow
from bot.store.queries import report_facts as facts


def count_help(
    connection: Connection, count: Count, people: People, since: datetime, until: datetime, *, now: datetime
) -> None:
    """Cases that came up in that time, as they stand now."""
    rows = facts.brought(connection, since, until)
    people.meet(row.patient_id for row in rows)
    for row in rows:
        _count_case(count, people, row, now)


def _count_case(count: Count, people: People, row: AnyRow, now: datetime) -> None:
    group = people.group(row.patient_id, location=row.location)
    person = row.patient_id or row.conversation_id or ""
    count.add(reports.ESCALATIONS.name, group, person, numerator=1, part=row.reason)
    answered = min((at for at in (row.claimed_at, row.resolved_at) if at is not None), default=None)
    late = row.respond_by < (now if answered is None else answered)
    count.add(reports.BREACH.name, group, person, numerator=late, part=row.priority)
    if answered is not None:
        seconds = max((answered - row.created_at).total_seconds(), 0)
        count.add(reports.ANSWER_TIME.name, group, person, numerator=round(seconds), part=row.priority)
        spread = reports.spread_part(row.priority, seconds / 60)
        count.add(reports.ANSWER_SPREAD.name, group, person, numerator=1, part=spread)
