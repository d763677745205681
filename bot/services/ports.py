"""What services need from the outside, as Protocols and plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

from bot.core.intents import Evidence, Understanding
from bot.core.understanding import Asked


class ProviderUnavailable(Exception):
    """The provider could not be asked: no connection, no answer in time, or an answer that is no answer."""


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One text to hand to the provider; `message_id` is ours and also rides in `status_callback`."""

    message_id: str
    to: str
    body: str
    status_callback: str
    validity_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the text and will try to deliver it."""

    sid: str
    status: str
    segments: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Definitely not sent; `code` says why. 429 was never processed: send again after `retry_after` seconds."""

    code: int | None
    http_status: int
    retry_after: float | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """No answer, or one that does not tell: it may have been sent. Reconcile before any resend."""

    reason: str


ProviderAnswer: TypeAlias = Accepted | Refused | Unknown


@dataclass(frozen=True, slots=True)
class ListedMessage:
    """A message as the provider's list shows it."""

    sid: str
    to: str
    body: str
    status: str
    error_code: int | None
    direction: str


class Provider(Protocol):
    """The messaging provider."""

    async def send(self, text: OutgoingText) -> ProviderAnswer:
        """Hand over one text. Never raises for what the provider or the wire does."""
        ...

    async def list_to(self, to: str, *, limit: int = 50) -> Sequence[ListedMessage]:
        """Messages to this number, newest first. Raises ProviderUnavailable."""
        ...

    async def check(self) -> str | None:
        """None when the credentials work, else one line that says what is wrong."""
        ...

    async def aclose(self) -> None:
        """Close connections. The provider is of no use afterwards."""
        ...


class Text(Protocol):
    """A rendered text: its words, the language they are in, and how many SMS segments they take."""

    @property
    def text(self) -> str:
        """The words."""
        ...

    @property
    def language(self) -> str:
        """BCP 47; not always the one asked for, where a catalogue is missing."""
        ...

    @property
    def segments(self) -> int:
        """SMS segments."""
        ...


class Texts(Protocol):
    """What patients read: templates and catalogues."""

    def render(self, key: str, *, language: str | None, values: Mapping[str, object]) -> Text:
        """The text `<journey>/<step>` in that language, or in English where it is lacking. Raises LookupError."""
        ...

    def supports(self, tag: str) -> str | None:
        """The catalogue that serves this BCP 47 tag, or None."""
        ...

    def languages(self) -> tuple[str, ...]:
        """The catalogues there are."""
        ...


class Understands(Protocol):
    """Reads patients' texts."""

    def __call__(self, text: str, asked: Asked = ...) -> Understanding:
        """What the text means after that question."""
        ...

    def scan(self, text: str) -> tuple[Evidence, ...]:
        """The red-flag scan alone, for when anything else fails."""
        ...


class QueueDown(Exception):
    """Redis cannot be reached. Nothing is lost: the rows are in the database and a sweep picks them up."""


class Queue(Protocol):
    """Hints to the workers that there is something to do. Called after commit, never before; carries ids only."""

    def deliver(self) -> None:
        """Messages are due. Never raises for a dead Redis: the sweep finds them."""
        ...

    def ping(self) -> None:
        """Raise QueueDown unless Redis answers."""
        ...
