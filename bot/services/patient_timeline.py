"""A patient's story on one line: texts, visits, journeys, consent, cases, notes and views, merged newest first."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from bot.services.clinic import Clinic
from bot.services.inbox_thread import Line, case_of, line_of
from bot.services.inbox_visits import CALLED
from bot.store.columns import AnyRow
from bot.store.queries import inbox as inbox_queries
from bot.store.queries import threads, timeline
from bot.store.queries.timeline import Mark
from bot.store.vault import Vault

PAGE: Final = 40
PROGRAMS_AND_PATIENTS: Final = frozenset({"patient", "import", "timer", "cli", "provider", "demo"})
"""Actors that are nobody's account."""


class Kind(StrEnum):
    """What of the story one looks at, as the address says it."""

    MESSAGES = "messages"
    VISITS = "visits"
    JOURNEYS = "journeys"
    CONSENT = "consent"
    CASES = "cases"
    NOTES = "notes"
    RECORD = "record"
    VIEWS = "views"


KIND_OF: Final = {
    "message": Kind.MESSAGES,
    "visit": Kind.VISITS,
    "change": Kind.VISITS,
    "enrolled": Kind.JOURNEYS,
    "touch": Kind.JOURNEYS,
    "planned": Kind.JOURNEYS,
    "consent": Kind.CONSENT,
    "escalation": Kind.CASES,
    "handled": Kind.CASES,
    "note": Kind.NOTES,
    "record": Kind.RECORD,
    "viewed": Kind.VIEWS,
}
ASKED_FOR: Final = frozenset({"viewed", "planned"})
"""Shown only under their own kind: who looked is many lines and little news, and what is planned has not happened."""


@dataclass(frozen=True, slots=True)
class Decided:
    """One word of the gate about a text."""

    at: datetime
    verdict: str
    reason: str
    until: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened. `facts` are the row's columns, `words` what was sealed and is opened."""

    source: str
    id: str
    at: datetime
    kind: Kind
    actor: str = ""
    name: str = ""
    """Of the colleague or program who did it; empty where the actor is no account."""
    facts: Mapping[str, Any] = field(default_factory=dict)
    words: str = ""
    line: Line | None = None
    decisions: Sequence[Decided] = ()
    times: int = 1


@dataclass(frozen=True, slots=True)
class Story:
    """One page of it, and the mark from which the next one goes on."""

    events: Sequence[Event]
    earlier: str | None


def read_story(
    clinic: Clinic,
    connection: Connection,
    patient_id: str,
    *,
    user_id: str,
    zone: str,
    kind: Kind | None = None,
    before: str | None = None,
    limit: int = PAGE,
) -> Story:
    """The latest page of the story, or the one before that mark; of one kind, or of all that is shown unasked."""
    mark = mark_of(before)
    found: list[tuple[str, AnyRow]] = []
    for source, rows in timeline.SOURCES.items():
        if (KIND_OF[source] is kind) if kind is not None else (source not in ASKED_FOR):
            found += [(source, row) for row in rows(connection, patient_id, mark, limit + 1)]
    found.sort(key=_order, reverse=True)
    shown = found[:limit]
    names = _names(connection, [row for _source, row in shown])
    messages = [row.id for source, row in shown if source == "message"]
    decisions = threads.decisions(connection, messages) if messages else {}
    events = [_event(clinic.vault, source, row, names, decisions, user_id) for source, row in shown]
    last = shown[-1] if len(found) > limit else None
    return Story(_folded(events, zone), token_of(Mark(last[1].moment, last[0], str(last[1].id))) if last else None)


def token_of(mark: Mark) -> str:
    """A mark as an address carries it."""
    written = f"{mark.at.astimezone(UTC).isoformat()}|{mark.source}|{mark.id}"
    return base64.urlsafe_b64encode(written.encode()).decode().rstrip("=")


def mark_of(token: str | None) -> Mark | None:
    """The mark; None, which is the newest page, for whatever is none."""
    if not token:
        return None
    try:
        written = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)).decode()
        at, source, row_id = written.split("|", 2)
        moment = datetime.fromisoformat(at)
        fits = source in timeline.SOURCES and moment.tzinfo is not None and "\0" not in row_id
        if source in timeline.BY_NUMBER:
            fits = fits and 0 <= int(row_id) < 2**63
    except (binascii.Error, ValueError):
        return None
    return Mark(moment, source, row_id) if fits else None


def _order(one: tuple[str, AnyRow]) -> tuple[datetime, str]:
    # Rows of one source keep the database's own order, which compares ids by its collation.
    source, row = one
    return (row.moment, source)


def _names(connection: Connection, rows: Iterable[AnyRow]) -> Mapping[str, str]:
    ids = {getattr(row, column, None) for row in rows for column in ("actor", "author_id")}
    wanted = {each for each in ids if each} - PROGRAMS_AND_PATIENTS
    return inbox_queries.names_of(connection, wanted) if wanted else {}


def _event(
    vault: Vault,
    source: str,
    row: AnyRow,
    names: Mapping[str, str],
    decisions: Mapping[str, Sequence[AnyRow]],
    user_id: str,
) -> Event:
    facts = {name: value for name, value in row._mapping.items() if not isinstance(value, bytes)}
    actor = str(facts.get("actor") or facts.get("author_id") or "")
    event = Event(
        source=source, id=str(row.id), at=row.moment, kind=KIND_OF[source], actor=actor, name=names.get(actor, ""),
        facts=facts,
    )  # fmt: skip
    opened = _OPENED.get(source)
    if source == "message":
        told = [Decided(d.at, d.decision, d.reason, d.until) for d in decisions.get(row.id, ())]
        return replace(event, line=line_of(vault, row, names, {}, user_id), decisions=told)
    return replace(event, words=opened(vault, row)) if opened is not None else event


def _said(vault: Vault, row: AnyRow) -> str:
    return vault.maybe_open("consent_entries.wording", row.id, row.wording) or ""


def _noted(vault: Vault, row: AnyRow) -> str:
    return vault.open("notes.body", row.id, row.body)


def _led_to_it(vault: Vault, row: AnyRow) -> str:
    return next(iter(case_of(vault, row, {}).quotes[-1:]), "")


_OPENED: Final[Mapping[str, Callable[[Vault, AnyRow], str]]] = {
    "consent": _said,
    "escalation": _led_to_it,
    "note": _noted,
}


def is_call(event: Event) -> bool:
    """Whether a note says that the patient was called."""
    return event.source == "note" and event.words.startswith(CALLED)


def _folded(events: Sequence[Event], zone: str) -> Sequence[Event]:
    """One statement for several numbers is one line; so is one person who looks again on the same day."""
    folded: list[Event] = []
    for event in events:
        before = folded[-1] if folded else None
        if before is not None and _is_same(before, event, zone):
            folded[-1] = replace(before, times=before.times + 1)
        else:
            folded.append(event)
    return folded


def _is_same(one: Event, other: Event, zone: str) -> bool:
    if (one.source, one.actor) != (other.source, other.actor):
        return False
    if one.source == "viewed":
        days = {event.at.astimezone(ZoneInfo(zone)).date() for event in (one, other)}
        return len(days) == 1 and one.facts["action"] == other.facts["action"]
    said = ("status", "basis", "program", "actor")
    return (
        one.source == "consent"
        and one.at == other.at
        and all(one.facts[name] == other.facts[name] for name in said)
        and one.words == other.words
    )
