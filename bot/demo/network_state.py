"""What the emulated phone network remembers: messages, phones, opt-outs. In memory only; one event loop owns it."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from bot.core.messages import MessageStatus

OPT_OUT_WORDS = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
OPT_IN_WORDS = frozenset({"start", "unstop"})
"""YES is on Twilio's list too, and a clinic takes it off: it answers a reminder."""


class Keywords(StrEnum):
    """What the network does with a lone STOP or START."""

    OFF = "off"
    RECORD = "record"
    """Later sends fail with 21610; the app confirms."""
    HANDLE = "handle"
    """Twilio's own opt-out handling: it replies itself and says so in `OptOutType`."""


class Way(StrEnum):
    """Twilio's `direction`."""

    INBOUND = "inbound"
    API = "outbound-api"
    REPLY = "outbound-reply"


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """The account that the network serves, and the app at its other end."""

    account_sid: str = "AC" + "0" * 32
    auth_token: str = "demo"  # noqa: S105 - of the emulated account
    phone_number: str = "+16015550100"
    messaging_service_sid: str | None = None
    app_url: str | None = None
    """PUBLIC_URL of the app; without it, texts from phones go nowhere."""
    connection: str = "rc=3&rp=5xx,ct,rt"
    """Twilio's connection overrides for the inbound webhook, as set behind its URL's #."""
    fallback_url: str | None = None
    keywords: Keywords = Keywords.RECORD
    timezone: str = "America/Chicago"


@dataclass(slots=True)
class NetworkMessage:
    """A message resource."""

    sid: str
    way: Way
    sender: str
    to: str
    body: str
    status: MessageStatus
    created: datetime
    media: tuple[str, ...] = ()
    segments: int = 1
    service: str | None = None
    status_callback: str | None = None
    sent: datetime | None = None
    error_code: int | None = None
    note: str | None = None

    @property
    def phone(self) -> str:
        """The patient's end."""
        return number_of(self.sender if self.way is Way.INBOUND else self.to)


@dataclass(slots=True)
class Phone:
    """One patient's phone: the thread with the clinic, oldest first."""

    number: str
    thread: list[NetworkMessage] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    opted_out: bool = False
    seen: int = 0
    """How many of the clinic's texts somebody has looked at on the page."""
    version: int = 0

    @property
    def unread(self) -> int:
        """The clinic's texts that nobody has looked at."""
        return self.received - self.seen

    @property
    def received(self) -> int:
        """The clinic's texts that this phone has shown."""
        return sum(1 for message in self.thread if is_on_screen(message))


class NetworkState:
    """All messages and phones. `version` grows with every change, so that a page can ask cheaply."""

    def __init__(self, settings: NetworkSettings) -> None:
        self.settings = settings
        self.version = 1
        self.messages: dict[str, NetworkMessage] = {}
        self.phones: dict[str, Phone] = {}
        self.alerts: deque[str] = deque(maxlen=500)
        """What Twilio's debugger would show: webhooks that failed."""

    def phone(self, number: str) -> Phone:
        """The phone with that number, new when it has never been heard of."""
        return self.phones.setdefault(number, Phone(number))

    def add(self, message: NetworkMessage) -> None:
        """A new message, into its phone's thread."""
        self.messages[message.sid] = message
        self.phone(message.phone).thread.append(message)
        self.changed(message)

    def changed(self, message: NetworkMessage) -> None:
        """Something about this message is new."""
        self.touch(self.phone(message.phone))

    def touch(self, phone: Phone) -> None:
        """Something about this phone is new."""
        self.version += 1
        phone.version = self.version

    def drop(self, message: NetworkMessage) -> None:
        """DELETE: gone from the account; the phone has it still."""
        del self.messages[message.sid]
        self.version += 1

    def label(self, labels: Mapping[str, Mapping[str, str]]) -> None:
        """Name and language to show beside each number."""
        for number, words in labels.items():
            phone = self.phone(number)
            phone.labels = dict(words)
            self.touch(phone)

    def newest(self, *, to: str | None = None, sender: str | None = None) -> Iterator[NetworkMessage]:
        """Messages of the account, newest first."""
        narrow = next((number_of(end) for end in (to, sender) if end and number_of(end) in self.phones), None)
        found = self.phones[narrow].thread if narrow else list(self.messages.values())
        for message in reversed(found):
            wanted = to in (None, message.to) and sender in (None, message.sender)
            if wanted and message.sid in self.messages:
                yield message

    def take_keyword(self, number: str, body: str) -> str | None:
        """Note a lone STOP or START, as the network does. The `OptOutType`, if it was one and Twilio handles it."""
        word = body.strip().casefold()
        if self.settings.keywords is Keywords.OFF or word not in OPT_OUT_WORDS | OPT_IN_WORDS:
            return None
        phone = self.phone(number)
        phone.opted_out = word in OPT_OUT_WORDS
        self.touch(phone)
        if self.settings.keywords is Keywords.RECORD:
            return None
        return "STOP" if phone.opted_out else "START"


def is_on_screen(message: NetworkMessage) -> bool:
    """Whether the patient's phone shows it: what the clinic sent and the carrier did not lose."""
    return message.way is not Way.INBOUND and message.status in (MessageStatus.SENT, MessageStatus.DELIVERED)


def number_of(address: str) -> str:
    """The number in `whatsapp:+1…`."""
    return address.rpartition(":")[2]


def new_sid(prefix: str = "SM") -> str:
    """Never seeded: an app that outlives the network would take a repeated SID for a repeated message."""
    return prefix + os.urandom(16).hex()
