"""The gate: whether, and when, a message may go out, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeAlias, assert_never

from bot.core.budget import A_DAY as A_DAY
from bot.core.budget import A_WEEK as A_WEEK
from bot.core.budget import WEEK as WEEK
from bot.core.budget import Reserved as Reserved
from bot.core.budget import fits, next_free, over_day, over_week, place, places
from bot.core.campaigns import CampaignState
from bot.core.consent import effective, program_of
from bot.core.gate_reasons import GateReason as GateReason
from bot.core.gate_reasons import Lane as Lane
from bot.core.gate_reasons import Verdict as Verdict
from bot.core.hours import Span, is_quiet, opens_at, quiet_from
from bot.core.journey import Rank
from bot.core.message_kinds import DISCREET, OF_THE_DAY, is_before, is_logistics, step_of
from bot.core.messages import STAFF_LATER, Origin
from bot.core.people import AppointmentStatus, ConsentStatus, NumberStatus, Participation, PatientStatus, Scope
from bot.core.preparation import PREFIX

LOOK_AGAIN: Final = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Send:
    """Goes out now. Of no use to the patient, or unwelcome, from `valid_until` on."""

    valid_until: datetime | None = None
    reason: GateReason = GateReason.OK
    word: Verdict = Verdict.SEND


@dataclass(frozen=True, slots=True)
class Hold:
    """Not before `until`; the gate looks again then."""

    until: datetime
    reason: GateReason
    word: Verdict = Verdict.HOLD


@dataclass(frozen=True, slots=True)
class Drop:
    """Never."""

    reason: GateReason
    word: Verdict = Verdict.DROP


GateDecision: TypeAlias = Send | Hold | Drop


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFacts:
    """The message that asks to go out. `kind` is `<journey>/<step>`."""

    message_id: str
    origin: Origin
    kind: str
    planned_at: datetime
    lane: Lane | None = None
    expires_at: datetime | None = None
    patient_id: str | None = None
    budget_exempt: bool = False
    rank: Rank = Rank.EDUCATION
    """Of its journey: who goes first when the patient's budget is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PatientFacts:
    """The patient it is about, and the patient's link to the number: None where there is none."""

    status: PatientStatus
    paused: bool
    consent: ConsentStatus | None
    scope: Scope = Scope.ALL
    in_confidence: bool = True  # Sensitive visits may be told at this number.
    stopped: frozenset[str] = frozenset()
    """Programs that the patient wants no texts of."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitFacts:
    """A visit it is about: as it is now, and the version that the message was written for."""

    status: AppointmentStatus
    starts_at: datetime
    response: Participation
    responded_at: datetime | None
    version: int
    written_for: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that the gate looks at beside the message. `recent` are unsolicited texts that went to the patient."""

    number_status: NumberStatus
    number_consent: ConsentStatus
    zone: str
    quiet: Span
    patient: PatientFacts | None = None
    visits: Sequence[VisitFacts] = ()
    sensitive: bool = False
    """Whether a visit or pregnancy that it is about, or that led to it, is nobody's business but the patient's."""
    held: bool = False
    recent: Sequence[datetime] = ()
    heard_at: datetime | None = None
    """When the phone wrote last."""
    reserved: Sequence[Reserved] = ()
    """What else is to come to the patient within a week and counts against the budget too."""
    campaign: CampaignState | None = None
    """Of the campaign that it belongs to."""
    fuse_blown: bool = False
    """One that guards the patient, this kind of text, the campaign or the whole clinic."""


Check: TypeAlias = Callable[[MessageFacts, Facts, datetime], Hold | Drop | None]
_UNREACHABLE: Final = frozenset({NumberStatus.INVALID, NumberStatus.LANDLINE})
_CANCELLED: Final = "cancelled"
_MOVED: Final = "moved"
# News of the visit itself, and the note of the day: no answer to an earlier text makes them pointless.
_NEWS: Final = frozenset({_MOVED, _CANCELLED, *OF_THE_DAY})
_NOT_COMING: Final = frozenset({Participation.DECLINED, Participation.TENTATIVE})


def decide(message: MessageFacts, facts: Facts, now: datetime) -> GateDecision:
    """Whether this message goes out now, waits, or never goes. The one gate for every outbound text."""
    for check in _checks(message.origin):
        if (refusal := check(message, facts, now)) is not None:
            return refusal
    return Send(_valid_until(message, facts, now))


def is_unsolicited(message: MessageFacts) -> bool:
    """Whether it counts against, and is held by, the frequency budget."""
    return message.origin is Origin.OUTREACH and not message.budget_exempt and counts(message.kind, message.lane)


def counts(kind: str, lane: Lane | None) -> bool:
    """Whether outreach of this kind, in this lane, counts against the budget unless somebody has exempted it."""
    return lane not in (Lane.SAFETY, Lane.REPLY, Lane.SAME_DAY) and step_of(kind) not in _NEWS


def _checks(origin: Origin) -> tuple[Check, ...]:
    match origin:
        case Origin.SAFETY:
            return ()
        case Origin.CONSENT:
            return (_reachable,)
        case Origin.REPLY | Origin.STAFF:
            # The patient wrote first: no earlier consent is needed, no hour is the wrong one.
            return (_reachable, _safe, _right_person, _not_opted_out, _fresh, _not_overtaken)
        case Origin.OUTREACH:
            return (
                *(_reachable, _safe, _known, _right_person, _active, _not_opted_out, _linked, _discreet, _agreed),
                *(_wanted, _fresh, _visits_stand, _unanswered, _going_on, _unbroken, _unpaused),
                *(_waking, _within_budget, _in_turn),
            )
        case _:
            assert_never(origin)


def _reachable(_message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    return Drop(GateReason.NUMBER_INVALID) if facts.number_status in _UNREACHABLE else None


def _safe(_message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    return Drop(GateReason.NUMBER_UNSAFE) if facts.number_status is NumberStatus.UNSAFE else None


def _known(_message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    return Drop(GateReason.NO_PATIENT) if facts.patient is None else None


def _right_person(_message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    match facts.patient:
        case PatientFacts(status=PatientStatus.DECEASED):
            return Drop(GateReason.DECEASED)
        case PatientFacts(status=PatientStatus.WRONG_NUMBER):
            return Drop(GateReason.WRONG_NUMBER)
    return None


def _active(_message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    inactive = facts.patient is not None and facts.patient.status is not PatientStatus.ACTIVE
    return Drop(GateReason.INACTIVE) if inactive else None


def _not_opted_out(_message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    if facts.number_consent is ConsentStatus.OPTED_OUT:
        return Drop(GateReason.NUMBER_OPTED_OUT)
    if facts.patient is not None and facts.patient.consent is ConsentStatus.OPTED_OUT:
        return Drop(GateReason.PATIENT_OPTED_OUT)
    return None


def _linked(message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    if facts.patient is None or facts.patient.consent is None:
        return Drop(GateReason.NOT_LINKED)
    if facts.patient.scope is Scope.NOTHING:
        return Drop(GateReason.NOTHING_MAY_BE_SAID)
    times_only = facts.patient.scope is Scope.LOGISTICS
    return Drop(GateReason.TIMES_ONLY) if times_only and not is_logistics(message.kind) else None


def _discreet(message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    hears = not facts.sensitive or (facts.patient is not None and facts.patient.in_confidence)
    return None if hears or step_of(message.kind) == DISCREET else Drop(GateReason.SENSITIVE)


def _agreed(_message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    link = facts.patient.consent if facts.patient else None
    agreed = effective(number=facts.number_consent, link=link or ConsentStatus.UNKNOWN) is ConsentStatus.OPTED_IN
    return None if agreed else Drop(GateReason.NO_CONSENT)


def _wanted(message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    unwanted = facts.patient is not None and program_of(message.kind) in facts.patient.stopped
    return Drop(GateReason.PROGRAM_OPTED_OUT) if unwanted else None


def _fresh(message: MessageFacts, _facts: Facts, now: datetime) -> Drop | None:
    return Drop(GateReason.EXPIRED) if message.expires_at is not None and message.expires_at <= now else None


def _not_overtaken(message: MessageFacts, facts: Facts, now: datetime) -> Hold | None:
    # Words kept for later were written before the patient said something new: a person looks at them again.
    overtaken = facts.heard_at is not None and facts.heard_at > message.planned_at
    if message.kind != STAFF_LATER or not overtaken:
        return None
    return _until_told(message, now, GateReason.PATIENT_WROTE)


def _visits_stand(message: MessageFacts, facts: Facts, now: datetime) -> Drop | None:
    faults = (_visit_fault(message, visit, now) for visit in facts.visits)
    return next((Drop(fault) for fault in faults if fault is not None), None)


def _visit_fault(message: MessageFacts, visit: VisitFacts, now: datetime) -> GateReason | None:
    if not is_before(message.kind):
        gone = (AppointmentStatus.CANCELLED, AppointmentStatus.ENTERED_IN_ERROR, AppointmentStatus.NOSHOW)
        return GateReason.NOT_AHEAD if visit.status in gone else None
    if visit.written_for is not None and visit.written_for != visit.version:
        return GateReason.MOVED
    if visit.starts_at <= now:
        return GateReason.OVER
    if step_of(message.kind) == _CANCELLED:
        return None if visit.status is AppointmentStatus.CANCELLED else GateReason.NOT_CANCELLED
    return None if visit.status.is_ahead else GateReason.NOT_AHEAD


def _unanswered(message: MessageFacts, facts: Facts, _now: datetime) -> Drop | None:
    # A text about several visits keeps its use until the last of them is answered.
    answered = bool(facts.visits) and all(_is_answered(message, visit) for visit in facts.visits)
    return Drop(GateReason.ANSWERED) if answered else None


def _is_answered(message: MessageFacts, visit: VisitFacts) -> bool:
    journey, step = message.kind.partition("/")[0], step_of(message.kind)
    if step in OF_THE_DAY or step.startswith(PREFIX):
        return visit.response in _NOT_COMING
    if step == _MOVED:
        return visit.response is not Participation.NEEDS_ACTION  # The new time has been answered already.
    if step in _NEWS or not (journey == "appointment" or step == "appointment_reminder"):
        return False
    if visit.response in _NOT_COMING:
        return True
    since = visit.responded_at is not None and visit.responded_at > message.planned_at
    return since and visit.response is not Participation.NEEDS_ACTION


def _going_on(message: MessageFacts, facts: Facts, now: datetime) -> Hold | Drop | None:
    match facts.campaign:
        case None | CampaignState.RUNNING | CampaignState.FINISHED:
            return None  # Finished: one that went and came back may be tried once more.
        case CampaignState.STOPPED:
            return Drop(GateReason.CAMPAIGN_STOPPED)
        case _:
            return _until_told(message, now, GateReason.CAMPAIGN_PAUSED)


def _unbroken(message: MessageFacts, facts: Facts, now: datetime) -> Hold | None:
    return _until_told(message, now, GateReason.FUSE_BLOWN) if facts.fuse_blown else None


def _until_told(message: MessageFacts, now: datetime, reason: GateReason) -> Hold:
    """A person ends it: looked at again and again until then."""
    until = now + LOOK_AGAIN if message.expires_at is None else min(now + LOOK_AGAIN, message.expires_at)
    return Hold(until, reason)


def _unpaused(message: MessageFacts, facts: Facts, now: datetime) -> Hold | None:
    paused = facts.patient is not None and facts.patient.paused
    if not (paused or facts.held):
        return None
    return _until_told(message, now, GateReason.PAUSED if paused else GateReason.HELD)


def _waking(message: MessageFacts, facts: Facts, now: datetime) -> Hold | Drop | None:
    if not is_quiet(now, facts.zone, facts.quiet):
        return None
    opening = opens_at(now, facts.zone, facts.quiet)
    return _wait(message, opening, GateReason.QUIET_HOURS, or_else=GateReason.NO_WINDOW_LEFT)


def _within_budget(message: MessageFacts, facts: Facts, now: datetime) -> Hold | Drop | None:
    if not is_unsolicited(message):
        return None
    if over_day(facts.recent, now, facts.zone):
        reason = GateReason.BUDGET_DAY
    elif over_week(facts.recent, now):
        reason = GateReason.BUDGET_WEEK
    else:
        return None
    earliest = next_free(facts.recent, now, facts.zone)
    return _wait(message, opens_at(earliest, facts.zone, facts.quiet), reason, or_else=reason)


def _in_turn(message: MessageFacts, facts: Facts, now: datetime) -> Hold | Drop | None:
    """A lower rank leaves a higher one its place in the day's and the week's budget."""
    if not is_unsolicited(message):
        return None
    higher = [one for one in facts.reserved if one.rank < message.rank]
    if not higher:
        return None
    taken = [*facts.recent, *places(higher, facts.recent, now, facts.zone, facts.quiet)]
    if fits(now, taken, facts.zone):
        return None
    until = place(opens_at(next_free(taken, now, facts.zone), facts.zone, facts.quiet), taken, facts.zone, facts.quiet)
    return _wait(message, until, GateReason.BUDGET_RESERVED, or_else=GateReason.BUDGET_RESERVED)


def _wait(message: MessageFacts, until: datetime, reason: GateReason, *, or_else: GateReason) -> Hold | Drop:
    too_late = message.expires_at is not None and until >= message.expires_at
    return Drop(or_else) if too_late else Hold(until, reason)


def _valid_until(message: MessageFacts, facts: Facts, now: datetime) -> datetime | None:
    if message.origin is not Origin.OUTREACH:
        return message.expires_at
    # What the carrier still holds when the quiet hours begin would ring at night.
    ends = [moment for moment in (message.expires_at, quiet_from(now, facts.zone, facts.quiet)) if moment is not None]
    return min(ends, default=None)
