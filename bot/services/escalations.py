"""Bringing something to a person: one open row for each conversation, reason, visit and loop, never less urgent."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import String, bindparam, func, insert, select, update

from bot.core.escalation import EscalationStatus, Priority, Reason
from bot.core.people import Visit
from bot.services.clinic import Clinic
from bot.store.batch import Batch
from bot.store.columns import new_id
from bot.store.tables import Escalation
from bot.store.vault import Vault

_OPEN = (
    select(
        Escalation.id,
        Escalation.patient_id,
        Escalation.appointment_id,
        Escalation.enrollment_id,
        Escalation.reason,
        Escalation.priority,
        Escalation.evidence,
        Escalation.respond_by,
        Escalation.message_id,
    )
    .where(
        Escalation.conversation_id == bindparam("conversation_id"),
        Escalation.reason == bindparam("reason"),
        Escalation.status != EscalationStatus.RESOLVED,
    )
    .order_by(Escalation.created_at, Escalation.id)
)
_INSERT = insert(Escalation.__table__)  # type: ignore[arg-type]
_ADD = (
    update(Escalation)
    .where(Escalation.id == bindparam("which"))
    .values(
        priority=bindparam("level"),
        priority_rank=bindparam("level_rank"),
        respond_by=bindparam("by"),
        evidence=bindparam("pieces"),
        message_id=bindparam("message"),
        enrollment_id=func.coalesce(Escalation.enrollment_id, bindparam("loop", type_=String(32))),
        version=Escalation.version + 1,
        updated_at=bindparam("at"),
    )
)
KEPT_PIECES = 5
"""How many of the patient's texts an open escalation quotes at most, the newest last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """Why a person is needed. `evidence` is one piece: the patient's words and the rules that fired."""

    reason: Reason
    priority: Priority
    conversation_id: str | None
    patient_id: str | None = None
    message_id: str | None = None
    appointment_id: str | None = None
    enrollment_id: str | None = None
    suggestion: str | None = None
    evidence: Mapping[str, Any] | None = None


def raise_to_person(
    batch: Batch,
    need: Need,
    *,
    clinic: Clinic,
    now: datetime,
    known: Sequence[Any] | None = None,
    about: Sequence[Visit] = (),
) -> str:
    """Open an escalation, or add to the one that is open for the same reason. Gives its id. Never commits.

    `known`: everything that is open in this conversation, where the caller has read it already. `about`: visits
    whose place says when somebody reads, where the clock stands still in closed hours.
    """
    due = due_at(clinic, need.priority, about, now)
    if need.conversation_id is not None:
        if known is None:
            key = {"conversation_id": need.conversation_id, "reason": need.reason}
            known = batch.looking.execute(_OPEN, key).all()
        standing = next((row for row in known if row.reason is need.reason and _is_same(row, need)), None)
        if standing is not None:
            _add_to(batch, standing, need, due, vault=clinic.vault, now=now)
            return str(standing.id)
    escalation_id = new_id()
    pieces = [need.evidence] if need.evidence else []
    batch.add(
        _INSERT,
        {
            "id": escalation_id,
            "patient_id": need.patient_id,
            "conversation_id": need.conversation_id,
            "message_id": need.message_id,
            "appointment_id": need.appointment_id,
            "enrollment_id": need.enrollment_id,
            "priority": need.priority,
            "priority_rank": need.priority.rank,
            "reason": need.reason,
            "evidence": clinic.vault.seal("escalations.evidence", escalation_id, json.dumps(pieces)),
            "suggestion": need.suggestion,
            "status": EscalationStatus.OPEN,
            "respond_by": due,
            "version": 1,
            "created_at": now,
            "updated_at": now,
        },
    )
    return escalation_id


def due_at(clinic: Clinic, priority: Priority, about: Sequence[Visit], now: datetime) -> datetime:
    """When somebody has to have seen to it: as the clinic's service levels and the place's hours say."""
    set_up = clinic.set_up()
    place = set_up.place_of(about)
    return set_up.due(priority, now, place.week if place is not None else None)


def _is_same(standing: Any, need: Need) -> bool:
    """Whether it is the same thing: two visits of one household called off are two, and two patients always are.

    So are two loops: whatever closes a case with its loop would close what another loop has asked for.
    """
    pairs = (
        (standing.patient_id, need.patient_id),
        (standing.appointment_id, need.appointment_id),
        (standing.enrollment_id, need.enrollment_id),
    )
    return all(one is None or other is None or one == other for one, other in pairs)


def _add_to(batch: Batch, standing: Any, need: Need, due: datetime, *, vault: Vault, now: datetime) -> None:
    pieces = evidence_of(standing.id, standing.evidence, vault)
    if need.evidence:
        pieces = [*pieces, dict(need.evidence)][-KEPT_PIECES:]
    priority = min(standing.priority, need.priority, key=lambda p: p.rank)
    batch.add(
        _ADD,
        {
            "which": standing.id,
            "level": priority,
            "level_rank": priority.rank,
            "by": min(standing.respond_by, due),
            "pieces": vault.seal("escalations.evidence", standing.id, json.dumps(pieces)),
            "message": need.message_id or standing.message_id,
            "loop": need.enrollment_id,
            "at": now,
        },
    )


def evidence_of(escalation_id: str, sealed: bytes | None, vault: Vault) -> list[dict[str, Any]]:
    """The pieces of evidence, the oldest first: each `{"words": …, "rules": [{intent, rule, words}, …]}`."""
    text = vault.maybe_open("escalations.evidence", escalation_id, sealed)
    return list(json.loads(text)) if text else []
