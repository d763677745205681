"""Word to whoever is on call: claim, commit, call, record. It names no patient, and is no patient's message."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, assert_never

import structlog

from bot.core.delivery import ErrorAction, action_for
from bot.core.escalation import EscalationStatus, NoticeChannel, NoticeState, Reason
from bot.core.ladder import TRIES, Again, Never, Telling, Told, fuse_notice, notice, pause
from bot.core.provider import Accepted, OutgoingText, ProviderAnswer, Refused, Unknown
from bot.services.clinic import Clinic
from bot.services.ports import Mailer, Provider
from bot.store.columns import AnyRow
from bot.store.database import once_more
from bot.store.queries import notices as queries
from bot.store.vault import Undecryptable

log = structlog.get_logger()

LEASE: Final = timedelta(seconds=60)
"""Longer than a call takes; after it another worker tries again."""
SUBJECT: Final = "An emergency waits"
FUSE_SUBJECT: Final = "A fuse has blown"
_FOR_GOOD: Final = frozenset(
    {ErrorAction.INVALID_NUMBER, ErrorAction.LANDLINE, ErrorAction.OPT_OUT, ErrorAction.OTHER_CHANNEL}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ready:
    """A claimed notice: where it goes, and what it says. No address: there is none any more."""

    id: str
    channel: NoticeChannel
    address: str | None
    words: str
    subject: str
    attempts: int


def any_due(clinic: Clinic) -> bool:
    """Whether somebody is to be told now. Raises DatabaseDown."""
    with clinic.database.read() as connection:
        return queries.any_due(connection, clinic.clock())


async def tell(clinic: Clinic, provider: Provider, mailer: Mailer | None) -> int:
    """Tell everybody who is to be told now; how many were. Raises DatabaseDown."""
    ready = await asyncio.to_thread(_claim, clinic)
    tellings = await asyncio.gather(*(_tell(one, provider, mailer) for one in ready))
    await asyncio.to_thread(_record, clinic, list(zip(ready, tellings, strict=True)))
    return sum(isinstance(telling, Told) for telling in tellings)


@once_more
def _claim(clinic: Clinic) -> Sequence[Ready]:
    now = clinic.clock()
    with clinic.database.begin() as connection:
        rows = queries.claim(connection, now, lease=LEASE)
        taken = [row for row in rows if row.status is not EscalationStatus.OPEN]
        for row in taken:
            queries.record(connection, row.id, attempts=row.attempts + 1, now=now, state=NoticeState.VOID)
        live = [row for row in rows if row.status is EscalationStatus.OPEN]
        phones = queries.phones(connection, {row.user_id for row in live if row.channel is NoticeChannel.TEXT})
    return [_ready(clinic, row, phones, now) for row in live]


def _ready(clinic: Clinic, row: AnyRow, phones: Sequence[AnyRow], now: datetime) -> Ready:
    settings = clinic.settings
    about = {"clinic_name": settings.clinic_name, "public_url": settings.public_url}
    blown = row.reason is Reason.FUSE
    words = fuse_notice(**about) if blown else notice(**about, waited=now - row.waits_since)
    address = row.email if row.channel is NoticeChannel.EMAIL else _phone(clinic, row, phones)
    return Ready(
        id=row.id, channel=row.channel, address=address if row.active else None, words=words,
        subject=FUSE_SUBJECT if blown else SUBJECT, attempts=row.attempts + 1,
    )  # fmt: skip


def _phone(clinic: Clinic, row: AnyRow, phones: Sequence[AnyRow]) -> str | None:
    theirs = sorted((one for one in phones if one.user_id == row.user_id), key=lambda one: one.rung != row.rung)
    if not theirs:
        return None
    try:
        return clinic.vault.open("on_call.phone", theirs[0].id, theirs[0].phone)
    except Undecryptable:
        log.error("a phone on call cannot be read: its key is not among DATA_KEYS")
        return None


async def _tell(ready: Ready, provider: Provider, mailer: Mailer | None) -> Telling:
    if ready.address is None:
        return Never("no address")
    if ready.channel is NoticeChannel.EMAIL:
        if mailer is None:
            return Never("SMTP_URL is not set")
        return await asyncio.to_thread(mailer.send, to=ready.address, subject=ready.subject, body=ready.words)
    # No callback: it would be asked for among the patients' messages.
    text = OutgoingText(message_id=ready.id, to=ready.address, body=ready.words, status_callback=None)
    return _telling(await provider.send(text))


def _telling(answer: ProviderAnswer) -> Telling:
    match answer:
        case Accepted():
            return Told()
        case Refused(code=code):
            why = f"error {code}" if code else f"HTTP {answer.http_status}"
            return Never(why) if not answer.never_processed and action_for(code) in _FOR_GOOD else Again(why)
        case Unknown(reason):
            return Again(reason)
        case _:
            assert_never(answer)


@once_more
def _record(clinic: Clinic, tellings: Sequence[tuple[Ready, Telling]]) -> None:
    now = clinic.clock()
    with clinic.database.begin() as connection:
        for ready, telling in tellings:
            queries.record(connection, ready.id, attempts=ready.attempts, now=now, **_outcome(ready, telling, now))


def _outcome(ready: Ready, telling: Telling, now: datetime) -> dict[str, object]:
    match telling:
        case Told():
            return {"state": NoticeState.SENT, "error": None}
        case Again(why) if ready.attempts < TRIES:
            log.warning("a notice did not go", channel=ready.channel, reason=why)
            return {"state": NoticeState.DUE, "due_at": now + pause(ready.attempts), "error": why[:120]}
        case Again(why) | Never(why):
            log.error("nobody can be told this way", channel=ready.channel, reason=why)
            return {"state": NoticeState.FAILED, "error": why[:120]}
        case _:
            assert_never(telling)
