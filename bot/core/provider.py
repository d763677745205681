"""What passes between us and the messaging provider, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TypeAlias


class ProviderUnavailable(Exception):
    """The provider could not be asked: no connection, no answer in time, or an answer that is no answer."""


@dataclass(frozen=True, slots=True)
class OutgoingText:
    """One text to hand to the provider; `message_id` is ours and also rides in `status_callback`.

    Without one nothing is reported of it: for word to staff, which is no patient's message.
    """

    message_id: str
    to: str
    body: str
    status_callback: str | None
    validity_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken the text and will try to deliver it."""

    sid: str
    status: str
    segments: int | None


@dataclass(frozen=True, slots=True)
class Refused:
    """Definitely not sent; `code` says why. `http_status` is 0 where the provider could not even be reached."""

    code: int | None
    http_status: int
    retry_after: float | None = None

    @property
    def never_processed(self) -> bool:
        """Nobody looked at it (429, or no connection): safe to send again after `retry_after` seconds."""
        return self.http_status in (0, 429)


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
    created_at: datetime | None = None
    """By the provider's clock, in whole seconds."""
