"""What other programs do to loops and to times that came free: each once, however often it is asked for."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlalchemy import Connection, select, update
from sqlalchemy.exc import IntegrityError

from bot.core.journey import END
from bot.journeys import discover
from bot.services import audit, request_keys
from bot.services.clinic import Clinic
from bot.services.closing import close_with
from bot.services.loops.moving import end, report
from bot.services.outreach_keys import RequestKey
from bot.services.waitlist import Freed, add
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import loops, scope, slots
from bot.store.tables import Enrollment, Role, Slot, SlotStatus, User

CLOSED: Final = "closed"


class Unfit(StrEnum):
    """Why nothing was done."""

    GONE = "gone"
    """There is no such loop, or no such time."""
    ENDED = "ended"
    UNKNOWN = "unknown"
    """The journey knows no such event."""
    NO_MOVE = "no-move"
    """It changes nothing where the loop stands."""
    NOBODY = "nobody"
    """No such account, or one that may not see to it."""
    TAKEN = "taken"
    """Somebody has said yes to the time."""


@once_more
def report_once(
    clinic: Clinic, loop_id: str, event: str, *, actor: str, now: datetime, key: str | None = None
) -> Unfit | None:
    """Report something about a loop; under a key it is done once. Raises OtherRequest, DatabaseDown."""
    try:
        refused = _report_once(clinic, loop_id, event, actor=actor, now=now, key=key)
    except IntegrityError:
        # The key was used for another loop at this very moment, and ours is rolled back.
        if key is None:
            raise
        raise request_keys.OtherRequest from None
    if refused is None:
        clinic.queue.deliver()
    return refused


def _report_once(
    clinic: Clinic, loop_id: str, event: str, *, actor: str, now: datetime, key: str | None
) -> Unfit | None:
    body = f"report {loop_id} {event}"
    with clinic.database.begin() as connection:
        row = _loop(connection, loop_id)
        if row is None:
            return Unfit.GONE
        # The lock on the loop makes the second of two alike wait for the first, and find its key.
        if key is not None and request_keys.done_before(connection, clinic.vault, RequestKey(actor, key), body):
            return None
        if event not in events_of(row.journey):
            return Unfit.UNKNOWN
        if not report(connection, clinic, row, event, data={}, actor=actor, now=now):
            return Unfit.NO_MOVE
        if key is not None:
            _keep(connection, clinic, RequestKey(actor, key), body, loop_id, now)
        detail = {"event": event, "from": row.step, "moved": True}
        _record(connection, "loop.reported", loop_id, actor, now, detail)
    return None


def events_of(journey: str) -> frozenset[str]:
    """Everything that may be reported about its loops, anywhere."""
    found = discover().get(journey)
    if found is None:
        return frozenset()
    return frozenset(found.events).union(*(step.events for step in found.steps.values()))


def fits(journey: str, step: str) -> list[str]:
    """What may be reported where a loop stands."""
    found = discover().get(journey)
    place = found.step(step) if found is not None and step != END else None
    if found is None or place is None:
        return []
    return sorted({*place.events, *(found.events if place.closes is None else ())})


@once_more
def assign(clinic: Clinic, loop_id: str, owner_id: str | None, *, actor: str, now: datetime) -> Unfit | None:
    """Somebody sees to it from now on; None: nobody by name. Raises DatabaseDown."""
    with clinic.database.begin() as connection:
        row = _loop(connection, loop_id)
        if row is None:
            return Unfit.GONE
        if owner_id is not None and not _may_own(connection, loop_id, owner_id):
            return Unfit.NOBODY
        if row.owner_id != owner_id:
            values = {"owner_id": owner_id, "updated_at": now}
            connection.execute(update(Enrollment).where(Enrollment.id == loop_id).values(**values))
            _record(connection, "loop.owner", loop_id, actor, now, {"owner": owner_id})
    return None


def _may_own(connection: Connection, loop_id: str, owner_id: str) -> bool:
    user = connection.execute(select(User.active, User.role, User.locations).where(User.id == owner_id)).first()
    if user is None or not user.active or user.role is Role.READ_ONLY:
        return False
    return scope.may_see_loop(connection, loop_id, user.locations)


@once_more
def close(clinic: Clinic, loop_id: str, outcome: str, *, actor: str, now: datetime) -> Unfit | None:
    """End a loop where it stands, silently; one that has ended so already is left as it is. Raises DatabaseDown."""
    with clinic.database.begin() as connection:
        row = _loop(connection, loop_id)
        if row is None:
            return Unfit.GONE
        if row.ended_at is not None:
            return None if row.outcome == outcome else Unfit.ENDED
        end(connection, row, outcome=outcome, reason=CLOSED, actor=actor, now=now)
        if slot_id := row.data.get("slot"):
            slots.give_back(connection, slot_id, loop_id, now)
        after, journey = loops.one(connection, loop_id), discover().get(row.journey)
        if after is not None and journey is not None:
            close_with(connection, clinic, journey, loops.loop_of(after), actor=actor, now=now)
        _record(connection, "loop.closed", loop_id, actor, now, {"outcome": outcome, "from": row.step})
    return None


@once_more
def offer_once(clinic: Clinic, freed: Freed, *, actor: str, now: datetime, key: str | None = None) -> str:
    """Put a time that has come free on offer; its id. Raises OtherRequest, DatabaseDown."""
    body = f"slot {freed.starts_at.isoformat()} {freed.timezone} {freed.service} {freed.location}"
    body = f"{body} {freed.duration_minutes}"
    try:
        with clinic.database.begin() as connection:
            request_key = RequestKey(actor, key) if key is not None else None
            if request_key is not None:
                before = request_keys.done_before(connection, clinic.vault, request_key, body)
                if before is not None:
                    return before
            slot_id = add(connection, freed, actor=actor, now=now)
            assert slot_id is not None, "only a time with a source may be there already"
            if request_key is not None:
                _keep(connection, clinic, request_key, body, slot_id, now)
            detail = {"service": freed.service, "location": freed.location}
            audit.record(
                connection, at=now, actor=actor, action="slot.offered", object_type="slot", object_id=slot_id,
                detail=detail,
            )  # fmt: skip
            return slot_id
    except IntegrityError:
        # The same request came in at this very moment, and ours is rolled back.
        with clinic.database.read() as connection:
            before = request_keys.done_before(connection, clinic.vault, RequestKey(actor, key or ""), body)
        if before is None:
            raise
        return before


@once_more
def withdraw(clinic: Clinic, slot_id: str, *, actor: str, now: datetime) -> Unfit | None:
    """Offer a time to nobody any more; whoever has been asked is told that it is gone. Raises DatabaseDown."""
    with clinic.database.begin() as connection:
        if slots.one(connection, slot_id) is None:
            return Unfit.GONE
        taken_back = connection.execute(
            update(Slot)
            .where(Slot.id == slot_id, Slot.status == SlotStatus.FREE)
            .values(status=SlotStatus.BUSY_UNAVAILABLE, updated_at=now)
        )
        if taken_back.rowcount == 0:
            row = slots.one(connection, slot_id)
            return None if row is not None and row.status is SlotStatus.BUSY_UNAVAILABLE else Unfit.TAKEN
        audit.record(connection, at=now, actor=actor, action="slot.withdrawn", object_type="slot", object_id=slot_id)
    clinic.queue.deliver()
    return None


def _loop(connection: Connection, loop_id: str) -> AnyRow | None:
    row = loops.one(connection, loop_id, lock=True)
    return None if row is None or row.journey == loops.VISITS else row


def _keep(
    connection: Connection, clinic: Clinic, request_key: RequestKey, body: str, object_id: str, now: datetime
) -> None:
    request_keys.keep(connection, clinic.vault, request_key, body, object_id=object_id, now=now)


def _record(
    connection: Connection, action: str, loop_id: str, actor: str, now: datetime, detail: dict[str, object]
) -> None:
    audit.record(
        connection, at=now, actor=actor, action=action, object_type="loop", object_id=loop_id, detail=detail
    )
