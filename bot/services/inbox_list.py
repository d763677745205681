"""The inbox as coordinators read it: a page of one view, opened from the vault, with counts and its version's mark."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.services.clinic import Clinic
from bot.services.escalations import evidence_of
from bot.store.columns import AnyRow
from bot.store.queries import inbox as queries
from bot.store.queries.inbox import View
from bot.store.queries.sieve import NO_SIEVE, Sieve
from bot.store.vault import Vault

TICK_SECONDS = 30
"""How often the texts of age and time left are drawn anew when nothing else changes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One escalation in a list: who, why, in whose words, since when, until when, and with whom."""

    id: str
    conversation_id: str | None
    patient_id: str | None
    title: str
    language: str | None
    priority: Priority
    reason: Reason
    status: EscalationStatus
    quote: str
    suggestion: str | None
    appointment_id: str | None
    created_at: datetime
    respond_by: datetime
    resolved_at: datetime | None
    snoozed_until: datetime | None
    waiting_since: datetime | None
    returned_at: datetime | None
    """When it came back from somebody who had let it lie."""
    holder_id: str | None
    holder: str
    heard_at: datetime | None
    unread: bool
    resolved_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """One page of a view. `after` leads to the next one; `etag` changes whenever the page would."""

    view: View
    sieve: Sieve
    items: Sequence[Item]
    counts: Mapping[str, int]
    after: str | None
    etag: str
    listed: bool = True
    """False when only the counts are another than before: then there are no items."""


def counted(
    clinic: Clinic, connection: Connection, *, user_id: str, now: datetime, locations: Sequence[str] = ()
) -> Mapping[str, int]:
    """How many stand in each view, how many emergencies nobody has taken, and for how many minutes the first waits."""
    zone = ZoneInfo(clinic.settings.clinic_timezone)
    midnight = datetime.combine(now.astimezone(zone).date(), time(0), zone).astimezone(UTC)
    row = queries.counts(connection, user_id=user_id, now=now, since=midnight, locations=locations)
    counts = {name: int(row._mapping[name]) for name in (*map(str, View), "alarms", "untold")}
    waited = now - row.alarm_since if row.alarm_since is not None else timedelta()
    return {**counts, "alarm_minutes": int(waited.total_seconds()) // 60}


def digest(*parts: object) -> str:
    """A short mark that is another one when any of these is."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:20]


def tick_of(whose: str, now: datetime, seconds: int = TICK_SECONDS) -> int:
    """Grows every so many seconds, for each console at another moment: together, all would be drawn at once."""
    return (int(now.timestamp()) + zlib.crc32(whose.encode()) % seconds) // seconds


def mark_of(row: AnyRow) -> tuple[object, ...]:
    """What of a row of `queries.with_patient` tells whether it looks as it did."""
    heard, said = row.last_inbound_at, row.last_outbound_at
    return (row.id, row.version, row.held_by, heard, said, row.given_name, row.family_name, row.language)


def read_page(
    clinic: Clinic,
    connection: Connection,
    *,
    view: View,
    user_id: str,
    after: str | None,
    now: datetime,
    locations: Sequence[str] = (),
    sieve: Sieve = NO_SIEVE,
    had: str = "",
) -> InboxPage:
    """One page of a view for that person, of their places: as much of it as is another than in the version `had`."""
    # By what is shown, not by what has happened: texts come all day, and few of them move the first forty rows.
    counts = counted(clinic, connection, user_id=user_id, now=now, locations=locations)
    beyond = _read_cursor(after, view)
    rows = queries.listed(
        connection, view, user_id=user_id, now=now, after=beyond, locations=locations, sieve=sieve
    )
    mark = digest(view, user_id, after, sieve, tick_of(user_id, now), *map(mark_of, rows))
    listed = mark != had.partition("-")[2]
    shown, more = rows[: queries.PAGE], len(rows) > queries.PAGE
    return InboxPage(
        view=view,
        sieve=sieve,
        items=items_of(connection, shown, clinic.vault) if listed else (),
        counts=counts,
        after=_cursor(shown[-1], view) if more else None,
        etag=f"{digest(*counts.values())}-{mark}",
        listed=listed,
    )


def items_of(connection: Connection, rows: Sequence[AnyRow], vault: Vault) -> Sequence[Item]:
    """Rows of `queries.listed`, opened, with the names of whoever holds them and of everybody on a shared phone."""
    ids = {holder for row in rows if (holder := _holder(row)) is not None}
    names = queries.names_of(connection, ids) if ids else {}
    nobodys = {row.contact_point_id for row in rows if row.patient_id is None and row.contact_point_id}
    sharing = _sharing(connection, vault, nobodys)
    return [item_of(row, names, vault, sharing) for row in rows]


def item_of(row: AnyRow, names: Mapping[str, str], vault: Vault, sharing: Mapping[str, str]) -> Item:
    """A row of `queries.listed`, opened."""
    holder = _holder(row)
    heard = row.last_inbound_at
    read = [moment for moment in (row.claimed_at, row.last_staff_at) if moment is not None]
    return Item(
        id=row.id,
        conversation_id=row.conversation_id,
        patient_id=row.patient_id,
        title=name_of(vault, row) or sharing.get(row.contact_point_id, "") or phone_of(vault, row) or "Unknown",
        language=row.language,
        priority=row.priority,
        reason=row.reason,
        status=row.status,
        quote=quote_of(evidence_of(row.id, row.evidence, vault)),
        suggestion=row.suggestion,
        appointment_id=row.appointment_id,
        created_at=row.created_at,
        respond_by=row.respond_by,
        resolved_at=row.resolved_at,
        snoozed_until=row.snoozed_until,
        waiting_since=row.waiting_since,
        returned_at=row.returned_at if row.returned_from is not None else None,
        holder_id=holder,
        holder=names.get(holder, "somebody else") if holder is not None else "",
        heard_at=heard,
        resolved_by=row.resolved_by,
        unread=heard is not None and heard > max(read, default=row.created_at - timedelta(seconds=1)),
    )


def name_of(vault: Vault, row: AnyRow) -> str:
    """A patient's full name out of a row that has the columns of `patients`; empty where there is none."""
    parts = (
        vault.maybe_open("patients.given_name", row.patient_id, row.given_name),
        vault.maybe_open("patients.family_name", row.patient_id, row.family_name),
    )
    return " ".join(part for part in parts if part)


def phone_of(vault: Vault, row: AnyRow) -> str:
    """The number out of a row with `phone` and `contact_point_id`; empty where there is none."""
    return vault.maybe_open("contact_points.phone", row.contact_point_id, row.phone) or ""


def quote_of(pieces: Sequence[Mapping[str, Any]]) -> str:
    """The patient's own words that led here, the latest."""
    return next((str(piece["words"]) for piece in reversed(pieces) if piece.get("words")), "")


def _sharing(connection: Connection, vault: Vault, contact_point_ids: set[str]) -> Mapping[str, str]:
    """Who is on these phones, by phone."""
    names: dict[str, list[str]] = {}
    for row in queries.people_on(connection, contact_point_ids) if contact_point_ids else ():
        names.setdefault(row.contact_point_id, []).append(name_of(vault, row))
    return {phone: " or ".join(filter(None, people[:3])) for phone, people in names.items()}


def _holder(row: AnyRow) -> str | None:
    if row.status is EscalationStatus.RESOLVED:
        return str(row.resolved_by) if row.resolved_by else None
    holder = row.claimed_by or row.held_by
    return str(holder) if holder else None


def _cursor(row: AnyRow, view: View) -> str:
    moment = row.resolved_at if view is View.RESOLVED else row.created_at
    key = [row.priority_rank, moment.isoformat(), row.id]
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def _read_cursor(cursor: str | None, view: View) -> tuple[Any, ...] | None:
    if not cursor:
        return None
    try:
        rank, moment, escalation_id = json.loads(base64.urlsafe_b64decode(cursor + "==="))
        at = datetime.fromisoformat(moment)
    except (binascii.Error, ValueError, TypeError):
        return None
    if at.tzinfo is None or not isinstance(rank, int) or not isinstance(escalation_id, str):
        return None
    return (at, escalation_id) if view is View.RESOLVED else (rank, at, escalation_id)
