"""The gate: every origin, every reason, and what holds whatever the facts are."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from bot.core.hours import is_quiet
from bot.core.messages import Origin
from bot.core.outreach import (
    Drop,
    Facts,
    GateReason,
    Hold,
    Lane,
    MessageFacts,
    PatientFacts,
    Send,
    VisitFacts,
    decide,
)
from bot.core.people import AppointmentStatus, ConsentStatus, NumberStatus, Participation, PatientStatus, Scope

ZONE = "America/Chicago"
NOON = datetime(2026, 11, 23, 18, tzinfo=UTC)
NIGHT = (time(20), time(8))
HOUR = timedelta(hours=1)

REMINDER = MessageFacts(
    message_id="m1",
    origin=Origin.OUTREACH,
    kind="appointment/reminder_last",
    planned_at=NOON - HOUR,
    lane=Lane.REMINDER,
    expires_at=NOON + 22 * HOUR,
    patient_id="p1",
)
PATIENT = PatientFacts(status=PatientStatus.ACTIVE, paused=False, consent=ConsentStatus.OPTED_IN)
VISIT = VisitFacts(
    status=AppointmentStatus.BOOKED,
    starts_at=NOON + 23 * HOUR,
    response=Participation.NEEDS_ACTION,
    responded_at=None,
    version=1,
    written_for=1,
)
FACTS = Facts(
    number_status=NumberStatus.ACTIVE,
    number_consent=ConsentStatus.OPTED_IN,
    zone=ZONE,
    quiet=NIGHT,
    patient=PATIENT,
    visits=(VISIT,),
)


def with_patient(**changes: Any) -> Facts:
    return replace(FACTS, patient=replace(PATIENT, **changes))


def with_visit(**changes: Any) -> Facts:
    return replace(FACTS, visits=(replace(VISIT, **changes),))


def test_a_reminder_goes_out_and_is_not_delivered_at_night() -> None:
    assert decide(REMINDER, FACTS, NOON) == Send(datetime(2026, 11, 24, 2, tzinfo=UTC))


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        (replace(FACTS, number_status=NumberStatus.INVALID), GateReason.NUMBER_INVALID),
        (replace(FACTS, number_status=NumberStatus.LANDLINE), GateReason.NUMBER_INVALID),
        (replace(FACTS, number_status=NumberStatus.UNSAFE), GateReason.NUMBER_UNSAFE),
        (replace(FACTS, patient=None), GateReason.NO_PATIENT),
        (with_patient(status=PatientStatus.WRONG_NUMBER), GateReason.WRONG_NUMBER),
        (with_patient(status=PatientStatus.DECEASED), GateReason.DECEASED),
        (with_patient(status=PatientStatus.INACTIVE), GateReason.INACTIVE),
        (with_patient(consent=None), GateReason.NOT_LINKED),
        (with_patient(scope=Scope.NOTHING), GateReason.NOTHING_MAY_BE_SAID),
        (replace(FACTS, number_consent=ConsentStatus.OPTED_OUT), GateReason.NUMBER_OPTED_OUT),
        (with_patient(consent=ConsentStatus.OPTED_OUT), GateReason.PATIENT_OPTED_OUT),
        (with_patient(consent=ConsentStatus.UNKNOWN), GateReason.NO_CONSENT),
        (with_patient(stopped=frozenset({"appointment"})), GateReason.PROGRAM_OPTED_OUT),
        (with_visit(version=2), GateReason.MOVED),
        (with_visit(status=AppointmentStatus.CANCELLED), GateReason.NOT_AHEAD),
        (with_visit(status=AppointmentStatus.FULFILLED), GateReason.NOT_AHEAD),
        (with_visit(starts_at=NOON), GateReason.OVER),
    ],
)
def test_a_reminder_is_dropped(facts: Facts, reason: GateReason) -> None:
    assert decide(REMINDER, facts, NOON) == Drop(reason)


@pytest.mark.parametrize(
    ("kind", "goes"),
    [
        ("appointment/reminder_first", True),
        ("appointment/same_day", True),
        ("waitlist/offer", True),
        ("appointment/prep_bowel_week", False),
        ("education/prenatal_1", False),
        ("survey/feelings", False),
        ("recall/invite", False),
        ("outreach/prompt", False),
    ],
)
def test_a_proxy_for_times_hears_when_and_where_and_nothing_else(kind: str, goes: bool) -> None:
    decision = decide(replace(REMINDER, kind=kind), with_patient(scope=Scope.LOGISTICS), NOON)
    assert isinstance(decision, Send) if goes else decision == Drop(GateReason.TIMES_ONLY)


def test_a_program_that_was_stopped_stops_no_other_and_no_reply() -> None:
    facts = with_patient(stopped=frozenset({"survey", "recall"}))
    assert isinstance(decide(REMINDER, facts, NOON), Send)
    survey = replace(REMINDER, kind="survey/asked")
    assert decide(survey, facts, NOON) == Drop(GateReason.PROGRAM_OPTED_OUT)
    assert isinstance(decide(replace(survey, origin=Origin.REPLY), facts, NOON), Send)


def test_a_number_that_said_yes_does_not_speak_for_each_patient_on_it() -> None:
    facts = replace(with_patient(consent=ConsentStatus.UNKNOWN), number_consent=ConsentStatus.OPTED_IN)
    assert decide(REMINDER, facts, NOON) == Drop(GateReason.NO_CONSENT)


def test_what_has_expired_is_dropped() -> None:
    assert decide(replace(REMINDER, expires_at=NOON), FACTS, NOON) == Drop(GateReason.EXPIRED)


@pytest.mark.parametrize("answer", [Participation.ACCEPTED, Participation.DECLINED, Participation.TENTATIVE])
def test_an_answer_since_it_was_planned_makes_a_reminder_pointless(answer: Participation) -> None:
    facts = with_visit(response=answer, responded_at=NOON - HOUR / 2)
    assert decide(REMINDER, facts, NOON) == Drop(GateReason.ANSWERED)


def test_who_has_confirmed_may_be_asked_anew_and_who_is_not_coming_not() -> None:
    anew = replace(REMINDER, planned_at=NOON)
    confirmed = with_visit(response=Participation.ACCEPTED, responded_at=NOON - HOUR / 2)
    declined = with_visit(response=Participation.DECLINED, responded_at=NOON - HOUR / 2)
    assert isinstance(decide(anew, confirmed, NOON), Send)
    assert decide(anew, declined, NOON) == Drop(GateReason.ANSWERED)


def test_the_note_of_the_day_goes_to_those_who_have_confirmed() -> None:
    facts = with_visit(response=Participation.ACCEPTED, responded_at=NOON)
    assert isinstance(decide(replace(REMINDER, kind="appointment/same_day"), facts, NOON), Send)


@pytest.mark.parametrize("answer", [one for one in Participation if one is not Participation.NEEDS_ACTION])
def test_no_news_of_a_new_time_that_has_been_answered(answer: Participation) -> None:
    moved = replace(REMINDER, kind="appointment/moved")
    assert decide(moved, with_visit(response=answer, responded_at=NOON), NOON) == Drop(GateReason.ANSWERED)
    assert isinstance(decide(moved, with_visit(response=Participation.NEEDS_ACTION, responded_at=None), NOON), Send)


@pytest.mark.parametrize("answer", [Participation.DECLINED, Participation.TENTATIVE])
def test_no_note_of_the_day_to_those_who_are_not_coming(answer: Participation) -> None:
    facts = with_visit(response=answer, responded_at=NOON - 30 * HOUR)
    assert decide(replace(REMINDER, kind="appointment/same_day"), facts, NOON) == Drop(GateReason.ANSWERED)


def test_a_household_is_reminded_until_all_of_it_has_answered() -> None:
    answered = replace(VISIT, response=Participation.ACCEPTED, responded_at=NOON)
    household = replace(REMINDER, kind="appointment/household")
    assert isinstance(decide(household, replace(FACTS, visits=(VISIT, answered)), NOON), Send)
    assert decide(household, replace(FACTS, visits=(answered, answered)), NOON) == Drop(GateReason.ANSWERED)
    moved = replace(VISIT, version=2)
    assert decide(household, replace(FACTS, visits=(VISIT, moved)), NOON) == Drop(GateReason.MOVED)


def test_the_notice_of_a_cancellation_goes_out_for_cancelled_visits_only() -> None:
    notice = replace(REMINDER, kind="appointment/cancelled")
    assert isinstance(decide(notice, with_visit(status=AppointmentStatus.CANCELLED), NOON), Send)
    assert decide(notice, FACTS, NOON) == Drop(GateReason.NOT_CANCELLED)


def test_a_question_after_the_visit_may_name_it() -> None:
    after = replace(REMINDER, kind="checkin/ask")
    done = with_visit(status=AppointmentStatus.FULFILLED, version=2, starts_at=NOON - HOUR)
    assert isinstance(decide(after, done, NOON), Send)
    assert decide(after, with_visit(status=AppointmentStatus.NOSHOW), NOON) == Drop(GateReason.NOT_AHEAD)


@pytest.mark.parametrize(
    ("facts", "reason"),
    [(with_patient(paused=True), GateReason.PAUSED), (replace(FACTS, held=True), GateReason.HELD)],
)
def test_the_bot_is_silent_while_a_person_is_needed(facts: Facts, reason: GateReason) -> None:
    assert decide(REMINDER, facts, NOON) == Hold(NOON + timedelta(minutes=15), reason)
    ending = replace(REMINDER, expires_at=NOON + timedelta(minutes=5))
    assert decide(ending, facts, NOON) == Hold(NOON + timedelta(minutes=5), reason)


def test_quiet_hours_are_the_patients() -> None:
    late = datetime(2026, 11, 24, 3, tzinfo=UTC)  # 21:00 in Chicago, 19:00 in Los Angeles
    opening = datetime(2026, 11, 24, 14, tzinfo=UTC)
    assert decide(REMINDER, FACTS, late) == Hold(opening, GateReason.QUIET_HOURS)
    assert isinstance(decide(REMINDER, replace(FACTS, zone="America/Los_Angeles"), late), Send)
    early_visit = replace(REMINDER, expires_at=opening)
    assert decide(early_visit, FACTS, late) == Drop(GateReason.NO_WINDOW_LEFT)


def test_one_a_day_then_the_next_morning() -> None:
    facts = replace(FACTS, recent=(NOON - 2 * HOUR,))
    lasting = replace(REMINDER, expires_at=NOON + 48 * HOUR)
    in_time = replace(facts, visits=(replace(VISIT, starts_at=NOON + 60 * HOUR),))
    assert decide(lasting, in_time, NOON) == Hold(datetime(2026, 11, 24, 14, tzinfo=UTC), GateReason.BUDGET_DAY)
    assert decide(replace(REMINDER, expires_at=NOON + HOUR), facts, NOON) == Drop(GateReason.BUDGET_DAY)


def test_the_day_is_the_patients_calendar_day() -> None:
    yesterday_evening = datetime(2026, 11, 23, 1, tzinfo=UTC)  # the 22nd, 19:00 in Chicago
    assert isinstance(decide(REMINDER, replace(FACTS, recent=(yesterday_evening,)), NOON), Send)


def test_three_in_seven_days_then_when_the_first_is_a_week_old() -> None:
    recent = tuple(NOON - timedelta(days=days) for days in (1, 3, 5))
    lasting = replace(REMINDER, expires_at=NOON + timedelta(days=9))
    facts = replace(FACTS, recent=recent, visits=())
    assert decide(lasting, facts, NOON) == Hold(NOON + timedelta(days=2), GateReason.BUDGET_WEEK)
    assert isinstance(decide(lasting, replace(facts, recent=recent[:2]), NOON), Send)


@pytest.mark.parametrize(
    "message",
    [
        replace(REMINDER, budget_exempt=True),
        replace(REMINDER, kind="appointment/same_day", lane=Lane.SAME_DAY),
        replace(REMINDER, kind="appointment/moved"),
    ],
)
def test_what_is_exempt_from_the_budget(message: MessageFacts) -> None:
    assert isinstance(decide(message, replace(FACTS, recent=(NOON, NOON, NOON)), NOON), Send)


MIDNIGHT = datetime(2026, 11, 23, 6, tzinfo=UTC)


@pytest.mark.parametrize("origin", [Origin.REPLY, Origin.STAFF])
def test_answers_need_no_earlier_consent_and_know_no_night(origin: Origin) -> None:
    reply = replace(REMINDER, origin=origin, kind="staff")
    facts = replace(with_patient(consent=ConsentStatus.UNKNOWN, paused=True), held=True, recent=(MIDNIGHT,) * 9)
    assert isinstance(decide(reply, replace(facts, number_consent=ConsentStatus.UNKNOWN), MIDNIGHT), Send)
    assert isinstance(decide(reply, replace(facts, patient=None), MIDNIGHT), Send)
    assert decide(reply, replace(facts, number_consent=ConsentStatus.OPTED_OUT), NOON) == Drop(
        GateReason.NUMBER_OPTED_OUT
    )
    assert decide(reply, with_patient(status=PatientStatus.DECEASED), NOON) == Drop(GateReason.DECEASED)
    assert decide(reply, replace(facts, number_status=NumberStatus.UNSAFE), NOON) == Drop(GateReason.NUMBER_UNSAFE)


def test_the_confirmation_of_an_opt_out_goes_to_the_opted_out() -> None:
    message = replace(REMINDER, origin=Origin.CONSENT, kind="general/opt_out_confirmed")
    out = replace(FACTS, number_consent=ConsentStatus.OPTED_OUT)
    assert isinstance(decide(message, out, MIDNIGHT), Send)
    assert decide(message, replace(out, number_status=NumberStatus.INVALID), NOON) == Drop(GateReason.NUMBER_INVALID)


moments = st.integers(0, 2 * 365 * 86_400).map(lambda s: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=s))
visits = st.builds(
    VisitFacts,
    status=st.sampled_from(AppointmentStatus),
    starts_at=moments,
    response=st.sampled_from(Participation),
    responded_at=st.none() | moments,
    version=st.integers(1, 2),
    written_for=st.none() | st.integers(1, 2),
)
patients = st.builds(
    PatientFacts,
    status=st.sampled_from(PatientStatus),
    paused=st.booleans(),
    consent=st.none() | st.sampled_from(ConsentStatus),
    scope=st.sampled_from(Scope),
)
anything = st.builds(
    Facts,
    number_status=st.sampled_from(NumberStatus),
    number_consent=st.sampled_from(ConsentStatus),
    zone=st.sampled_from(["America/Chicago", "America/St_Johns", "Asia/Beirut", "Pacific/Apia", "UTC"]),
    quiet=st.tuples(st.times(), st.times()),
    patient=st.none() | patients,
    visits=st.lists(visits, max_size=2),
    held=st.booleans(),
    recent=st.lists(moments, max_size=4),
)
messages = st.builds(
    MessageFacts,
    message_id=st.just("m"),
    origin=st.sampled_from(Origin),
    kind=st.sampled_from(
        ["appointment/reminder_last", "appointment/cancelled", "checkin/ask", "staff", "general/help"]
    ),
    planned_at=moments,
    lane=st.none() | st.sampled_from(Lane),
    expires_at=st.none() | moments,
    patient_id=st.just("p"),
    budget_exempt=st.booleans(),
)


@given(message=messages, facts=anything, now=moments)
def test_a_safety_reply_always_goes(message: MessageFacts, facts: Facts, now: datetime) -> None:
    assert isinstance(decide(replace(message, origin=Origin.SAFETY), facts, now), Send)


@given(message=messages, facts=anything, now=moments)
def test_outreach_never_goes_without_a_yes_nor_at_night(message: MessageFacts, facts: Facts, now: datetime) -> None:
    decision = decide(replace(message, origin=Origin.OUTREACH), facts, now)
    if isinstance(decision, Send):
        assert facts.patient is not None
        assert facts.patient.consent is ConsentStatus.OPTED_IN
        assert facts.number_consent is not ConsentStatus.OPTED_OUT
        assert facts.number_status is NumberStatus.ACTIVE
        assert not is_quiet(now, facts.zone, facts.quiet)
        assert message.expires_at is None or message.expires_at > now


@given(message=messages, facts=anything, now=moments)
def test_an_opt_out_silences_everything_but_safety_and_its_own_confirmation(
    message: MessageFacts, facts: Facts, now: datetime
) -> None:
    assume(message.origin not in (Origin.SAFETY, Origin.CONSENT))
    decision = decide(message, replace(facts, number_consent=ConsentStatus.OPTED_OUT), now)
    assert isinstance(decision, Drop)


@given(message=messages, facts=anything, now=moments)
def test_a_hold_ends_later_and_within_the_messages_life(message: MessageFacts, facts: Facts, now: datetime) -> None:
    decision = decide(message, facts, now)
    if isinstance(decision, Hold):
        assert decision.until > now
        assert message.expires_at is None or decision.until <= message.expires_at


@given(message=messages, facts=anything, now=moments)
def test_held_again_and_again_it_comes_to_an_end(message: MessageFacts, facts: Facts, now: datetime) -> None:
    """Quiet hours and budget let go by themselves; only people hold for as long as they like."""
    free = replace(facts, held=False, patient=replace(facts.patient, paused=False) if facts.patient else None)
    for _look in range(12):
        decision = decide(message, free, now)
        if not isinstance(decision, Hold):
            return
        now = decision.until
    raise AssertionError("held for ever")
