"""The words that scheduling systems use for states, in FHIR's words; what may mean two things is refused."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass

from bot.core.people import AppointmentStatus, ConsentStatus, Participation
from bot.services.importing.cells import BadCell

_YES = frozenset(
    ("yes", "y", "true", "t", "1", "opted-in", "opted in", "opt-in", "optin", "in", "si", "sí", "agreed", "granted")
)
_NO = frozenset(
    ("no", "n", "false", "f", "0", "opted-out", "opted out", "opt-out", "optout", "out", "stop", "declined", "refused",
     "revoked", "withdrawn", "denied", "never", "unsubscribed", "no consent", "no text", "no texts", "do not text",
     "do not contact", "dnc", "blocked")
)  # fmt: skip
# Not "none": to one system it is no entry, to another no consent.
_UNSAID = frozenset({"", "unknown", "unk", "u", "n/a", "na", "null", "-", "?"})


def read_consent(text: str) -> ConsentStatus | None:
    """What a consent cell says; UNKNOWN where it says nothing, None where nobody can tell."""
    folded = " ".join(text.casefold().split())
    if folded in _UNSAID:
        return ConsentStatus.UNKNOWN
    if folded in _NO:
        return ConsentStatus.OPTED_OUT
    return ConsentStatus.OPTED_IN if folded in _YES else None


def read_yes(text: str) -> bool | None:
    """Yes or no as systems write it; None where it says neither."""
    folded = " ".join(text.casefold().split())
    if folded in ("yes", "y", "true", "t", "1", "needed", "required"):
        return True
    return False if folded in ("no", "n", "false", "f", "0", "not needed") else None


@dataclass(frozen=True, slots=True)
class State:
    """A visit's status, and the patient's answer where the word says that too."""

    status: AppointmentStatus
    response: Participation | None = None


_BOOKED = State(AppointmentStatus.BOOKED)
_CONFIRMED = State(AppointmentStatus.BOOKED, Participation.ACCEPTED)
_CANCELLED = State(AppointmentStatus.CANCELLED)

_CONFIRMING = frozenset(("cnf", "conf", "cfm", "confirmed", "confirm"))
_CANCELLING = frozenset(
    ("x", "cx", "can", "canc", "cxl", "cncl", "cnx", "canceled", "cancelled", "cancel", "cancellation")
)

_STATES: dict[str, State] = {
    **{str(status): State(status) for status in AppointmentStatus},
    **dict.fromkeys(_CONFIRMING, _CONFIRMED),
    **dict.fromkeys(_CANCELLING, _CANCELLED),
    **dict.fromkeys(
        ("", "b", "s", "sch", "sched", "scheduled", "new", "active", "open", "unconfirmed", "bkd"), _BOOKED
    ),
    **dict.fromkeys(("ns", "no-show", "no show", "no_show", "missed"), State(AppointmentStatus.NOSHOW)),
    **dict.fromkeys(("arr", "arrive", "here"), State(AppointmentStatus.ARRIVED)),
    **dict.fromkeys(("chk", "checked in", "checkedin", "check-in", "in room"), State(AppointmentStatus.CHECKED_IN)),
    **dict.fromkeys(
        ("complete", "completed", "comp", "done", "seen", "checked out", "checked-out", "kept"),
        State(AppointmentStatus.FULFILLED),
    ),
    **dict.fromkeys(("pend", "tentative"), State(AppointmentStatus.PENDING)),
    **dict.fromkeys(("wl", "wait list", "wait-list", "waiting list"), State(AppointmentStatus.WAITLIST)),
    **dict.fromkeys(("deleted", "error", "entered in error"), State(AppointmentStatus.ENTERED_IN_ERROR)),
}
# "Cancelled by patient", "Canceled - weather", "Late cancel": who or why beside it.
_CANCELLED_SOMEHOW = re.compile(r"cancell?ed\b.*|late cancel(?:l?ed|lation)?")
_RESCHEDULED = frozenset(("rs", "r", "rsch", "resched", "rescheduled", "moved"))


def read_state(column: str, text: str, *, beside: Collection[str] = ()) -> State:
    """The state that a status word means. `beside` are the words of the whole file, folded. Raises BadCell.

    A bare `C` is `confirmed` to one vendor and `cancelled` to another: it is read only where the file has another word
    for one of the two.
    """
    folded = " ".join(text.casefold().split())
    if folded == "c":
        return _bare_c(column, beside)
    if folded in _RESCHEDULED:
        raise BadCell(column, "status", "rescheduled says neither booked nor cancelled: write one of them")
    state = _STATES.get(folded)
    if state is None and _CANCELLED_SOMEHOW.fullmatch(folded):
        return _CANCELLED
    if state is None:
        raise BadCell(column, "status", "no status that we know: write one of FHIR's, such as booked or cancelled")
    return state


def _bare_c(column: str, beside: Collection[str]) -> State:
    cancels, confirms = not _CANCELLING.isdisjoint(beside), not _CONFIRMING.isdisjoint(beside)
    if cancels and not confirms:
        return _CONFIRMED
    if confirms and not cancels:
        return _CANCELLED
    raise BadCell(column, "status", "C may mean confirmed or cancelled: write one of them in full")


# FHIR R4 ServiceRequest.status, and what else referral lists say for it.
_REFERRALS: dict[str, str] = {
    **{word: word for word in ("draft", "active", "on-hold", "revoked", "completed", "entered-in-error", "unknown")},
    **dict.fromkeys(("", "new", "open", "sent", "pending", "requested", "received", "accepted", "ready"), "active"),
    **dict.fromkeys(("in-progress", "in progress", "scheduled", "authorized", "approved", "booked"), "active"),
    **dict.fromkeys(("hold", "on hold", "waiting", "pending authorization"), "on-hold"),
    **dict.fromkeys(("canceled", "cancelled", "rejected", "denied", "withdrawn", "expired", "failed"), "revoked"),
    **dict.fromkeys(("complete", "closed", "done", "seen"), "completed"),
}


def read_referral_status(column: str, text: str) -> str:
    """FHIR's word for a referral's status. Raises BadCell."""
    folded = " ".join(text.casefold().split())
    status = _REFERRALS.get(folded) or ("active" if folded in _STAGES else None)
    if status is None:
        raise BadCell(column, "status", "no status that we know: write one of FHIR's, such as active or completed")
    return status


_RECALLS: dict[str, str] = {
    **dict.fromkeys(("", "due", "open", "overdue", "gap", "non-compliant", "noncompliant", "pending", "active"), "due"),
    **dict.fromkeys(("done", "completed", "complete", "closed", "compliant", "met", "satisfied"), "done"),
    **dict.fromkeys(("declined", "refused", "no"), "declined"),
    **dict.fromkeys(("excluded", "exclusion", "exempt", "not applicable", "n/a"), "excluded"),
}


def read_recall_status(column: str, text: str) -> str:
    """Where care that is due stands. Raises BadCell."""
    status = _RECALLS.get(" ".join(text.casefold().split()))
    if status is None:
        raise BadCell(column, "status", "no status that we know: write due, done, declined or excluded")
    return status


# Where a referral stands, in the events of its journey; words that say no more than that it is open have none.
_STAGES: dict[str, str] = {
    **dict.fromkeys(("received", "acknowledged"), "received"),
    **dict.fromkeys(("info requested", "information requested", "more info needed", "incomplete"), "info-requested"),
    **dict.fromkeys(("accepted", "ready", "in-progress", "in progress"), "accepted"),
    **dict.fromkeys(("rejected", "declined"), "declined"),
    **dict.fromkeys(("auth needed", "authorization needed", "needs authorization", "pa needed"), "auth-needed"),
    **dict.fromkeys(("pending authorization", "auth submitted", "auth pending", "pa pending"), "auth-submitted"),
    **dict.fromkeys(("authorized", "approved"), "approved"),
    **dict.fromkeys(("denied",), "denied"),
    **dict.fromkeys(("appeal", "appealed", "in appeal"), "appeal"),
    **dict.fromkeys(("scheduled", "booked"), "scheduled"),
    **dict.fromkeys(("patient told", "told", "notified"), "told"),
    **dict.fromkeys(("seen", "attended", "kept", "arrived"), "attended"),
    **dict.fromkeys(("no-show", "no show", "noshow", "missed"), "no-show"),
    **dict.fromkeys(("note received", "report received", "consult note received"), "note-received"),
    **dict.fromkeys(("reviewed",), "reviewed"),
    **dict.fromkeys(("patient informed", "informed"), "informed"),
    **dict.fromkeys(("complete", "completed", "closed", "done"), "closed"),
    **dict.fromkeys(("canceled", "cancelled", "visit cancelled", "visit canceled"), "cancelled"),
    **dict.fromkeys(("withdrawn", "revoked", "failed", "entered-in-error"), "withdrawn"),
    **dict.fromkeys(("patient declined", "patient refused"), "patient-declined"),
    **dict.fromkeys(("expired",), "expired"),
    **dict.fromkeys(("duplicate",), "duplicate"),
}
_URGENCIES: dict[str, str] = {
    **dict.fromkeys(("", "routine", "normal", "standard", "r"), "routine"),
    **dict.fromkeys(("urgent", "expedited", "high", "u"), "urgent"),
    **dict.fromkeys(("asap",), "asap"),
    **dict.fromkeys(("stat", "emergent", "immediate"), "stat"),
}


def referral_stage(text: str) -> str | None:
    """Where the word says that a referral stands; None where it says no more than that it is open."""
    return _STAGES.get(" ".join(text.casefold().split()))


def read_urgency(column: str, text: str) -> str:
    """How soon it is needed. Raises BadCell."""
    urgency = _URGENCIES.get(" ".join(text.casefold().split()))
    if urgency is None:
        raise BadCell(column, "urgency", "write routine, urgent, asap or stat")
    return urgency
