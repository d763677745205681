"""What the API changes: an outreach is started, an escalation claimed, released or resolved."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, abort, request

from bot.services import audit, inbox, outreach
from bot.services.outreach import OtherRequest, Refusal
from bot.store.columns import AnyRow
from bot.store.queries import api as queries
from bot.web.api.access import bearer
from bot.web.api.objects import Escalation, Nothing, OutreachRequest, Resolution, Started
from bot.web.api.operation import operation
from bot.web.api.problems import ApiProblem, Fault
from bot.web.api.reading import NONE, aware
from bot.web.current import clinic

IDEMPOTENCY_KEY: Final = "Idempotency-Key"
LONGEST_KEY: Final = 255
TAKEN = {404: NONE, 409: "Somebody else has it, or it is resolved."}


def register(blueprint: Blueprint) -> None:
    """Put the routes that write on the blueprint."""
    operation(
        blueprint,
        "/outreach",
        method="POST",
        answer=Started,
        status=201,
        body=OutreachRequest,
        headers={IDEMPOTENCY_KEY: "Asking again with the same key and body is answered alike and starts nothing more."},
        refusals={404: "There is no such patient."},
    )(start_outreach)
    change = {"method": "POST", "answer": Escalation, "body_required": False, "refusals": TAKEN}
    operation(blueprint, "/escalations/<escalation_id>/claim", body=Nothing, **change)(claim_escalation)  # type: ignore[arg-type]
    operation(blueprint, "/escalations/<escalation_id>/release", body=Nothing, **change)(release_escalation)  # type: ignore[arg-type]
    operation(blueprint, "/escalations/<escalation_id>/resolve", body=Resolution, **change)(resolve_escalation)  # type: ignore[arg-type]


def start_outreach(body: OutreachRequest) -> outreach.Started:
    """Start one conversation now, through the same gate as everything else but the frequency budget."""
    now = clinic().clock()
    with clinic().database.read() as connection:
        if not queries.patient_exists(connection, body.patient_id):
            abort(404, "No patient has this id.")
    asked = outreach.OutreachRequest(
        patient_id=body.patient_id,
        kind=body.kind,
        appointment_id=body.appointment_id,
        prompt=body.prompt,
        slot=aware(body.slot),
        expires_at=aware(body.expires_at),
    )
    started = outreach.start(clinic(), asked, actor=bearer().id, now=now, key=request_key())
    if isinstance(started, Refusal):
        raise not_valid(started.field, started.reason)
    if isinstance(started, OtherRequest):
        raise not_valid(IDEMPOTENCY_KEY, "something else was asked for under this key; take a new one")
    if started.again:
        return started
    with clinic().database.begin() as connection:
        audit.record(
            connection,
            at=now,
            actor=bearer().id,
            action="outreach.start",
            object_type="message",
            object_id=started.message_id,
            detail={"decision": started.decision, "reason": started.reason},
        )
    return started


def request_key() -> str | None:
    """The key under which a caller may ask again. Raises ApiProblem."""
    key = request.headers.get(IDEMPOTENCY_KEY)
    if key is not None and not (0 < len(key) <= LONGEST_KEY and key.isascii() and key.isprintable()):
        raise not_valid(IDEMPOTENCY_KEY, f"1 to {LONGEST_KEY} printable ASCII characters")
    return key


def not_valid(field: str, reason: str) -> ApiProblem:
    """422 for this field."""
    return ApiProblem(422, f"Not valid: {field}", errors=[Fault(field=field, reason=reason)])


def claim_escalation(escalation_id: str, body: Nothing) -> AnyRow:  # noqa: ARG001 - read to refuse unknown fields
    """Take an escalation: the bot is silent in its conversation until release or resolve."""
    change = inbox.claim(clinic(), escalation_id=escalation_id, actor_id=bearer().id, now=clinic().clock())
    return _changed(escalation_id, change)


def release_escalation(escalation_id: str, body: Nothing) -> AnyRow:  # noqa: ARG001 - read to refuse unknown fields
    """Hand an escalation back, open again."""
    change = inbox.release(clinic(), escalation_id=escalation_id, actor_id=bearer().id, now=clinic().clock())
    return _changed(escalation_id, change)


def resolve_escalation(escalation_id: str, body: Resolution) -> AnyRow:
    """Close an escalation; the bot may speak again."""
    change = inbox.resolve(
        clinic(), escalation_id=escalation_id, actor_id=bearer().id, now=clinic().clock(), outcome=body.outcome
    )
    return _changed(escalation_id, change)


def _changed(escalation_id: str, change: inbox.Change | inbox.Unseen) -> AnyRow:
    match change:
        case inbox.Unseen():
            abort(409, "The patient has written since.")
        case inbox.Gone():
            abort(404, NONE)
        case inbox.Closed():
            abort(409, "This escalation is resolved.")
        case inbox.HeldBy(user_id=holder):
            abort(409, f"{holder} has this escalation." if holder else "Somebody else has this escalation.")
        case inbox.Done():
            pass
    with clinic().database.read() as connection:
        return queries.escalation(connection, escalation_id) or abort(404, NONE)
