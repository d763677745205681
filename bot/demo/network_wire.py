"""The network's own requests: signed webhooks with Twilio's retries, and status callbacks with their faults."""

from __future__ import annotations

import asyncio
import contextlib
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qs, urldefrag

from aiohttp import ClientError, ClientSession, ClientTimeout, TCPConnector
from yarl import URL

from bot import clock
from bot.core.messages import MessageStatus
from bot.core.signature import sign
from bot.demo.network_faults import Fault, Faults
from bot.demo.network_state import NetworkMessage, NetworkState

API_VERSION = "2010-04-01"
BUDGET_SECONDS = 15.0
"""Twilio's limit for all tries of one webhook together."""
UNDELIVERED_AS_FAILED = frozenset(range(30001, 30003))


@dataclass(frozen=True, slots=True)
class Overrides:
    """Twilio's connection overrides, read from behind a webhook URL's #: how often and after what it tries again."""

    retries: int = 1
    policy: frozenset[str] = frozenset({"ct"})
    connect_seconds: float = 5.0
    read_seconds: float = 15.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What the app said, or what kept it from saying anything."""

    status: int
    content_type: str
    body: bytes
    fault: str | None = None


def read_overrides(fragment: str) -> Overrides:
    """`rc=3&rp=5xx,ct,rt&ct=2000&rt=5000`, times in milliseconds; Twilio's defaults for what is not said."""
    said = {name: values[0] for name, values in parse_qs(fragment).items()}
    default = Overrides()
    return Overrides(
        retries=min(int(said.get("rc", default.retries)), 5),
        policy=frozenset(said["rp"].split(",")) if "rp" in said else default.policy,
        connect_seconds=int(said.get("ct", 5000)) / 1000,
        read_seconds=int(said.get("rt", 15000)) / 1000,
    )


class Wire:
    """Posts signed forms to the app. Open it inside the event loop, close it there."""

    def __init__(self, state: NetworkState, faults: Faults) -> None:
        self._state = state
        self._faults = faults
        self._session = ClientSession(connector=TCPConnector(limit=64), headers={"User-Agent": "TwilioProxy/1.1"})
        self._tasks: set[asyncio.Task[None]] = set()

    async def close(self) -> None:
        """Drop what is under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def post(self, url: str, params: Sequence[tuple[str, str]]) -> Answer:
        """Post once, and again as the URL's overrides say; the last answer counts."""
        address, fragment = urldefrag(url)
        overrides = read_overrides(fragment)
        headers = {
            "X-Twilio-Signature": sign(address, params, self._state.settings.auth_token),
            "I-Twilio-Idempotency-Token": str(uuid.uuid4()),
        }
        answer = Answer(0, "", b"", "ct")
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(BUDGET_SECONDS):
                for attempt in range(overrides.retries + 1):
                    answer = await self._try(address, params, headers=headers, overrides=overrides)
                    if answer.fault not in overrides.policy:
                        break
                    await asyncio.sleep(0.1 * 2**attempt)
        return answer

    async def _try(
        self, url: str, params: Sequence[tuple[str, str]], *, headers: dict[str, str], overrides: Overrides
    ) -> Answer:
        limits = ClientTimeout(total=overrides.read_seconds, sock_connect=overrides.connect_seconds)
        try:
            # A redirect is followed as a GET without the form, by Twilio too: an app must not rely on one.
            # As it is, not normalised: the signature covers every character.
            target = URL(url, encoded=True)
            async with self._session.post(target, data=list(params), headers=headers, timeout=limits) as answer:
                body = await answer.read()
                fault = "5xx" if answer.status >= 500 else "4xx" if answer.status >= 400 else None
                return Answer(answer.status, answer.content_type, body, fault)
        except TimeoutError:
            return Answer(0, "", b"", "rt")
        except (ClientError, OSError, ValueError):
            return Answer(0, "", b"", "ct")

    def report_later(self, message: NetworkMessage) -> None:
        """Carry the message to the phone in the background, with a callback for each step."""
        task = asyncio.create_task(self.carry(message))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def carry(self, message: NetworkMessage) -> None:
        """Carry the message to the phone: queued, sent, delivered or not, each with its callback."""
        steps = self._steps(message)
        if self._faults.strikes(Fault.CALLBACK_SHUFFLE):
            for status in steps:
                await self._step(message, status)
            for status in reversed(steps):
                await self._call_back(message, status)
            return
        for status in steps:
            await self._step(message, status)
            await self._call_back(message, status)

    def _steps(self, message: NetworkMessage) -> list[MessageStatus]:
        code = self._faults.plan.numbers.get(message.phone)
        first = [MessageStatus.QUEUED] if message.status is MessageStatus.ACCEPTED else []
        if code is None:
            return [*first, MessageStatus.SENT, MessageStatus.DELIVERED]
        if code in UNDELIVERED_AS_FAILED:
            return [*first, MessageStatus.FAILED]
        return [*first, MessageStatus.SENT, MessageStatus.UNDELIVERED]

    async def _step(self, message: NetworkMessage, status: MessageStatus) -> None:
        await asyncio.sleep(self._faults.plan.carrier_ms / 2000)
        if message.status is MessageStatus.CANCELED:
            return
        message.status = status
        if status is MessageStatus.SENT:
            message.sent = clock.now()
        if status in (MessageStatus.UNDELIVERED, MessageStatus.FAILED):
            message.error_code = self._faults.plan.numbers.get(message.phone)
        self._state.changed(message)

    async def _call_back(self, message: NetworkMessage, status: MessageStatus) -> None:
        if not message.status_callback or message.status is MessageStatus.CANCELED:
            return
        times = 2 if self._faults.strikes(Fault.CALLBACK_DUPLICATE) else 1
        if self._faults.strikes(Fault.CALLBACK_LOSE):
            return
        for _ in range(times):
            answer = await self.post(message.status_callback, list(self._callback_form(message, status)))
            if answer.fault:
                self._state.alerts.append(f"11200 status callback of {message.sid}: {answer.status or answer.fault}")

    def _callback_form(self, message: NetworkMessage, status: MessageStatus) -> Iterable[tuple[str, str]]:
        yield "SmsSid", message.sid
        yield "SmsStatus", status.value
        yield "MessageStatus", status.value
        yield "To", message.to
        yield "MessageSid", message.sid
        yield "AccountSid", self._state.settings.account_sid
        yield "From", message.sender
        yield "ApiVersion", API_VERSION
        if message.service:
            yield "MessagingServiceSid", message.service
        if message.error_code and status in (MessageStatus.UNDELIVERED, MessageStatus.FAILED):
            yield "ErrorCode", str(message.error_code)
        if status in (MessageStatus.DELIVERED, MessageStatus.UNDELIVERED):
            yield "RawDlrDate", clock.now().strftime("%y%m%d%H%M")
