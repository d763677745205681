"""What goes wrong between us and Twilio, and what it means for the message that was being sent."""

from __future__ import annotations

from twilio.base.exceptions import TwilioRestException, TwilioServiceException

from bot.core.provider import Refused, Unknown

REQUEST_TIMEOUT = 408
TOO_MANY_REQUESTS = 429


class NotConnected(Exception):
    """No connection came about, so nothing was sent."""


class ConnectionLost(Exception):
    """The connection broke after the request had begun: it may have been processed."""


class TooManyRequests(Exception):
    """Twilio's 429: never processed. `retry_after` is what its header asks for, if it does."""

    def __init__(self, retry_after: float | None) -> None:
        super().__init__("429")
        self.retry_after = retry_after


def answer_to(error: Exception) -> Refused | Unknown:
    """Whether the message was certainly not sent, and why, or may have been. Quotes nothing of the request."""
    match error:
        case TooManyRequests():
            return Refused(20429, TOO_MANY_REQUESTS, error.retry_after)
        case NotConnected():
            return Refused(None, 0)
        case TwilioRestException() | TwilioServiceException():
            return _answer_to_status(error.status, error.code)
        case UnicodeEncodeError():
            # Raised while the form is being encoded, before anything is written to the wire.
            return Refused(None, 400)
        case TimeoutError():
            return Unknown("no answer in time")
        case _:
            return Unknown(type(error).__name__)


def _answer_to_status(status: int, code: int | None) -> Refused | Unknown:
    # Only a 4xx is a decision. A 5xx may have been sent (Twilio's error 20500), and so may what a proxy timed out.
    if not 400 <= status < 500 or status == REQUEST_TIMEOUT:
        return Unknown(f"HTTP {status}")
    # The SDK puts the HTTP status in place of a code that the body does not name.
    return Refused(None if code == status else code, status)
