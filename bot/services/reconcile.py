"""Looking up what nobody knows: the provider's list says whether it has a message, before it is sent again."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from bot.core.delivery import read_status
from bot.core.messages import DeliverySource, MessageStatus
from bot.services.clinic import Clinic
from bot.services.deliver_claim import address
from bot.services.deliver_failure import MOST_TRIES, give_up
from bot.services.ports import ListedMessage, Provider, ProviderUnavailable
from bot.services.settle import failing_of, report
from bot.store.columns import AnyRow
from bot.store.database import DatabaseDown, once_more
from bot.store.queries import outbox as queries
from bot.store.vault import Undecryptable

log = structlog.get_logger()

UNANSWERED: Final = timedelta(minutes=2)
"""Without a status callback for so long, a reply inside the webhook's answer is looked up."""
STILL_SECONDS: Final = 12.0
"""Of real time, longer than any call takes: a claimed message that has not changed in so long is nobody's. Leases alone
would not do, for the clock that they are read from may be moved while a call is under way."""
AT_ONCE: Final = 8
LISTED: Final = 100


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What one run found: at the provider, not there and planned anew, given up, or not to be told now."""

    found: int = 0
    absent: int = 0
    given_up: int = 0
    unavailable: int = 0


async def reconcile(
    clinic: Clinic,
    provider: Provider,
    *,
    limit: int = 500,
    still_seconds: float = STILL_SECONDS,
    unanswered: timedelta = UNANSWERED,
    stop: Callable[[], bool] = lambda: False,
) -> Reconciled:
    """Look up every message whose outcome is open and whose lease has passed. Raises DatabaseDown."""
    first = await asyncio.to_thread(_stale, clinic, limit, unanswered)
    if any(row.status is MessageStatus.CLAIMED for row in first.values()):
        await _wait(still_seconds, stop)
    again = await asyncio.to_thread(_stale, clinic, limit, unanswered)
    stale = {row.id: row.updated_at for row in again.values() if _unchanged(row, first)}
    by_number: dict[str, dict[str, datetime]] = defaultdict(dict)
    for row in again.values():
        if row.id in stale:
            by_number[row.contact_point_id][row.id] = row.updated_at
    counts: Counter[str] = Counter()
    phones = await asyncio.to_thread(_phones, clinic, list(by_number))
    gate = asyncio.Semaphore(AT_ONCE)

    async def look_up(number: str, to: str) -> None:
        async with gate:
            if stop():
                return
            try:
                counts.update(await _look_up(clinic, provider, number, to, by_number[number]))
            except DatabaseDown:
                raise
            except Exception as error:
                # One number that cannot be settled must not keep the others from it.
                log.error("looking up failed", error=type(error).__name__, count=len(by_number[number]))
                counts["unavailable"] += len(by_number[number])

    await asyncio.gather(*(look_up(number, to) for number, to in phones.items()))
    return Reconciled(**counts)


async def _wait(seconds: float, stop: Callable[[], bool]) -> None:
    end = asyncio.get_running_loop().time() + seconds
    while not stop() and (left := end - asyncio.get_running_loop().time()) > 0:
        await asyncio.sleep(min(left, 0.5))


def _stale(clinic: Clinic, limit: int, unanswered: timedelta) -> Mapping[str, AnyRow]:
    now = clinic.clock()
    with clinic.database.read() as connection:
        rows = queries.stale(connection, now, answered_before=now - unanswered, limit=limit)
    return {row.id: row for row in rows}


def _unchanged(row: AnyRow, before: Mapping[str, AnyRow]) -> bool:
    known = before.get(row.id)
    return known is not None and (known.status, known.updated_at) == (row.status, row.updated_at)


def _phones(clinic: Clinic, numbers: Sequence[str]) -> Mapping[str, str]:
    if not numbers:
        return {}
    with clinic.database.read() as connection:
        rows = queries.numbers(connection, numbers)
    phones = {}
    for row in rows:
        try:
            phones[row.id] = address(clinic.vault, row.id, row.phone, row.channel)
        except Undecryptable:
            log.error("a number cannot be read: its key is not among DATA_KEYS")
    return phones


async def _look_up(
    clinic: Clinic, provider: Provider, number: str, to: str, stale: Mapping[str, datetime]
) -> Mapping[str, int]:
    try:
        listed = await provider.list_to(to, limit=LISTED)
    except ProviderUnavailable as error:
        log.warning("looking up failed", reason=str(error), count=len(stale))
        return {"unavailable": len(stale)}
    return await asyncio.to_thread(_attribute, clinic, number, listed, stale)


@once_more
def _attribute(
    clinic: Clinic, number: str, listed: Sequence[ListedMessage], stale: Mapping[str, datetime]
) -> Mapping[str, int]:
    """Give each listed message that is nobody's to the oldest text of ours with the same words; plan the rest anew."""
    now = clinic.clock()
    counts: Counter[str] = Counter()
    with clinic.database.begin() as connection:
        rows = queries.nameless(connection, number)
        taken = queries.taken(connection, [item.sid for item in listed]) if listed else {}
        free = _free(listed, taken)
        for row in rows:
            # Every text without a SID takes its match, whether or not it is its turn to be looked up: two texts with
            # the same words must not be told to be the same one.
            body = _body(clinic, row)
            found = _pop(free, body, since=_earliest(listed, taken, row)) if body is not None else None
            if stale.get(row.id) != row.updated_at:
                continue
            if found is not None:
                word = read_status(found.status) or MessageStatus.QUEUED
                report(
                    connection,
                    clinic,
                    row,
                    sid=found.sid,
                    word=word,
                    code=found.error_code,
                    source=DeliverySource.LIST,
                    now=now,
                )
                counts["found"] += 1
            elif row.attempts >= MOST_TRIES or body is None:
                give_up(connection, failing_of(row), None, clinic=clinic, now=now)
                counts["given_up"] += 1
            else:
                queries.replan(connection, row.id, now)
                counts["absent"] += 1
    if counts["absent"]:
        clinic.queue.deliver()
    return counts


def _body(clinic: Clinic, row: AnyRow) -> str | None:
    try:
        return clinic.vault.open("messages.body", row.id, row.body)
    except Undecryptable:
        log.error("a message cannot be read: its key is not among DATA_KEYS", message_id=row.id)
        return None


def _free(listed: Sequence[ListedMessage], taken: Mapping[str, datetime | None]) -> dict[str, list[ListedMessage]]:
    """Outbound messages that belong to no row of ours, by their words, the oldest last."""
    free: dict[str, list[ListedMessage]] = defaultdict(list)
    for item in listed:
        if item.direction.startswith("outbound") and item.sid not in taken:
            free[item.body.strip()].append(item)
    return free


def _earliest(listed: Sequence[ListedMessage], taken: Mapping[str, datetime | None], row: AnyRow) -> datetime | None:
    """Before what moment of the provider's clock a message cannot be this row's: one of ours that had gone by then.

    Told from the list itself, for the provider's clock and ours need not agree.
    """
    gone = {sid for sid, sent_at in taken.items() if sent_at is not None and sent_at < row.created_at}
    return max((item.created_at for item in listed if item.sid in gone and item.created_at), default=None)


def _pop(free: dict[str, list[ListedMessage]], body: str, *, since: datetime | None) -> ListedMessage | None:
    same = free.get(body.strip(), [])
    for item in reversed(same):
        if since is None or item.created_at is None or item.created_at >= since:
            same.remove(item)
            return item
    return None
