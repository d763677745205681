"""What becomes of patients whose turn it is: the text, and the gate's word on it. Run and forecast both ask here."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any, Final, Protocol, TypeAlias

import structlog
from sqlalchemy import Connection

from bot.core.budget import Reserved, places
from bot.core.campaigns import CampaignState
from bot.core.messages import Origin
from bot.core.outreach import Drop, Facts, GateDecision, Hold, Lane, Send
from bot.services.campaigns.plan import Plan
from bot.services.campaigns.words import Unwritten, Written, write
from bot.services.clinic import Clinic
from bot.services.gate import decide_all, facts_about
from bot.services.outbox import Draft
from bot.store.columns import AnyRow
from bot.store.queries import campaigns as queries
from bot.store.queries import gate, planning, recalls
from bot.store.vault import Undecryptable

log = structlog.get_logger()

USEFUL_FOR: Final = timedelta(days=30)
"""So long after it was let go a text may still go out, a pause included."""
NO_NUMBER: Final = "no-usable-number"
ANSWERED: Final = "recall-answered"
INVITES: Final = f"{recalls.JOURNEY}/"
_LONGEST_ID: Final = 96


class InLine(Protocol):
    """One patient of the campaign whose turn it is."""

    @property
    def patient_id(self) -> str:
        """Who."""
        ...

    @property
    def arm(self) -> str:
        """In which arm."""
        ...


@dataclass(frozen=True, slots=True)
class Goes:
    """Gets this text now."""

    patient_id: str
    arm: str
    draft: Draft
    written: Written


@dataclass(frozen=True, slots=True)
class Waits:
    """Not before then."""

    patient_id: str
    arm: str
    until: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Never:
    """Gets nothing."""

    patient_id: str
    arm: str
    reason: str


Decided: TypeAlias = Goes | Waits | Never


def decide(
    connection: Connection, clinic: Clinic, plan: Plan, line: Sequence[InLine], now: datetime
) -> Sequence[Decided]:
    """What becomes of each of these at that moment, in their order. `now` may lie ahead; nothing is written down."""
    ids = [one.patient_id for one in line]
    people, contacts = queries.people(connection, ids), planning.contacts(connection, ids)
    standing = gate.standing(connection, ids)
    answered = _answered(connection, plan, line, now)
    drafts: dict[str, tuple[Draft, Written]] = {}
    refused: dict[str, str] = {}
    for one in line:
        written = _written(clinic, plan, one, people, now)
        contact = contacts.get(one.patient_id)
        stands = standing.get((one.patient_id, contact.contact_point_id)) if contact is not None else None
        if contact is None or stands is None:
            refused[one.patient_id] = NO_NUMBER
        elif one.patient_id in answered:
            refused[one.patient_id] = ANSWERED
        elif isinstance(written, Unwritten):
            refused[one.patient_id] = written
        else:
            drafts[one.patient_id] = (_draft(plan, one, contact, written, now), written)
    rows = [_as_message(draft, standing[(who, draft.contact_point_id)], now) for who, (draft, _) in drafts.items()]
    facts = facts_about(connection, clinic, rows, {}, now)
    if now > clinic.clock():
        facts = {who: (message, _as_of(known, clinic.clock(), now)) for who, (message, known) in facts.items()}
    decisions = decide_all(facts, now)
    return [
        Never(one.patient_id, one.arm, refused[one.patient_id])
        if one.patient_id in refused
        else _decided(one, *drafts[one.patient_id], decisions[one.patient_id])
        for one in line
    ]


def _answered(connection: Connection, plan: Plan, line: Sequence[InLine], now: datetime) -> frozenset[str]:
    """Those who would be asked to come for care, and have said of late that they had it, want it, or do not."""
    inviting = {name for name, arm in plan.arms.items() if arm.text_key and arm.text_key.startswith(INVITES)}
    asked = [one.patient_id for one in line if one.arm in inviting]
    return recalls.answered(connection, asked, plan.measures, now) if asked else frozenset()


def key_of(campaign_id: str, patient_id: str) -> str:
    """One text for each patient of a campaign, whatever happens."""
    if len(patient_id) > _LONGEST_ID:
        patient_id = hashlib.sha256(patient_id.encode()).hexdigest()
    return f"campaign:{campaign_id}:{patient_id}"


def _written(
    clinic: Clinic, plan: Plan, one: InLine, people: Mapping[str, AnyRow], now: datetime
) -> Written | Unwritten:
    person = people[one.patient_id]
    try:
        name = _name(clinic, person)
    except Undecryptable:
        log.error("a name cannot be read: its key is not among DATA_KEYS")
        return Unwritten.UNREADABLE
    arm = plan.arms[one.arm]
    assert arm.text_key is not None, "nobody of the hold-out stands in the line"
    return write(clinic, arm.text_key, plan.words.get(one.arm, {}), language=person.language, name=name, now=now)


def _name(clinic: Clinic, person: AnyRow) -> str:
    return clinic.vault.maybe_open("patients.given_name", person.patient_id, person.given_name) or ""


def _draft(plan: Plan, one: InLine, contact: AnyRow, written: Written, now: datetime) -> Draft:
    useful_until = now + USEFUL_FOR
    return Draft(
        conversation_id=contact.conversation_id or "",
        contact_point_id=contact.contact_point_id,
        body=written.body,
        kind=written.kind,
        origin=Origin.OUTREACH,
        language=written.language,
        patient_id=one.patient_id,
        campaign_id=plan.id,
        lane=Lane.BULK,
        due_at=now,
        expires_at=useful_until if plan.ends_at is None else min(useful_until, plan.ends_at),
        dedupe_key=key_of(plan.id, one.patient_id),
    )


def _as_message(draft: Draft, stands: AnyRow, now: datetime) -> Any:
    """A text not written down, in the form of a row of `queries.gate.messages`; its id is its patient's."""
    own = {
        "id": draft.patient_id, "origin": draft.origin, "kind": draft.kind, "created_at": now, "lane": draft.lane,
        "expires_at": draft.expires_at, "patient_id": draft.patient_id, "budget_exempt": False,
        "campaign_id": draft.campaign_id, "campaign_state": CampaignState.RUNNING,
    }  # fmt: skip
    return SimpleNamespace(**{**stands._mapping, **own})


def _as_of(facts: Facts, today: datetime, then: datetime) -> Facts:
    """The facts as they will be: what is planned before then has gone by then."""
    ahead = sorted(facts.reserved, key=lambda one: (one.rank, max(one.due_at, today), one.due_at))
    moments = places(ahead, facts.recent, today, facts.zone, facts.quiet)
    gone = [moment for moment in moments if moment <= then]
    to_come = [Reserved(moment, one.rank) for one, moment in zip(ahead, moments, strict=True) if moment > then]
    return replace(facts, recent=(*facts.recent, *gone), reserved=to_come)


def _decided(one: InLine, draft: Draft, written: Written, decision: GateDecision) -> Decided:
    match decision:
        case Send():
            return Goes(one.patient_id, one.arm, draft, written)
        case Hold(until=until, reason=reason):
            return Waits(one.patient_id, one.arm, until, reason)
        case Drop(reason=reason):
            return Never(one.patient_id, one.arm, reason)
