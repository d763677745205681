"""The day's worklist: whom to help first, which visits may be missed, what to do in the chart, which numbers fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import Connection

from bot.core import noshow
from bot.core.noshow import History, Risk
from bot.core.people import Participation
from bot.services import audit
from bot.services.clinic import Clinic
from bot.services.inbox import Gone
from bot.services.inbox_list import Item, digest, items_of, mark_of, name_of, phone_of, tick_of
from bot.services.lately import ANEW
from bot.store.columns import AnyRow
from bot.store.queries import inbox as inbox_queries
from bot.store.queries import today as queries
from bot.store.vault import Vault

SHOWN: Final = 12
"""So many of each kind stand on the page; the rest is counted."""
CONFIRM_WITHIN: Final = timedelta(days=2)
REACH_WITHIN: Final = timedelta(days=14)
DRAWN_EVERY: Final = 60
"""Seconds after which the page is drawn anew when nothing else changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unanswered:
    """A conversation that somebody holds and in which the patient waits for a word."""

    conversation_id: str
    title: str
    holder_id: str
    holder: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Unconfirmed:
    """A visit without a yes, and how likely it is to be missed."""

    appointment_id: str
    patient_id: str
    title: str
    language: str
    phone: str
    conversation_id: str | None
    starts_at: datetime
    timezone: str
    service: str
    location: str
    response: Participation
    risk: Risk


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitRow:
    """A visit in a list."""

    appointment_id: str
    patient_id: str
    title: str
    starts_at: datetime
    timezone: str
    service: str
    location: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Here:
    """A patient who is there, in the lobby or before the screen."""

    visit: VisitRow
    arrived_at: datetime
    is_video: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ToChart:
    """An answer that a person is to put into the chart."""

    change_id: str
    visit: VisitRow
    answer: Participation
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Today:
    """The page. Each list holds at most SHOWN rows; a count says how many there are, up to the query's own limit."""

    needing: Sequence[Item]
    here: Sequence[Here]
    unanswered: Sequence[Unanswered]
    unconfirmed: Sequence[Unconfirmed]
    unconfirmed_count: int
    to_chart: Sequence[ToChart]
    to_chart_count: int
    unreachable: Sequence[VisitRow]
    unreachable_count: int


def read_today(
    clinic: Clinic, connection: Connection, *, user_id: str, locations: Sequence[str], now: datetime
) -> Today:
    """Everything on the page, in a fixed number of queries."""
    vault = clinic.vault
    needing = queries.needing(connection, user_id=user_id, locations=locations, now=now, limit=SHOWN)
    waiting = queries.unanswered(connection, locations=locations, limit=SHOWN)
    chart = queries.to_chart(connection, locations=locations, now=now, limit=10 * SHOWN)
    lost = queries.unreachable(connection, locations=locations, now=now, until=now + REACH_WITHIN, limit=10 * SHOWN)
    holders = {row.held_by for row in waiting}
    names = inbox_queries.names_of(connection, holders) if holders else {}
    unconfirmed, count = _unconfirmed(clinic, connection, locations=locations, now=now)
    return Today(
        needing=items_of(connection, needing, vault),
        here=[_here(vault, row) for row in queries.here(connection, locations=locations, now=now, limit=SHOWN)],
        unanswered=[_waiting(vault, row, names) for row in waiting],
        unconfirmed=unconfirmed,
        unconfirmed_count=count,
        to_chart=[_to_chart(vault, row) for row in chart[:SHOWN]],
        to_chart_count=len(chart),
        unreachable=[_visit(vault, row) for row in lost[:SHOWN]],
        unreachable_count=len(lost),
    )


def mark(
    clinic: Clinic,
    connection: Connection,
    counts: Mapping[str, int],
    *,
    user_id: str,
    locations: Sequence[str],
    now: datetime,
    since: int = ANEW,
) -> str:
    """What tells whether the page has changed: by what stands on it. The visits weighed are looked at once a minute.

    What is the same for everybody of these places may have been read a moment ago, but not before `since`.
    """

    def read(_before: str | None) -> str:
        needing = queries.needing(connection, user_id=None, locations=locations, now=now, limit=SHOWN)
        waiting = queries.unanswered(connection, locations=locations, limit=SHOWN)
        return digest(
            *queries.chart_mark(connection, now),
            *(row.appointment_id for row in queries.here(connection, locations=locations, now=now, limit=SHOWN)),
            *map(mark_of, needing),
            *((row.id, row.held_by, row.last_inbound_at) for row in waiting),
        )

    theirs = clinic.lately.get(("today", tuple(locations)), now, read, since=since)
    own = queries.own_mark(connection, user_id=user_id, now=now, limit=SHOWN)
    return digest(user_id, tick_of(user_id, now, DRAWN_EVERY), *counts.values(), theirs, *map(tuple, own))


def charted(
    clinic: Clinic, *, change_ids: Sequence[str], locations: Sequence[str], actor_id: str, now: datetime
) -> int | Gone:
    """These answers stand in the chart now; how many visits that was. Gone when none of them was there."""
    done = 0
    with clinic.database.begin() as connection:
        for change_id in change_ids[: 10 * SHOWN]:
            visit = queries.charted(connection, change_id, locations=locations, actor_id=actor_id, now=now)
            if visit is not None:
                done += 1
                audit.record(
                    connection, at=now, actor=actor_id, action="appointment.charted", object_type="appointment",
                    object_id=visit,
                )  # fmt: skip
    return done or Gone()


def uncharted(clinic: Clinic, *, change_ids: Sequence[str], actor_id: str, now: datetime) -> int:
    """Take `charted` back; how many could be."""
    done = 0
    with clinic.database.begin() as connection:
        for change_id in change_ids[: 10 * SHOWN]:
            if queries.uncharted(connection, change_id, actor_id=actor_id):
                done += 1
                audit.record(
                    connection, at=now, actor=actor_id, action="appointment.uncharted", object_type="change",
                    object_id=change_id,
                )  # fmt: skip
    return done


def _unconfirmed(
    clinic: Clinic, connection: Connection, *, locations: Sequence[str], now: datetime
) -> tuple[Sequence[Unconfirmed], int]:
    rows = queries.unconfirmed(connection, locations=locations, now=now, until=now + CONFIRM_WITHIN)
    risks = {row.appointment_id: risk_of(row) for row in rows}
    first = sorted(rows, key=lambda row: (-risks[row.appointment_id].points, row.starts_at, row.appointment_id))
    ids = [row.appointment_id for row in first[:SHOWN]]
    found = {row.appointment_id: row for row in queries.visits(connection, ids)} if ids else {}
    shown = [_at_risk(clinic.vault, found[which], risks[which]) for which in ids if which in found]
    return shown, len(rows)


def risk_of(row: AnyRow) -> Risk:
    """How likely the visit of that row is to be missed."""
    return noshow.risk(
        History(
            missed=row.missed,
            past=row.past,
            lead_days=(row.starts_at - row.created_at).days,
            unanswered=row.reminders if row.response is Participation.NEEDS_ACTION else 0,
            reached=bool(row.reminders) or not row.tried,
            wanted_another_time=row.response is Participation.TENTATIVE,
        )
    )


def _at_risk(vault: Vault, row: AnyRow, risk: Risk) -> Unconfirmed:
    return Unconfirmed(
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        title=name_of(vault, row) or row.patient_id,
        language=row.language,
        phone=phone_of(vault, row) if row.contact_point_id else "",
        conversation_id=row.conversation_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        service=row.service,
        location=row.location,
        response=row.response,
        risk=risk,
    )


def _waiting(vault: Vault, row: AnyRow, names: Mapping[str, str]) -> Unanswered:
    return Unanswered(
        conversation_id=row.id,
        title=(name_of(vault, row) if row.patient_id else "") or phone_of(vault, row),
        holder_id=row.held_by,
        holder=names.get(row.held_by, ""),
        since=row.last_inbound_at,
    )


def _to_chart(vault: Vault, row: AnyRow) -> ToChart:
    return ToChart(change_id=row.id, visit=_visit(vault, row), answer=Participation(row.after), at=row.at)


def _here(vault: Vault, row: AnyRow) -> Here:
    return Here(visit=_visit(vault, row), arrived_at=row.arrived_at, is_video=row.is_video)


def _visit(vault: Vault, row: AnyRow) -> VisitRow:
    return VisitRow(
        appointment_id=row.appointment_id,
        patient_id=row.patient_id,
        title=name_of(vault, row) or row.patient_id,
        starts_at=row.starts_at,
        timezone=row.timezone,
        service=row.service,
        location=row.location,
    )
