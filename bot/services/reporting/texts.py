"""What a day's texts come to: reach, delivery, response, what was not understood, opt-outs, segments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.core import reports
from bot.core.figures import Count, Group
from bot.core.intents import Intent
from bot.core.messages import MessageStatus, Origin
from bot.services.reporting.people import People
from bot.store.columns import AnyRow
from bot.store.queries import report_facts as facts

ARRIVED: Final = (MessageStatus.DELIVERED, MessageStatus.READ)
ANSWERS_WITHIN: Final = timedelta(hours=72)


@dataclass(slots=True)
class _WrittenTo:
    """Somebody to whom the clinic began to write on this day."""

    group: Group
    conversation_id: str
    first_at: datetime
    reached: bool = False


def count_texts(connection: Connection, count: Count, people: People, since: datetime, until: datetime) -> None:
    """Everything that the carrier took in that time."""
    written_to: dict[str, _WrittenTo] = {}
    for rows in facts.sent(connection, since, until):
        people.meet(row.patient_id for row in rows)
        for row in rows:
            _count_text(count, people, row, written_to)
    for person, one in written_to.items():
        count.add(reports.REACH.name, one.group, person, numerator=one.reached)
    _count_answers(connection, count, written_to, since, until)


def _count_text(count: Count, people: People, row: AnyRow, written_to: dict[str, _WrittenTo]) -> None:
    group = people.group(row.patient_id, location=row.location, language=row.language)
    person, arrived = row.patient_id or row.conversation_id, row.status in ARRIVED
    count.add(reports.DELIVERY.name, group, person, numerator=arrived, part=row.kind)
    count.add(reports.SEGMENTS.name, group, person, numerator=row.segments, part=row.kind)
    count.add(reports.OPT_OUT.name, group, person, numerator=0, part=row.kind)
    if row.origin is Origin.OUTREACH:
        one = written_to.setdefault(person, _WrittenTo(group, row.conversation_id, row.sent_at))
        one.first_at = min(one.first_at, row.sent_at)
        one.reached = one.reached or arrived


def _count_answers(
    connection: Connection, count: Count, written_to: Mapping[str, _WrittenTo], since: datetime, until: datetime
) -> None:
    """Who of them wrote back. A household's phone answers for everybody on it."""
    first: dict[str, datetime] = {}
    for one in written_to.values():
        first[one.conversation_id] = min(one.first_at, first.get(one.conversation_id, one.first_at))
    answered = {
        row.conversation_id
        for rows in facts.heard(connection, since, until + ANSWERS_WITHIN)
        for row in rows
        if (at := first.get(row.conversation_id)) is not None and at < row.created_at <= at + ANSWERS_WITHIN
    }
    for person, one in written_to.items():
        count.add(reports.RESPONSE.name, one.group, person, numerator=one.conversation_id in answered)


def count_heard(connection: Connection, count: Count, people: People, since: datetime, until: datetime) -> None:
    """Everything that patients wrote in that time."""
    for rows in facts.heard(connection, since, until):
        people.meet(row.patient_id for row in rows)
        for row in rows:
            group = people.group(row.patient_id, language=row.language)
            person = row.patient_id or row.conversation_id
            count.add(reports.UNCLEAR.name, group, person, numerator=row.kind == Intent.UNCLEAR)


def count_opt_outs(connection: Connection, count: Count, people: People, since: datetime, until: datetime) -> None:
    """Each phone's, or patient's, first opt-out of that time, laid to the text that came before it."""
    seen: set[str] = set()
    for entry in facts.opted_out(connection, since, until):
        whose = entry.contact_point_id or entry.patient_id
        if whose is None or whose in seen:
            continue
        seen.add(whose)
        text = facts.last_before(connection, entry.contact_point_id, entry.at) if entry.contact_point_id else None
        patient_id = entry.patient_id or (text.patient_id if text is not None else None)
        people.meet((patient_id,))
        group = people.group(patient_id, language=text.language if text is not None else None)
        part = text.kind if text is not None else ""
        count.add(reports.OPT_OUT.name, group, patient_id or whose, numerator=1, denominator=0, part=part)
