"""Loops and freed times in the API: what there is, what has happened, who sees to it, and what becomes of it."""

from __future__ import annotations

from typing import Any, Final, NoReturn

from flask import Blueprint, abort

from bot.services import audit
from bot.services.loops import outside
from bot.services.loops.opening import details_of
from bot.services.loops.outside import Unfit
from bot.services.request_keys import OtherRequest
from bot.services.waitlist import Freed
from bot.store.columns import AnyRow
from bot.store.queries import api as queries
from bot.store.queries import slots
from bot.web.api.access import bearer
from bot.web.api.loop_objects import (
    Assignment,
    Closing,
    FreedSlot,
    Loop,
    Loops,
    LoopsQuery,
    Report,
    Slot,
    Slots,
    SlotsQuery,
    WholeLoop,
)
from bot.web.api.objects import Nothing, fields_of
from bot.web.api.operation import operation
from bot.web.api.paging import key_of, page
from bot.web.api.problems import ApiProblem
from bot.web.api.reading import MISSING, NONE, aware
from bot.web.api.writing import IDEMPOTENCY_KEY, not_valid, request_key
from bot.web.current import clinic

ONCE: Final = {IDEMPOTENCY_KEY: "Asking again with the same key and body is answered alike and does nothing more."}
WORDS: Final = {
    Unfit.ENDED: "It has ended otherwise.",
    Unfit.NO_MOVE: "That changes nothing where it stands; `reports` tells what may be reported.",
    Unfit.TAKEN: "Somebody has said yes to it.",
}


def register(blueprint: Blueprint) -> None:
    """Put the routes on the blueprint."""
    operation(blueprint, "/loops", answer=Loops, query=LoopsQuery)(list_loops)
    operation(blueprint, "/loops/<loop_id>", answer=WholeLoop, refusals=MISSING)(get_loop)
    refused = {404: NONE, 409: "It changes nothing where the loop stands, or it has ended."}
    operation(
        blueprint, "/loops/<loop_id>/report", method="POST", answer=Loop, body=Report, headers=ONCE, refusals=refused
    )(report_on_loop)
    operation(
        blueprint, "/loops/<loop_id>/assign", method="POST", answer=Loop, body=Assignment, refusals=MISSING
    )(assign_loop)
    operation(
        blueprint, "/loops/<loop_id>/close", method="POST", answer=Loop, body=Closing, body_required=False,
        refusals=refused,
    )(close_loop)  # fmt: skip
    operation(blueprint, "/waitlist/slots", answer=Slots, query=SlotsQuery)(list_slots)
    operation(blueprint, "/waitlist/slots/<slot_id>", answer=Slot, refusals=MISSING)(get_slot)
    operation(
        blueprint, "/waitlist/slots", method="POST", answer=Slot, status=201, body=FreedSlot, headers=ONCE
    )(offer_slot)
    operation(
        blueprint, "/waitlist/slots/<slot_id>/withdraw", method="POST", answer=Slot, body=Nothing, body_required=False,
        refusals={404: NONE, 409: WORDS[Unfit.TAKEN]},
    )(withdraw_slot)  # fmt: skip


def list_loops(query: LoopsQuery) -> dict[str, Any]:
    """Loops, the newest first: recalls, referrals, discharges and the like."""
    filters = query.model_dump(include={"patient_id", "journey", "kind", "owner_id"})
    with clinic().database.begin() as connection:
        rows = queries.loops(
            connection,
            filters,
            is_open=None if query.state is None else query.state == "open",
            is_owed=query.owed_by is not None,
            overdue_at=clinic().clock() if query.overdue else None,
            after=key_of(query.after, parts=2),
            limit=query.limit + 1,
        )
        audit.record(
            connection, at=clinic().clock(), actor=bearer().id, action="api.read", object_type="loops",
            object_id=query.patient_id,
        )  # fmt: skip
    return page(rows, query.limit, key=lambda row: (row.created_at, row.id), item=_loop)


def get_loop(loop_id: str) -> dict[str, Any]:
    """One loop, with its history."""
    with clinic().database.begin() as connection:
        row = queries.loop(connection, loop_id) or abort(404, NONE)
        moves = queries.loop_moves(connection, loop_id)
        audit.record(
            connection, at=clinic().clock(), actor=bearer().id, action="loop.view", object_type="loop",
            object_id=loop_id,
        )  # fmt: skip
    return {**_loop(row), "details": details_of(clinic(), row.id, row.details), "history": moves}


def report_on_loop(loop_id: str, body: Report) -> dict[str, Any]:
    """Report something about a loop. It moves at once, and texts that no longer fit are taken back."""
    who, now = bearer().id, clinic().clock()
    try:
        refused = outside.report_once(clinic(), loop_id, body.event, actor=who, now=now, key=request_key())
    except OtherRequest:
        raise _used() from None
    if refused is Unfit.UNKNOWN:
        raise not_valid("event", "its journey knows no such event; `reports` of the loop tells what fits")
    return _after(loop_id, refused)


def assign_loop(loop_id: str, body: Assignment) -> dict[str, Any]:
    """Say who sees to a loop."""
    refused = outside.assign(clinic(), loop_id, body.owner_id, actor=bearer().id, now=clinic().clock())
    if refused is Unfit.NOBODY:
        raise not_valid("owner_id", "no account of that id may work on this loop")
    return _after(loop_id, refused)


def close_loop(loop_id: str, body: Closing) -> dict[str, Any]:
    """End a loop where it stands. Nothing is said to the patient, and nothing more goes out on its account."""
    return _after(loop_id, outside.close(clinic(), loop_id, body.outcome, actor=bearer().id, now=clinic().clock()))


def list_slots(query: SlotsQuery) -> dict[str, Any]:
    """Times that have come free, the soonest first."""
    after = key_of(query.after, parts=2)
    with clinic().database.read() as connection:
        key = None if after is None else (after[0], str(after[1]))
        rows = slots.page(connection, status=query.status, after=key, limit=query.limit + 1)
        offers = slots.offered(connection, [row.id for row in rows])
    return page(
        rows, query.limit, key=lambda row: (row.starts_at, row.id), item=lambda row: _slot(row, offers[row.id])
    )


def get_slot(slot_id: str) -> dict[str, Any]:
    """One time, with how its offers stand."""
    with clinic().database.read() as connection:
        row = slots.one(connection, slot_id) or abort(404, NONE)
        return _slot(row, slots.offered(connection, [slot_id])[slot_id])


def offer_slot(body: FreedSlot) -> dict[str, Any]:
    """Offer a time that has come free to those who wait for it, in small waves; the first yes has it."""
    ours = clinic()
    starts_at = aware(body.starts_at)
    if starts_at is None or starts_at <= ours.clock():
        raise not_valid("starts_at", "this time has passed; offer one that is ahead")
    freed = Freed(
        starts_at=starts_at,
        timezone=body.timezone or ours.settings.clinic_timezone,
        service=body.service,
        location=body.location,
        duration_minutes=body.duration_minutes,
    )
    try:
        slot_id = outside.offer_once(ours, freed, actor=bearer().id, now=ours.clock(), key=request_key())
    except OtherRequest:
        raise _used() from None
    return get_slot(slot_id)


def withdraw_slot(slot_id: str, body: Nothing) -> dict[str, Any]:  # noqa: ARG001 - read to refuse unknown fields
    """Offer a time to nobody any more. Whoever has been asked and has not answered is told that it is gone."""
    refused = outside.withdraw(clinic(), slot_id, actor=bearer().id, now=clinic().clock())
    if refused is not None:
        _refuse(refused)
    return get_slot(slot_id)


def _after(loop_id: str, refused: Unfit | None) -> dict[str, Any]:
    if refused is not None:
        _refuse(refused)
    with clinic().database.read() as connection:
        return _loop(queries.loop(connection, loop_id) or abort(404, NONE))


def _refuse(refused: Unfit) -> NoReturn:
    if refused is Unfit.GONE:
        abort(404, NONE)
    abort(409, WORDS[refused])


def _used() -> ApiProblem:
    return not_valid(IDEMPOTENCY_KEY, "something else was asked for under this key; take a new one")


def _loop(row: AnyRow) -> dict[str, Any]:
    return {
        **fields_of(row),
        "loop_id": row.id,
        "wakes_at": row.wake_at,
        "reports": outside.fits(row.journey, row.step),
    }


def _slot(row: AnyRow, offers: dict[str, int]) -> dict[str, Any]:
    return {**fields_of(row), "slot_id": row.id, "offers": offers}
