"""What services need from the outside, as Protocols and plain values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from bot.core.intents import Evidence, Understanding
from bot.core.ladder import Telling
from bot.core.provider import Accepted as Accepted
from bot.core.provider import ListedMessage as ListedMessage
from bot.core.provider import OutgoingText as OutgoingText
from bot.core.provider import ProviderAnswer as ProviderAnswer
from bot.core.provider import ProviderUnavailable as ProviderUnavailable
from bot.core.provider import Refused as Refused
from bot.core.provider import Unknown as Unknown
from bot.core.sending import Granted as Granted
from bot.core.sending import QueueDown as QueueDown
from bot.core.sending import Urgency as Urgency
from bot.core.understanding import Asked


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


class Mailer(Protocol):
    """The clinic's mail server, for word to its staff."""

    def send(self, *, to: str, subject: str, body: str) -> Telling:
        """Hand over one e-mail. Never raises for what the server or the wire does."""
        ...

    def check(self) -> str | None:
        """None when it can be used, else one line that says what is wrong."""
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

    def faults(self) -> tuple[str, ...]:
        """What is wrong with it, in words for those who look after the texts."""
        ...


class Texts(Protocol):
    """What patients read: templates and catalogues."""

    def render(self, key: str, *, language: str | None, values: Mapping[str, object]) -> Text:
        """The text `<journey>/<step>` in that language, or in English where it is lacking. Raises LookupError."""
        ...

    def supports(self, tag: str) -> str | None:
        """The catalogue that serves this BCP 47 tag, or None."""
        ...

    @property
    def source_language(self) -> str:
        """The one that texts are written in."""
        ...

    def keys(self) -> tuple[str, ...]:
        """Every text there is, as `<journey>/<step>`."""
        ...

    def sent_in(self, key: str, tag: str) -> str:
        """That language where the text is translated in full, else the source's."""
        ...

    def is_reviewed(self, tag: str) -> bool:
        """Whether the language's own file says that a qualified person has reviewed all of it."""
        ...

    def digests(self, key: str, tag: str) -> tuple[str, str]:
        """What tells one state of the source, and of the text in that language, from any other. Raises LookupError."""
        ...

    def offers(self, text: str) -> tuple[str, ...]:
        """Words that the text offers as an answer and on which carriers act by themselves."""
        ...

    def tells(self, text: str) -> bool:
        """Whether it says what the care is for, so that no text may have it in it."""
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


class Queue(Protocol):
    """Hints to the workers that there is something to do. Called after commit, never before; carries ids only."""

    def deliver(self) -> None:
        """Messages are due. Never raises for a dead Redis: the sweep finds them."""
        ...

    def reconcile(self) -> None:
        """Messages whose outcome nobody knows are to be looked up. Never raises for a dead Redis."""
        ...

    def work(self) -> None:
        """A chore waits. Never raises for a dead Redis: the sweep finds it."""
        ...

    def ping(self) -> None:
        """Raise QueueDown unless Redis answers."""
        ...


class Rate(Protocol):
    """SEND_RATE: segments a second, shared by all workers."""

    async def take(self, costs: Sequence[int], urgency: Urgency) -> Granted:
        """Draw for as many of these messages, in order, as the rate allows now; each costs its segments."""
        ...

    async def brake(self, seconds: float, *, bulk_only: bool) -> None:
        """The provider wants less: nobody sends for so long, or only what patients wait for."""
        ...

    async def aclose(self) -> None:
        """Close connections."""
        ...
