"""What a patient will get in the weeks to come: planning and the gate, run forward over what is known today.

The functions are those by which contacts become texts and texts go out; only nothing is written down, and nobody's
answer, move or STOP in between can be known.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final

from sqlalchemy import Connection

from bot.core.journey import TouchState
from bot.core.outreach import Drop, Facts, GateDecision, GateReason, Hold, MessageFacts, Send, decide, is_unsolicited
from bot.core.people import AppointmentStatus
from bot.core.planning import A_MOMENT_AGO, AT_ONCE, REMINDERS
from bot.services.choosing import Due, choose
from bot.services.clinic import Clinic
from bot.services.confidence import phones_apart
from bot.services.gate import facts_about, facts_of
from bot.services.outbox import LANE_OF, Draft
from bot.services.plan import rule_book, touches_of
from bot.services.touching import TOGETHER, draft_of
from bot.store.columns import AnyRow
from bot.store.queries import ahead, gate, planning

AHEAD: Final = timedelta(days=30)
HOUSEHOLD: Final = 20
"""So many people on one phone are looked at; more share a home's front desk, not a household."""
ROUNDS: Final = 60
TRIES: Final = 6
# What only a person ends: nobody can say until when it holds.
OPEN_ENDED: Final = frozenset({GateReason.PAUSED, GateReason.HELD})


@dataclass(frozen=True, slots=True, kw_only=True)
class Coming:
    """One text to come: its words, and what would hold or drop it if nothing changes until then."""

    at: datetime
    """When it would go out; when it would be dropped or held, as far as that can be said."""
    due_at: datetime
    """When its time comes, before anything holds it."""
    kind: str
    contact_point_id: str
    language: str
    body: str
    visits: Sequence[tuple[datetime, str]]
    """(start, zone) of each visit that it speaks of."""
    decision: GateDecision
    waits: Sequence[Hold]
    """Holds that end by themselves before then."""
    written: bool = False
    """It is written down already and waits to go out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A contact that is planned and would not be made, as things stand."""

    at: datetime
    step: str
    starts_at: datetime
    timezone: str
    reason: str


@dataclass(frozen=True, slots=True)
class Ahead:
    """All that is to come until then, in order of time; `bare` are visits about which nothing is to come."""

    until: datetime
    coming: Sequence[Coming]
    left_out: Sequence[LeftOut]
    bare: Sequence[AnyRow]


@dataclass(frozen=True, slots=True)
class _Try:
    at: datetime
    draft: Draft | None
    body: str
    language: str
    contact_point_id: str
    visits: Sequence[tuple[datetime, str]]
    message: MessageFacts
    facts: Facts


def read_ahead(clinic: Clinic, connection: Connection, patient_id: str, *, now: datetime) -> Ahead:
    """What that patient would get until `AHEAD` from now, if nothing changed."""
    until = now + AHEAD
    household = _household(connection, patient_id)
    contacts = planning.contacts(connection, household)
    visits = ahead.visits(connection, household, now)
    rows = _touches(clinic, connection, visits, now, until)
    groups, left_out = _rounds(clinic, connection, rows, contacts, now, patient_id)
    tries = [*_waiting(clinic, connection, patient_id, now), *_drafted(clinic, connection, groups, contacts, now)]
    coming = _decided(sorted(tries, key=lambda one: one.at))
    told = {row.appointment_id for row in rows}
    bare = [
        row
        for row in visits
        if row.patient_id == patient_id
        and row.appointment_id not in told
        and row.starts_at <= until
        and row.status is not AppointmentStatus.CANCELLED
    ]
    return Ahead(until, coming, left_out, bare)


def _household(connection: Connection, patient_id: str) -> list[str]:
    contact = planning.contacts(connection, [patient_id]).get(patient_id)
    others = planning.household_of(connection, [contact.contact_point_id]) if contact is not None else ()
    return [patient_id, *sorted(other for other in others if other != patient_id)[: HOUSEHOLD - 1]]


def _touches(
    clinic: Clinic, connection: Connection, visits: Sequence[AnyRow], now: datetime, until: datetime
) -> list[Any]:
    """Contacts that are planned, and those that the next round of planning will plan for visits that changed."""
    seen = [row.appointment_id for row in visits if row.planned_version >= row.version]
    rows: list[Any] = list(ahead.planned(connection, seen, until)) if seen else []
    fresh = [row for row in visits if row.planned_version < row.version]
    if fresh:
        told = planning.told_of(connection, [row.appointment_id for row in fresh])
        by_id = {row.appointment_id: row for row in fresh}
        for touch in touches_of(fresh, told, rule_book(connection, clinic), now, now):
            if touch["due_at"] <= until and touch["state"] is TouchState.PLANNED:
                rows.append(_as_due(touch, by_id[touch["subject_id"]]))
    return rows


def _as_due(touch: Mapping[str, Any], visit: AnyRow) -> Any:
    """A contact not written down yet, in the form of a row of `planning.due`."""
    about = dict(visit._mapping)
    own = {name: touch[name] for name in ("key", "step", "subject_version", "due_at", "expires_at")}
    return SimpleNamespace(**{**about, **own, "touch_id": touch["id"]})


def _rounds(
    clinic: Clinic,
    connection: Connection,
    rows: Sequence[Any],
    contacts: Mapping[str, AnyRow],
    now: datetime,
    patient_id: str,
) -> tuple[list[tuple[datetime, list[Due]]], list[LeftOut]]:
    """Round after round of due contacts, at the moments when they fall due."""
    stopped = gate.stopped_programs(connection, sorted(contacts))
    said = planning.spoken_of(connection, sorted({row.appointment_id for row in rows}), since=now - AT_ONCE)
    spoken = dict.fromkeys(said, now)
    apart = phones_apart(connection, clinic, rows, now)
    made: list[tuple[datetime, list[Due]]] = []
    left_out: list[LeftOut] = []
    pending = sorted(rows, key=lambda row: (row.due_at, row.touch_id))
    for _ in range(ROUNDS):
        if not pending:
            break
        at = max(now, pending[0].due_at)
        due = [row for row in pending if row.due_at <= at or _joins(row, pending, contacts, at)]
        recently = {visit for visit, told_at in spoken.items() if told_at > at - AT_ONCE}
        lately = {visit for visit, told_at in spoken.items() if told_at > at - A_MOMENT_AGO}
        groups, skipped = choose(
            clinic, due, contacts, at, spoken=recently, lately=lately, stopped=stopped, apart=apart
        )
        by_id = {row.touch_id: row for row in due}
        left_out += [
            LeftOut(at=row.due_at, step=row.step, starts_at=row.starts_at, timezone=row.timezone, reason=reason)
            for reason, ids in skipped.items()
            for row in (by_id[touch_id] for touch_id in ids)
            if row.patient_id == patient_id
        ]
        for group in groups:
            spoken |= {one.visit.appointment_id: at for one in group}
            if any(one.visit.patient_id == patient_id for one in group):
                made.append((at, group))
        pending = [row for row in pending if row.touch_id not in by_id]
    return made, sorted(left_out, key=lambda one: one.at)


def _joins(row: Any, pending: Sequence[Any], contacts: Mapping[str, AnyRow], at: datetime) -> bool:
    """Whether a reminder that follows within hours goes into the household's text that is due now."""
    if row.step not in REMINDERS or row.due_at > at + TOGETHER:
        return False
    return any(one.due_at <= at and one.step in REMINDERS and one.patient_id in contacts for one in pending)


def _drafted(
    clinic: Clinic,
    connection: Connection,
    groups: Sequence[tuple[datetime, list[Due]]],
    contacts: Mapping[str, AnyRow],
    now: datetime,
) -> list[_Try]:
    """The texts as they would be written, with what the gate would look at."""
    standing = gate.standing(connection, sorted(contacts))
    drafts: dict[str, tuple[datetime, Draft, list[Due]]] = {}
    rows: list[Any] = []
    about: dict[str, dict[str, int | None]] = {}
    for number, (at, group) in enumerate(groups):
        draft = draft_of(clinic, group, at)
        stands = standing.get((str(draft.patient_id), draft.contact_point_id))
        if stands is None:
            continue
        drafts[str(number)] = (at, draft, group)
        about[str(number)] = {due.visit.appointment_id: due.visit.version for due in group}
        rows.append(_as_message(str(number), draft, stands, at))
    facts = facts_about(connection, clinic, rows, about, now) if rows else {}
    return [
        _Try(
            at, draft, draft.body, draft.language or "", draft.contact_point_id,
            [(due.visit.starts_at, due.visit.timezone) for due in group], *facts[number],
        )
        for number, (at, draft, group) in drafts.items()
    ]  # fmt: skip


def _as_message(number: str, draft: Draft, stands: AnyRow, at: datetime) -> Any:
    """A text not written down, in the form of a row of `gate.messages`."""
    own = {
        "id": number,
        "origin": draft.origin,
        "kind": draft.kind,
        "created_at": at,
        "lane": draft.lane or LANE_OF[draft.origin],
        "expires_at": draft.expires_at,
        "patient_id": draft.patient_id,
        "enrollment_id": draft.enrollment_id,
        "budget_exempt": draft.budget_exempt,
        "campaign_id": None,
        "campaign_state": None,
    }
    return SimpleNamespace(**{**stands._mapping, **own})


def _waiting(clinic: Clinic, connection: Connection, patient_id: str, now: datetime) -> list[_Try]:
    """Texts that are written down already."""
    written = {row.id: row for row in ahead.waiting(connection, patient_id)}
    if not written:
        return []
    rows = gate.messages(connection, list(written))
    facts = facts_of(connection, clinic, rows, now)
    return [
        _Try(
            max(now, written[row.id].due_at or now), None, clinic.vault.open("messages.body", row.id, row.body),
            written[row.id].language or "", row.contact_point_id,
            [(visit.starts_at, facts[row.id][1].zone) for visit in facts[row.id][1].visits], *facts[row.id],
        )
        for row in rows
    ]  # fmt: skip


def _decided(tries: Sequence[_Try]) -> list[Coming]:
    """The gate's word on each when its time comes; what goes out counts against the budget of the next."""
    sent: dict[str | None, list[datetime]] = {}
    coming = []
    for one in tries:
        about = one.message.patient_id
        # What comes earlier has been tried above, and counts as sent where it went.
        later = [ahead for ahead in one.facts.reserved if ahead.due_at > one.at]
        facts = replace(one.facts, recent=(*one.facts.recent, *sent.get(about, ())), reserved=later)
        at, waits = one.at, list[Hold]()
        decision = decide(one.message, facts, at)
        while isinstance(decision, Hold) and decision.reason not in OPEN_ENDED and len(waits) < TRIES:
            waits.append(decision)
            at = decision.until
            decision = decide(one.message, facts, at)
        if isinstance(decision, Send) and is_unsolicited(one.message):
            sent.setdefault(about, []).append(at)
        coming.append(
            Coming(
                at=at,
                due_at=one.at,
                kind=one.message.kind,
                contact_point_id=one.contact_point_id,
                language=one.language,
                body=one.body,
                visits=one.visits,
                decision=decision,
                waits=[] if isinstance(decision, Drop) and decision.reason is GateReason.EXPIRED else waits,
                written=one.draft is None,
            )
        )
    return sorted(coming, key=lambda each: each.at)
