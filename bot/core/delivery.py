"""How delivery states merge, and what each of the provider's error codes asks us to do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Final

from bot.core.messages import MessageStatus

# A total order, so that merging is a maximum: callbacks may come twice, late and in any order, and the end is the same.
_OUTBOUND_RANK: Final = {
    status: rank
    for rank, status in enumerate(
        (
            MessageStatus.PLANNED,
            MessageStatus.DROPPED,
            MessageStatus.CLAIMED,
            MessageStatus.UNKNOWN,
            MessageStatus.SCHEDULED,
            MessageStatus.ACCEPTED,
            MessageStatus.QUEUED,
            MessageStatus.SENDING,
            MessageStatus.SENT,
            MessageStatus.CANCELED,
            MessageStatus.FAILED,
            MessageStatus.UNDELIVERED,
            MessageStatus.PARTIALLY_DELIVERED,
            MessageStatus.DELIVERED,
            MessageStatus.READ,
        )
    )
}
_INBOUND_RANK: Final = {MessageStatus.RECEIVING: 0, MessageStatus.RECEIVED: 1}

FAILURES: Final = frozenset({MessageStatus.CANCELED, MessageStatus.FAILED, MessageStatus.UNDELIVERED})
REACHED: Final = frozenset({MessageStatus.PARTIALLY_DELIVERED, MessageStatus.DELIVERED, MessageStatus.READ})
FINAL: Final = FAILURES | REACHED | {MessageStatus.DROPPED, MessageStatus.RECEIVED}
"""Nothing more is owed for these. `sent` is not among them, though it may stay the last word for ever."""
WITH_PROVIDER: Final = frozenset(
    {status for status, rank in _OUTBOUND_RANK.items() if rank >= _OUTBOUND_RANK[MessageStatus.SCHEDULED]}
)
"""The provider has, or had, the message: never send it again."""


def rank(status: MessageStatus) -> int:
    """Where the status stands on its message's way; merging keeps the higher. For bulk updates in SQL."""
    return _OUTBOUND_RANK[status] if status in _OUTBOUND_RANK else _INBOUND_RANK[status]


def merge(current: MessageStatus, incoming: MessageStatus) -> MessageStatus:
    """The state after a report: never backwards, `delivered` over `undelivered`, the wrong direction ignored."""
    if (current in _INBOUND_RANK) is not (incoming in _INBOUND_RANK):
        return current
    return incoming if rank(incoming) > rank(current) else current


def read_status(word: str) -> MessageStatus | None:
    """Twilio's word for a state, or None for one that we do not know or that is only ours to say."""
    try:
        status = MessageStatus(word)
    except ValueError:
        return None
    return status if status in WITH_PROVIDER or status in _INBOUND_RANK else None


class ErrorAction(StrEnum):
    """What is to be done about a provider's error."""

    OPT_OUT = "opt-out"
    """Record the opt-out (basis provider), void what is queued to the number; a person may still call."""
    INVALID_NUMBER = "invalid-number"
    """Mark the number as unusable, ask a person to find a new one."""
    LANDLINE = "landline"
    """Mark the number as one that cannot take texts; call or write instead."""
    RETRY_SOON = "retry-soon"
    """Never processed: send again after a back-off."""
    RETRY_LATER = "retry-later"
    """Send once more after `wait`, if it is still of use by then."""
    PAUSE_BULK = "pause-bulk"
    """A carrier's rate or daily cap: hold back bulk, keep what is left for safety, replies and same-day notes."""
    RECONCILE = "reconcile"
    """It may have been sent: look it up before anything else."""
    TEXT_ONLY = "text-only"
    """Send the words without the picture."""
    OTHER_CHANNEL = "other-channel"
    """Not reachable this way; SMS instead, if agreed to."""
    FIX_TEMPLATE = "fix-template"
    """The text itself is at fault: stop its campaign and tell the operator."""
    NO_RETRY = "no-retry"
    """Over; nothing is wrong with the number."""
    STOP_SENDING = "stop-sending"
    """Nothing can be sent at all: stop and page the operator."""
    CONFIG_ALERT = "config-alert"
    """The clinic's set-up at the provider is at fault: tell the operator."""
    REVIEW = "review"
    """A person should look."""


@dataclass(frozen=True, slots=True)
class ErrorRule:
    """What an error code means: what to do, why in plain words, and for a retry how long to wait."""

    action: ErrorAction
    reason: str
    wait: timedelta | None = None


_A = ErrorAction
_HOUR: Final = timedelta(hours=1)
_MINUTE: Final = timedelta(minutes=1)

# Twilio re-splits its codes now and then, hence data, and a class by range for every code that is not here.
ERROR_RULES: Final = {
    11200: ErrorRule(_A.CONFIG_ALERT, "Our webhook could not be reached: patients' replies may be lost"),
    11205: ErrorRule(_A.CONFIG_ALERT, "Our webhook did not answer in time: patients' replies may be lost"),
    12100: ErrorRule(_A.CONFIG_ALERT, "Our webhook's answer could not be read: patients get no answer"),
    12300: ErrorRule(_A.CONFIG_ALERT, "Our webhook answered with the wrong content type: patients get no answer"),
    14101: ErrorRule(_A.INVALID_NUMBER, "The number cannot take texts"),
    14107: ErrorRule(_A.NO_RETRY, "Too many replies between two numbers within seconds: a loop was cut"),
    20003: ErrorRule(_A.STOP_SENDING, "The provider refuses our account SID or auth token"),
    20404: ErrorRule(_A.CONFIG_ALERT, "The provider does not know what we asked for"),
    20429: ErrorRule(_A.RETRY_SOON, "Too many requests at once; this one was not processed", timedelta(seconds=2)),
    20500: ErrorRule(_A.RECONCILE, "The provider failed; it may have sent the message"),
    20503: ErrorRule(_A.RECONCILE, "The provider failed; it may have sent the message"),
    21211: ErrorRule(_A.INVALID_NUMBER, "Not a valid phone number"),
    21408: ErrorRule(_A.CONFIG_ALERT, "Texts to this country are switched off; the number may be mistyped"),
    21601: ErrorRule(_A.CONFIG_ALERT, "The sender's number cannot send texts"),
    21602: ErrorRule(_A.FIX_TEMPLATE, "The message had no text"),
    21604: ErrorRule(_A.INVALID_NUMBER, "The message had no number to go to"),
    21606: ErrorRule(_A.CONFIG_ALERT, "The sender's number cannot send to this number"),
    21610: ErrorRule(_A.OPT_OUT, "The patient has opted out with the provider"),
    21611: ErrorRule(_A.RETRY_LATER, "The sender's queue is full", 10 * _MINUTE),
    21612: ErrorRule(_A.CONFIG_ALERT, "The provider has no route from this sender to this number"),
    21614: ErrorRule(_A.LANDLINE, "Not a mobile number"),
    21617: ErrorRule(_A.FIX_TEMPLATE, "The message is too long"),
    21620: ErrorRule(_A.FIX_TEMPLATE, "The picture's address is not valid"),
    21623: ErrorRule(_A.FIX_TEMPLATE, "Too many pictures, or one too large"),
    21703: ErrorRule(_A.CONFIG_ALERT, "The Messaging Service has no number to send from"),
    21705: ErrorRule(_A.CONFIG_ALERT, "The Messaging Service is not valid"),
    30001: ErrorRule(_A.RETRY_LATER, "It waited too long in the provider's queue", 10 * _MINUTE),
    30002: ErrorRule(_A.STOP_SENDING, "The provider has suspended our account"),
    30003: ErrorRule(_A.RETRY_LATER, "The phone is off or out of reach", 2 * _HOUR),
    30004: ErrorRule(_A.REVIEW, "The patient or their carrier blocks our texts"),
    30005: ErrorRule(_A.INVALID_NUMBER, "The number is unknown or no longer in use"),
    30006: ErrorRule(_A.LANDLINE, "A landline, or a carrier that takes no texts"),
    30007: ErrorRule(_A.REVIEW, "The carrier filtered the text; the same words will be filtered again"),
    30008: ErrorRule(_A.RETRY_LATER, "The carrier gave no reason", 15 * _MINUTE),
    30010: ErrorRule(_A.TEXT_ONLY, "The message costs more than the limit that was set"),
    30011: ErrorRule(_A.TEXT_ONLY, "The carrier takes no pictures"),
    30017: ErrorRule(_A.RETRY_LATER, "The carrier's network is congested", 15 * _MINUTE),
    30019: ErrorRule(_A.TEXT_ONLY, "The picture is too large for the carrier"),
    30022: ErrorRule(_A.PAUSE_BULK, "Faster than our registration allows"),
    30023: ErrorRule(_A.PAUSE_BULK, "The carrier's daily limit is reached"),
    30025: ErrorRule(_A.PAUSE_BULK, "Half of the carrier's daily limit is used"),
    30026: ErrorRule(_A.PAUSE_BULK, "Most of the carrier's daily limit is used"),
    30027: ErrorRule(_A.PAUSE_BULK, "The carrier's daily limit is used up"),
    30032: ErrorRule(_A.CONFIG_ALERT, "Our toll-free number is not verified"),
    30033: ErrorRule(_A.CONFIG_ALERT, "Our campaign registration is suspended"),
    30034: ErrorRule(_A.CONFIG_ALERT, "Our number is not registered for texting"),
    30035: ErrorRule(_A.CONFIG_ALERT, "Our number's registration is pending"),
    30036: ErrorRule(_A.NO_RETRY, "It could not be delivered while it was still of use"),
    30410: ErrorRule(_A.RECONCILE, "The carrier did not answer in time; the text may have arrived"),
    30450: ErrorRule(_A.RETRY_LATER, "Blocked for a while by fraud protection", 30 * _MINUTE),
    30610: ErrorRule(_A.NO_RETRY, "The provider holds it back for quiet hours"),
    30640: ErrorRule(_A.OPT_OUT, "The provider lists the number as one not to be texted"),
    63003: ErrorRule(_A.OTHER_CHANNEL, "The number is not on WhatsApp"),
    63016: ErrorRule(_A.OTHER_CHANNEL, "WhatsApp allows only approved templates a day after the patient's last text"),
    63018: ErrorRule(_A.RETRY_SOON, "Faster than the channel allows", timedelta(seconds=30)),
    63024: ErrorRule(_A.OTHER_CHANNEL, "The patient cannot receive WhatsApp messages"),
    63036: ErrorRule(_A.OTHER_CHANNEL, "The phone cannot be reached by RCS"),
    63041: ErrorRule(_A.FIX_TEMPLATE, "The WhatsApp template is paused"),
    63042: ErrorRule(_A.FIX_TEMPLATE, "The WhatsApp template is disabled"),
    63051: ErrorRule(_A.CONFIG_ALERT, "Our WhatsApp account is locked"),
}

_NO_CODE: Final = ErrorRule(_A.REVIEW, "It failed and the provider gave no reason")
_UNKNOWN: Final = ErrorRule(_A.REVIEW, "It failed for a reason that is new to us")
_RANGES: Final = (
    (range(10000, 11000), ErrorRule(_A.CONFIG_ALERT, "Something is wrong with our account at the provider")),
    (range(11000, 13000), ErrorRule(_A.CONFIG_ALERT, "The provider could not use our webhook's answer")),
    (range(20500, 20600), ErrorRule(_A.RECONCILE, "The provider failed; it may have sent the message")),
    (range(20000, 21000), ErrorRule(_A.CONFIG_ALERT, "The provider refused the request")),
    (range(21000, 22000), ErrorRule(_A.REVIEW, "The provider refused the message")),
    (range(30000, 31000), ErrorRule(_A.REVIEW, "The carrier did not deliver the text")),
    (range(60000, 64000), ErrorRule(_A.REVIEW, "The channel did not deliver the message")),
)


def rule_for(error_code: int | None) -> ErrorRule:
    """What a code means and asks for; a code that is not in the table is judged by its range, never an error."""
    if error_code is None:
        return _NO_CODE
    if error_code in ERROR_RULES:
        return ERROR_RULES[error_code]
    return next((rule for codes, rule in _RANGES if error_code in codes), _UNKNOWN)


def action_for(error_code: int | None) -> ErrorAction:
    """What a provider's error code asks us to do."""
    return rule_for(error_code).action
