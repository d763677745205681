"""The inbox as coordinators read it: a page of one view, opened from the vault, with counts and its version's mark."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import zlib
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.services.clinic import Clinic
from bot.services.escalations import evidence_of
from bot.services.lately import ANEW, moment_of
from bot.store.columns import AnyRow
from bot.store.queries import inbox as queries
from bot.store.queries.inbox import View
from bot.store.queries.sieve import NO_SIEVE, Sieve
from bot.store.vault import Vault

TICK_SECONDS = 30
"""How often the texts of age and time left are drawn anew when nothing else changes."""
_SHARED: Final = tuple(str(view) for view in View if view not in (View.MINE, View.RESOLVED))


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


@dataclass(frozen=True, slots=True)
class Version:
    """What a browser was shown: marks of the counts and of the list, and when that was."""

    counts: str = ""
    listed: str = ""
    at: int = 0

    @classmethod
    def read(cls, mark: str) -> Version:
        """Out of an ETag; whatever is none of ours is like none."""
        counts, _, rest = mark.partition("-")
        listed, _, at = rest.partition("-")
        return cls(counts, listed, int(at) if at.isascii() and at.isdigit() and len(at) < 16 else 0)

    def __str__(self) -> str:
        return f"{self.counts}-{self.listed}-{self.at}"


@dataclass(slots=True)
class Listing:
    """A page of a view for all who look at it: its rows, and, once anybody needs them, opened and drawn."""

    rows: Sequence[AnyRow]
    mark: str
    items: Sequence[Item] | None = None
    drawn: dict[Hashable, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many stand in each view, and whose own ones are how many."""

    counts: Mapping[str, int]
    held: Mapping[str, int]
    alarm_since: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxPage:
    """One page of a view. `after` leads to the next one; `version` is another one whenever the page would be."""

    view: View
    sieve: Sieve
    items: Sequence[Item]
    counts: Mapping[str, int]
    after: str | None
    version: Version
    counts_new: bool = True
    listed: bool = True
    """False when only the counts are another than before: then there are no items."""
    drawn: dict[Hashable, str] = field(default_factory=dict)
    """The list as it was drawn for others, by whatever it looks different for."""

    @property
    def etag(self) -> str:
        """The version as the browser keeps it."""
        return str(self.version)

    @property
    def is_new(self) -> bool:
        """Whether anything is another than in the version that was had."""
        return self.listed or self.counts_new


def counted(
    clinic: Clinic,
    connection: Connection,
    *,
    user_id: str,
    now: datetime,
    locations: Sequence[str] = (),
    since: int = ANEW,
) -> Mapping[str, int]:
    """How many stand in each view, how many emergencies nobody has taken, and for how many minutes the first waits.

    `since` lets it be what somebody else was told a moment ago, but nothing older than that.
    """

    def read(_before: Tally | None) -> Tally:
        zone = ZoneInfo(clinic.settings.clinic_timezone)
        midnight = datetime.combine(now.astimezone(zone).date(), time(0), zone).astimezone(UTC)
        rows = queries.counts(connection, now=now, since=midnight, locations=locations)
        names = (*_SHARED, "alarms", "untold")
        counts = {name: sum(int(row._mapping[name] or 0) for row in rows) for name in names}
        counts[str(View.RESOLVED)] = int(rows[0].resolved)
        held = {str(row.claimed_by): int(row.claimed) for row in rows if row.claimed_by is not None}
        return Tally(counts, held, min((row.alarm_since for row in rows if row.alarm_since is not None), default=None))

    tally = clinic.lately.get(("counts", tuple(locations)), now, read, since=since)
    waited = now - tally.alarm_since if tally.alarm_since is not None else timedelta()
    own = {str(View.MINE): tally.held.get(user_id, 0), "alarm_minutes": int(waited.total_seconds()) // 60}
    return {**tally.counts, **own}


def digest(*parts: object) -> str:
    """A short mark that is another one when any of these is."""
    return hashlib.sha256("|".join(map(str, parts)).encode()).hexdigest()[:20]


def tick_of(whose: str, now: datetime, seconds: int = TICK_SECONDS) -> int:
    """Grows every so many seconds, for each of them at another moment: together, all would be drawn at once."""
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
    had: Version | None = None,
) -> InboxPage:
    """One page of a view for that person, of their places. Without `had` it is read anew.

    Else there is as much of it as is another than in that version, and it may have been read a moment ago, for
    somebody else who looks at the same.
    """
    # By what is shown, not by what has happened: texts come all day, and few of them move the first forty rows.
    since = had.at if had is not None else ANEW
    known = had or Version()
    counts = counted(clinic, connection, user_id=user_id, now=now, locations=locations, since=since)
    whose = user_id if view is View.MINE else ""
    scope = (view, whose, after, tuple(locations), sieve)

    def read(before: Listing | None) -> Listing:
        rows = queries.listed(
            connection, view, user_id=user_id, now=now, after=_read_cursor(after, view), locations=locations,
            sieve=sieve,
        )  # fmt: skip
        # Ages move for all who look at the same at once, so that they are drawn once.
        mark = digest(*scope, tick_of(digest(*scope), now), *map(mark_of, rows))
        if had is not None and before is not None and before.mark == mark:
            return before
        return Listing(rows, mark)

    listing = clinic.lately.get(("list", *scope), now, read, since=since)
    listed = listing.mark != known.listed
    if listed and listing.items is None:
        listing.items = items_of(connection, listing.rows[: queries.PAGE], clinic.vault)
    version = Version(digest(*counts.values()), listing.mark, moment_of(now))
    return InboxPage(
        view=view,
        sieve=sieve,
        items=(listing.items or ()) if listed else (),
        counts=counts,
        after=_cursor(listing.rows[queries.PAGE - 1], view) if len(listing.rows) > queries.PAGE else None,
        version=version,
        counts_new=version.counts != known.counts,
        listed=listed,
        drawn=listing.drawn,
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
