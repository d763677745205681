"""What is done about a text that did not go: retry, opt-out, dead number, or a person; one rule for each error code."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog
from sqlalchemy import Connection, select, update

from bot.core.delivery import ErrorAction, ErrorRule, rule_for
from bot.core.escalation import Priority, Reason
from bot.core.messages import Origin
from bot.core.outreach import GateReason, Lane
from bot.core.people import ConsentBasis, ConsentStatus, NumberStatus
from bot.core.provider import Refused
from bot.services import brakes, consent, outbox
from bot.services.clinic import Clinic
from bot.services.escalations import Need, raise_to_person
from bot.services.gate import drop
from bot.store.batch import Batch
from bot.store.queries import outbox as queries
from bot.store.queries.conversations import insert_or_ignore
from bot.store.tables import ContactPoint, Message

log = structlog.get_logger()

MOST_TRIES: Final = 6
"""Tries of which the provider took notice."""
MOST_KNOCKS: Final = 40
"""Tries that nobody looked at: too many at once, or no connection. Some two hours; what expires is tried until then."""
LONGEST_WAIT: Final = timedelta(minutes=5)
PAUSE: Final = timedelta(minutes=15)
RETRY_WITHIN: Final = timedelta(hours=24)
RETRY_KEY: Final = "retry:"

# The sender is at fault, not the patient: everything waits for the operator, and nobody's text is given up.
_SENDER_AT_FAULT: Final = frozenset({20404, 21601, 21606, 21703, 21705, 30032, 30033, 30034, 30035})
_WHOEVER_ASKS: Final = frozenset({401, 402, 403, 404, 405, 407})
"""Without a code that names the message, these say something about us, or come from something in between."""
_GENERAL_CODES: Final = range(20000, 21000)
_AGAIN_LATER: Final = frozenset({ErrorAction.RETRY_LATER, ErrorAction.RETRY_SOON})
OPTED_OUT: Final = 21610
BLOCKED: Final = 30004
"""On a toll-free sender this is what a STOP looks like: the network takes it, and the text never reaches us."""
_NUMBER_STATUS: Final = {
    ErrorAction.INVALID_NUMBER: NumberStatus.INVALID,
    ErrorAction.LANDLINE: NumberStatus.LANDLINE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Failing:
    """The message that did not go. `attempts` counts the one that failed."""

    message_id: str
    conversation_id: str
    contact_point_id: str
    patient_id: str | None
    appointment_id: str | None
    enrollment_id: str | None
    origin: Origin
    lane_rank: int
    attempts: int
    knocks: int
    expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Brake:
    """Send nothing for so long, or nothing that can wait."""

    seconds: float
    bulk_only: bool = False


def refused(
    connection: Connection, failing: Failing, answer: Refused, *, clinic: Clinic, now: datetime
) -> Brake | None:
    """The provider did not take it. Gives the brake that it asks for. Never commits."""
    if answer.never_processed:
        return _knock_again(connection, failing, answer, clinic=clinic, now=now)
    rule = rule_for(answer.code)
    if _is_senders_fault(answer.code, rule) or _is_none_of_its_own(answer):
        due = brakes.refused(connection, answer.code, now)
        queries.knocked(connection, failing.message_id, due=due, code=answer.code, now=now)
        return None
    match rule.action:
        case ErrorAction.RECONCILE:
            queries.unknown(connection, [failing.message_id], until=now, now=now)
        case ErrorAction.PAUSE_BULK:
            due = _after_cap(failing, brakes.slower(connection, answer.code, now), now)
            queries.again(connection, failing.message_id, due=due, code=answer.code, now=now)
        case ErrorAction.RETRY_SOON | ErrorAction.RETRY_LATER if _is_of_use(failing, now + _wait(rule)):
            queries.again(connection, failing.message_id, due=now + _wait(rule), code=answer.code, now=now)
        case _:
            _give_up(connection, failing, answer.code, rule, clinic=clinic, now=now)
    return None


def undelivered(
    connection: Connection,
    failing: Failing,
    code: int | None,
    *,
    clinic: Clinic,
    now: datetime,
    toll_free: bool = False,
) -> None:
    """The provider took it and could not deliver it; its row says so already. Never commits."""
    rule = rule_for(code)
    if _is_senders_fault(code, rule):
        due: datetime | None = brakes.failing(connection, code, now)
    elif rule.action is ErrorAction.PAUSE_BULK:
        due = _after_cap(failing, brakes.slower(connection, code, now), now)
    else:
        due = now + _wait(rule) if rule.action in _AGAIN_LATER else None
    if due is not None and _retry(connection, failing, due, clinic=clinic, now=now):
        return
    if toll_free and code == BLOCKED:
        rule = rule_for(OPTED_OUT)
    _consequences(connection, failing, code, rule, clinic=clinic, now=now)


def _is_senders_fault(code: int | None, rule: ErrorRule) -> bool:
    return code in _SENDER_AT_FAULT or rule.action is ErrorAction.STOP_SENDING


def _is_none_of_its_own(answer: Refused) -> bool:
    return answer.http_status in _WHOEVER_ASKS and (answer.code is None or answer.code in _GENERAL_CODES)


def _after_cap(failing: Failing, lifted: datetime, now: datetime) -> datetime:
    """What a patient waits for may find room sooner than what can wait."""
    return lifted if failing.lane_rank > outbox.LANE_RANK[Lane.SAME_DAY] else now + PAUSE


def give_up(connection: Connection, failing: Failing, code: int | None, *, clinic: Clinic, now: datetime) -> None:
    """Over without having been sent: failed, and a person is told."""
    _give_up(connection, failing, code, rule_for(code), clinic=clinic, now=now)


def cancel_pending(connection: Connection, contact_point_id: str, reason: GateReason, now: datetime) -> int:
    """Drop what the clinic started and has not sent yet to this number; how many. Never commits."""
    waiting = queries.waiting_outreach(connection, contact_point_id)
    if waiting:
        drop(connection, dict.fromkeys(waiting, str(reason)), now)
    return len(waiting)


def _knock_again(
    connection: Connection, failing: Failing, answer: Refused, *, clinic: Clinic, now: datetime
) -> Brake | None:
    if failing.knocks >= MOST_KNOCKS and not (failing.origin is Origin.OUTREACH and failing.expires_at):
        _give_up(connection, failing, answer.code, rule_for(answer.code), clinic=clinic, now=now)
        return None
    wait = max(timedelta(seconds=answer.retry_after or 0), _backoff(failing))
    queries.knocked(connection, failing.message_id, due=now + wait, code=answer.code, now=now)
    # Everybody else would be told the same: one short pause for all, longer where nobody answers at all.
    return Brake(min(answer.retry_after or 0.2, 30.0)) if answer.http_status else Brake(1.0)


def _backoff(failing: Failing) -> timedelta:
    base = min(timedelta(seconds=2 ** min(failing.knocks, 10)), LONGEST_WAIT)
    # Spread by id, so that a hundred refused together do not come back together.
    return base * (0.5 + int(failing.message_id[-4:], 16) / 0xFFFF)


def _is_of_use(failing: Failing, at: datetime) -> bool:
    return failing.attempts < MOST_TRIES and (failing.expires_at is None or failing.expires_at > at)


def _wait(rule: ErrorRule) -> timedelta:
    return rule.wait or PAUSE


def _give_up(
    connection: Connection, failing: Failing, code: int | None, rule: ErrorRule, *, clinic: Clinic, now: datetime
) -> None:
    if queries.failed(connection, failing.message_id, code=code, now=now):
        _consequences(connection, failing, code, rule, clinic=clinic, now=now)


def _consequences(
    connection: Connection, failing: Failing, code: int | None, rule: ErrorRule, *, clinic: Clinic, now: datetime
) -> None:
    if rule.action is ErrorAction.OPT_OUT:
        _opt_out(connection, failing, clinic=clinic, now=now)
        if failing.origin is Origin.OUTREACH:
            return  # They said no, and it is honoured: nobody has to do anything.
    if (status := _NUMBER_STATUS.get(rule.action)) is not None:
        connection.execute(
            update(ContactPoint).where(ContactPoint.id == failing.contact_point_id).values(status=status)
        )
    _tell_a_person(connection, failing, code, rule, clinic=clinic, now=now)


def _opt_out(connection: Connection, failing: Failing, *, clinic: Clinic, now: datetime) -> None:
    known = connection.execute(
        select(ContactPoint.consent).where(ContactPoint.id == failing.contact_point_id)
    ).scalar_one()
    if known is not ConsentStatus.OPTED_OUT:
        consent.record(
            connection,
            contact_point_id=failing.contact_point_id,
            patient_id=None,
            status=ConsentStatus.OPTED_OUT,
            basis=ConsentBasis.PROVIDER,
            actor="provider",
            at=now,
            vault=clinic.vault,
            evidence=failing.message_id,
        )
    cancel_pending(connection, failing.contact_point_id, GateReason.NUMBER_OPTED_OUT, now)


def _tell_a_person(
    connection: Connection, failing: Failing, code: int | None, rule: ErrorRule, *, clinic: Clinic, now: datetime
) -> None:
    urgent = failing.origin in (Origin.STAFF, Origin.SAFETY)
    dead = rule.action in _NUMBER_STATUS
    need = Need(
        reason=Reason.DELIVERY_FAILURE,
        priority=Priority.URGENT if urgent else Priority.ROUTINE,
        conversation_id=failing.conversation_id,
        patient_id=failing.patient_id,
        message_id=failing.message_id,
        appointment_id=failing.appointment_id,
        enrollment_id=failing.enrollment_id,
        suggestion="find-new-number" if dead else "call-patient",
        evidence={
            "words": "",
            "rules": [{"intent": str(rule.action), "rule": str(code or "no-code"), "words": rule.reason}],
            "message_id": failing.message_id,
        },
    )
    batch = Batch(connection)
    raise_to_person(batch, need, clinic=clinic, now=now)
    batch.flush()


def _retry(connection: Connection, failing: Failing, due: datetime, *, clinic: Clinic, now: datetime) -> bool:
    """Write the same text down once more, to go out later; False when that has been done, or is of no use."""
    row: Any = connection.execute(select(Message.__table__).where(Message.id == failing.message_id)).one()
    is_retry = (row.dedupe_key or "").startswith(RETRY_KEY)
    if is_retry or not _is_of_use(failing, due):
        return False
    draft = outbox.Draft(
        conversation_id=row.conversation_id,
        contact_point_id=row.contact_point_id,
        body=clinic.vault.open("messages.body", row.id, row.body),
        kind=row.kind,
        origin=row.origin,
        language=row.language,
        patient_id=row.patient_id,
        appointment_id=row.appointment_id,
        appointment_version=row.appointment_version,
        enrollment_id=row.enrollment_id,
        lane=Lane(row.lane) if row.lane else None,
        due_at=due,
        expires_at=row.expires_at or now + RETRY_WITHIN,
        dedupe_key=f"{RETRY_KEY}{row.id}",
        author_id=row.author_id,
        # The first try has been counted.
        budget_exempt=True,
    )
    fresh = outbox.row_of(draft, vault=clinic.vault, now=now)
    written = connection.execute(
        insert_or_ignore(connection, Message.__table__), fresh, execution_options={"preserve_rowcount": True}
    )
    return written.rowcount > 0
