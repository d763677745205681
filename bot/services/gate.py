"""The gate at work: the facts about a batch of messages, the decisions, and their trace in the database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, bindparam, insert, select, update

from bot.core.budget import FIRST, WEEK, Reserved
from bot.core.fuses import Guards
from bot.core.gate_reasons import UNREACHED
from bot.core.journey import QuestionState, TouchState
from bot.core.messages import MessageStatus, Origin
from bot.core.outreach import (
    Drop,
    Facts,
    GateDecision,
    GateReason,
    Hold,
    MessageFacts,
    PatientFacts,
    Send,
    VisitFacts,
    decide,
    is_unsolicited,
)
from bot.core.people import PatientStatus
from bot.core.series import PREGNANCY
from bot.journeys import rank_of
from bot.services import untold
from bot.services.clinic import Clinic
from bot.services.confidence import in_confidence
from bot.store.columns import AnyRow, new_id
from bot.store.queries import gate as queries
from bot.store.queries import loops
from bot.store.tables import Decision, Message, Question, Touch

NEW_LANGUAGE: Final = "language-changed"
NEW_LINK: Final = "link-changed"
WRITTEN_ANEW: Final = frozenset({str(GateReason.MOVED), NEW_LANGUAGE, NEW_LINK})
"""Dropped for one of these, a text was not of no use, only wrong: its contacts are planned anew."""

FactsById = Mapping[str, tuple[MessageFacts, Facts]]

_DECISION: Final = insert(Decision.__table__)  # type: ignore[arg-type]
_HELD: Final = (
    update(Message)
    .where(Message.id == bindparam("which"), Message.status == MessageStatus.PLANNED)
    .values(decision="hold", decision_reason=bindparam("why"), due_at=bindparam("until"), updated_at=bindparam("at"))
)
# Locked, and looked at again where somebody else had it: what a worker has claimed meanwhile is that worker's.
_STILL_PLANNED: Final = (
    select(Message.id)
    .where(Message.id.in_(bindparam("ids", expanding=True)), Message.status == MessageStatus.PLANNED)
    .order_by(Message.id)
    .with_for_update()
)
_DROPPED: Final = (
    update(Message)
    .where(Message.id == bindparam("which"))
    .values(
        status=MessageStatus.DROPPED,
        decision="drop",
        decision_reason=bindparam("why"),
        lease_until=None,
        updated_at=bindparam("at"),
    )
)
_PASSED: Final = (
    update(Message)
    .where(Message.id.in_(bindparam("ids", expanding=True)))
    .values(decision="send", decision_reason=bindparam("why"))
)
_UNASKED: Final = (
    update(Question)
    .where(
        Question.message_id.in_(bindparam("ids", expanding=True)),
        Question.state == QuestionState.PREPARED,
    )
    .values(state=QuestionState.VOID)
)
_UNTOUCHED: Final = (
    update(Touch)
    .where(Touch.message_id == bindparam("which"), Touch.state == TouchState.QUEUED)
    .values(state=TouchState.SKIPPED, reason=bindparam("why"), updated_at=bindparam("at"))
)
# A text about several visits of a household, one of which has changed: the others are planned anew.
_PLANNED_ANEW: Final = (
    update(Touch)
    .where(Touch.message_id.in_(bindparam("ids", expanding=True)), Touch.state == TouchState.QUEUED)
    .values(state=TouchState.PLANNED, message_id=None, updated_at=bindparam("at"))
)
_NAMELESS: Final = update(Message).where(Message.id.in_(bindparam("ids", expanding=True))).values(dedupe_key=None)


def facts_for(connection: Connection, clinic: Clinic, message_ids: Sequence[str], now: datetime) -> FactsById:
    """What the gate looks at for each of these messages, in at most ten queries; unknown ids are left out."""
    return facts_of(connection, clinic, queries.messages(connection, message_ids), now)


def facts_of(
    connection: Connection, clinic: Clinic, rows: Sequence[AnyRow], now: datetime, *, counting: bool = True
) -> FactsById:
    """The same, for rows of `queries.gate.messages`; without `counting`, what went out of late is left aside."""
    return facts_about(connection, clinic, rows, queries.subjects(connection, rows), now, counting=counting)


def facts_about(
    connection: Connection,
    clinic: Clinic,
    rows: Sequence[Any],
    about: Mapping[str, Mapping[str, int | None]],
    now: datetime,
    *,
    counting: bool = True,
) -> FactsById:
    """The same, for messages that need not be written down yet, with the visits that each is about.

    `now` may lie ahead: then what is still to come before it is among `reserved`, too.
    """
    visits = queries.visits(connection, sorted({visit for pairs in about.values() for visit in pairs}))
    outreach = [row for row in rows if row.origin is Origin.OUTREACH]
    patients = sorted({row.patient_id for row in outreach if row.patient_id is not None})
    recent = queries.recent(connection, patients if counting else (), now, but=[row.id for row in outreach])
    stopped = queries.stopped_programs(connection, patients)
    give_way = sorted({row.patient_id for row in outreach if row.patient_id and rank_of(row.kind) > FIRST})
    today = clinic.clock()
    reserved = queries.reserved(connection, give_way if counting else (), today, until=now + WEEK)
    blown = queries.blown_fuses(connection) if outreach else frozenset()
    private = _sensitive(connection, clinic, outreach, about, visits)
    told = {(row.patient_id, row.contact_point_id) for row in outreach if row.id in private and row.patient_id}
    kept_from = told - in_confidence(connection, clinic, told, now) if told else frozenset()
    return {
        row.id: (
            _message(row),
            _facts(
                row, clinic, about.get(row.id, {}), visits, recent.get(row.patient_id, ()),
                stopped.get(row.patient_id, frozenset()), reserved.get(row.patient_id, ()), blown, private, kept_from,
            ),
        )
        for row in rows
    }  # fmt: skip


def _sensitive(
    connection: Connection,
    clinic: Clinic,
    rows: Sequence[Any],
    about: Mapping[str, Mapping[str, int | None]],
    visits: Mapping[str, AnyRow],
) -> Set[str]:
    """Those of these messages that speak of, or follow from, a visit that is nobody's business but the patient's.

    A pregnancy is no more anybody's business, be it lessons on it or a recall.
    """
    rules = clinic.sensitive
    ones = {one.appointment_id for one in visits.values() if rules.is_one(one.service, one.location)}
    found = {row.id for row in rows if not ones.isdisjoint(about.get(row.id, ()))}
    # A word after a visit names none, and tells of it all the same: its loop knows which.
    loop_of = {row.id: getattr(row, "enrollment_id", None) for row in rows if not about.get(row.id)}
    theirs = sorted({loop_id for loop_id in loop_of.values() if loop_id is not None})
    behind = queries.behind(connection, theirs) if theirs else ()
    kept = {
        row.id
        for row in behind
        if row.kind in PREGNANCY or (row.service is not None and rules.is_one(row.service, row.location))
    }
    return found | {message_id for message_id, loop_id in loop_of.items() if loop_id in kept}


def decide_all(facts: FactsById, now: datetime) -> Mapping[str, GateDecision]:
    """The gate's word on each, in the order given; what one sends counts against the budget of the next."""
    decisions: dict[str, GateDecision] = {}
    sent: dict[str | None, int] = defaultdict(int)
    for message_id, (message, known) in facts.items():
        ahead = sent[message.patient_id] if message.patient_id is not None else 0
        decision = decide(message, _after(known, decisions, ahead, now), now)
        decisions[message_id] = decision
        if isinstance(decision, Send) and is_unsolicited(message):
            sent[message.patient_id] += 1
    return decisions


def _after(facts: Facts, decisions: Mapping[str, GateDecision], ahead: int, now: datetime) -> Facts:
    """The facts once those before it are decided: what goes counts, what is dropped keeps no place any more."""
    decided = [one for one in facts.reserved if one.message_id in decisions]
    if not (ahead or decided):
        return facts
    waits = [
        replace(one, due_at=decision.until)
        for one in decided
        if isinstance(decision := decisions[str(one.message_id)], Hold)
    ]
    still = [one for one in facts.reserved if one.message_id not in decisions]
    return replace(facts, recent=(*facts.recent, *[now] * ahead), reserved=(*still, *waits))


def decide_and_store(
    connection: Connection, clinic: Clinic, message_ids: Sequence[str], now: datetime
) -> Mapping[str, GateDecision]:
    """Decide on these planned messages and write it down, in the caller's transaction.

    A held message is due again when its hold ends; a dropped one is over, and so is the question it would have asked.
    """
    rows = {row.id: row for row in queries.messages(connection, message_ids)}
    ordered = [rows[message_id] for message_id in message_ids if message_id in rows]
    decisions = decide_all(facts_of(connection, clinic, ordered, now), now)
    store(connection, clinic, ordered, decisions, now)
    passed = [message_id for message_id, decision in decisions.items() if isinstance(decision, Send)]
    if passed:
        connection.execute(_PASSED, {"ids": passed, "why": "ok"})
    return decisions


def store(
    connection: Connection, clinic: Clinic, rows: Sequence[AnyRow], decisions: Mapping[str, GateDecision], now: datetime
) -> None:
    """Write decisions down: a line for each new one, holds and drops on the messages too. Sends are the caller's."""
    fresh = [_line(row.id, decisions[row.id], now) for row in rows if _is_news(row, decisions[row.id])]
    if fresh:
        connection.execute(_DECISION, fresh)
    held = [
        {"which": message_id, "why": decision.reason, "until": decision.until, "at": now}
        for message_id, decision in decisions.items()
        if isinstance(decision, Hold)
    ]
    if held:
        connection.execute(_HELD, held)
    dropped = {message_id: d.reason for message_id, d in decisions.items() if isinstance(d, Drop)}
    if dropped:
        drop(connection, dropped, now)
    kept = [row for row in rows if dropped.get(row.id) is GateReason.SENSITIVE]
    if kept:
        untold.tell(connection, clinic, kept, now)


def drop(connection: Connection, reasons: Mapping[str, str], now: datetime) -> None:
    """These messages, if they still wait, never go out: nor do their questions, nor do their contacts count."""
    waiting = connection.execute(_STILL_PLANNED, {"ids": list(reasons)}).scalars().all()
    if not waiting:
        return
    rows = [{"which": message_id, "why": str(reasons[message_id]), "at": now} for message_id in waiting]
    connection.execute(_DROPPED, rows)
    connection.execute(_UNASKED, {"ids": waiting})
    changed = [message_id for message_id in waiting if reasons[message_id] in WRITTEN_ANEW]
    if changed:
        connection.execute(_PLANNED_ANEW, {"ids": changed, "at": now})
        connection.execute(_NAMELESS, {"ids": changed})
    connection.execute(_UNTOUCHED, rows)
    unreached = [message_id for message_id in waiting if reasons[message_id] in UNREACHED]
    if unreached:
        loops.unreached(connection, unreached, now)


def _is_news(row: AnyRow, decision: GateDecision) -> bool:
    return (row.decision, row.decision_reason) != (str(decision.word), str(decision.reason))


def _line(message_id: str, decision: GateDecision, now: datetime) -> dict[str, Any]:
    return {
        "id": new_id(),
        "message_id": message_id,
        "decision": str(decision.word),
        "reason": str(decision.reason),
        "until": decision.until if isinstance(decision, Hold) else None,
        "at": now,
    }


def _message(row: Any) -> MessageFacts:
    return MessageFacts(
        message_id=row.id,
        origin=row.origin,
        kind=row.kind,
        planned_at=row.created_at,
        lane=row.lane,
        expires_at=row.expires_at,
        patient_id=row.patient_id,
        budget_exempt=row.budget_exempt,
        rank=rank_of(row.kind),
    )


def _facts(
    row: Any,
    clinic: Clinic,
    about: Mapping[str, int | None],
    visits: Mapping[str, AnyRow],
    recent: Sequence[datetime],
    stopped: frozenset[str],
    reserved: Sequence[Reserved],
    blown: frozenset[tuple[Guards, str]],
    private: Set[str],
    kept_from: Set[tuple[str, str]],
) -> Facts:
    known = [(visits[appointment_id], version) for appointment_id, version in about.items() if appointment_id in visits]
    zones = (row.patient_timezone, *(visit.timezone for visit, _version in known), clinic.settings.clinic_timezone)
    return Facts(
        number_status=row.number_status,
        number_consent=row.number_consent,
        zone=next(zone for zone in zones if zone),
        quiet=clinic.settings.quiet,
        patient=_patient(row, stopped, kept_from),
        visits=tuple(_visit(visit, version) for visit, version in known),
        sensitive=row.id in private,
        held=row.held_by is not None,
        recent=recent,
        heard_at=row.last_inbound_at,
        reserved=[one for one in reserved if one.message_id is None or one.message_id != row.id],
        campaign=row.campaign_state,
        fuse_blown=bool(blown) and any(guarded in blown for guarded in _guarded(row)),
    )


def _guarded(row: Any) -> Iterable[tuple[Guards, str]]:
    """What a fuse may guard that this message belongs to."""
    yield Guards.CLINIC, ""
    yield Guards.TEMPLATE, row.kind
    yield Guards.PATIENT, row.patient_id or ""
    yield Guards.CAMPAIGN, row.campaign_id or "-"


def _patient(row: Any, stopped: frozenset[str], kept_from: Set[tuple[str, str]]) -> PatientFacts | None:
    if row.patient_status is None:
        return None
    linked = row.link_consent is not None and row.link_active
    return PatientFacts(
        status=PatientStatus(row.patient_status),
        paused=row.paused_since is not None,
        consent=row.link_consent if linked else None,
        in_confidence=not kept_from or (row.patient_id, row.contact_point_id) not in kept_from,
        stopped=stopped,
        **({"scope": row.scope} if linked else {}),
    )


def _visit(visit: AnyRow, version: int | None) -> VisitFacts:
    return VisitFacts(
        status=visit.status,
        starts_at=visit.starts_at,
        response=visit.response,
        responded_at=visit.responded_at,
        version=visit.version,
        written_for=version,
    )
