"""Which contacts a visit calls for, and when."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.people import AppointmentStatus, Participation, Visit
from bot.core.planning import ORDER, History, Rules, pick, plan_visit, too_late

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
NEW = History()
TOLD = History(told=True)


def visit(ahead: timedelta, **changes: object) -> Visit:
    made = Visit(
        appointment_id="A1",
        patient_id="P1",
        starts_at=NOW + ahead,
        timezone="America/Chicago",
        status=AppointmentStatus.BOOKED,
        response=Participation.NEEDS_ACTION,
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def steps(ahead: timedelta, history: History = NEW, **changes: object) -> list[str]:
    return [touch.step for touch in plan_visit(visit(ahead, **changes), Rules(), history, NOW)]


def due_now(ahead: timedelta, history: History = NEW, **changes: object) -> list[str]:
    touches = plan_visit(visit(ahead, **changes), Rules(), history, NOW)
    return [touch.step for touch in touches if touch.due_at <= NOW]


def test_a_visit_far_ahead_gets_a_notice_two_reminders_and_a_note_on_the_day() -> None:
    assert steps(timedelta(days=10)) == ["booked", "reminder_first", "reminder_last", "same_day"]


def test_a_visit_23_hours_ahead_has_exactly_one_reminder_due() -> None:
    assert due_now(timedelta(hours=23)) == ["reminder_last"]


@pytest.mark.parametrize("hours", [2, 5, 12, 20, 23, 24])
def test_what_is_booked_late_is_told_once(hours: int) -> None:
    assert due_now(timedelta(hours=hours)) == ["reminder_last"]


def test_a_booking_notice_is_left_out_when_a_reminder_follows_within_the_day() -> None:
    assert due_now(timedelta(hours=30)) == []
    assert due_now(timedelta(hours=80)) == []
    assert due_now(timedelta(hours=60)) == ["booked"]


def test_a_move_replaces_the_reminder_that_would_be_due_with_it() -> None:
    moved = History(told=True, previous_starts_at=NOW + timedelta(days=5))
    assert due_now(timedelta(hours=20), moved, version=2) == ["moved"]
    assert "reminder_last" not in steps(timedelta(hours=20), moved, version=2)


def test_a_move_of_which_the_patient_had_never_heard_is_a_booking() -> None:
    moved = History(told=False, previous_starts_at=NOW + timedelta(days=5))
    assert "moved" not in steps(timedelta(days=10), moved)


@pytest.mark.parametrize(
    ("history", "response", "expected"),
    [
        (NEW, Participation.NEEDS_ACTION, []),
        (TOLD, Participation.NEEDS_ACTION, ["cancelled"]),
        (TOLD, Participation.ACCEPTED, ["cancelled"]),
        (TOLD, Participation.DECLINED, []),
    ],
)
def test_a_cancelled_visit_is_only_told_to_those_who_expect_it(
    history: History, response: Participation, expected: list[str]
) -> None:
    assert steps(timedelta(days=4), history, status=AppointmentStatus.CANCELLED, response=response) == expected


@pytest.mark.parametrize("status", [s for s in AppointmentStatus if not s.is_ahead and s != "cancelled"])
def test_a_visit_that_will_not_take_place_calls_for_nothing(status: AppointmentStatus) -> None:
    assert steps(timedelta(days=4), TOLD, status=status) == []


def test_nothing_is_planned_for_a_visit_that_has_begun() -> None:
    assert steps(timedelta(0)) == []


def test_one_day_before_means_the_same_time_on_the_clock_across_a_change_of_the_clocks() -> None:
    zone = ZoneInfo("America/Chicago")
    starts = datetime(2027, 3, 14, 9, 30, tzinfo=zone)  # the night before, 2:00 becomes 3:00
    made = visit(timedelta(0), starts_at=starts.astimezone(UTC))
    last = next(t for t in plan_visit(made, Rules(), NEW, NOW) if t.step == "reminder_last")
    assert last.due_at.astimezone(zone) == datetime(2027, 3, 13, 9, 30, tzinfo=zone)
    assert starts.astimezone(UTC) - last.due_at == timedelta(hours=23)


def test_days_are_the_clinics_to_choose() -> None:
    rules = Rules(days=(7, 2), booked_notice=False, same_day_note=False)
    touches = plan_visit(visit(timedelta(days=20)), rules, NEW, NOW)
    assert [(t.step, visit(timedelta(days=20)).starts_at - t.due_at) for t in touches] == [
        ("reminder_first", timedelta(days=7)),
        ("reminder_last", timedelta(days=2)),
    ]


@given(
    ahead=st.timedeltas(min_value=timedelta(minutes=1), max_value=timedelta(days=60)),
    days=st.lists(st.integers(1, 14), min_size=1, max_size=4),
    told=st.booleans(),
    moved=st.booleans(),
    later=st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=60)),
)
def test_whenever_planning_looks_at_most_one_text_about_a_visit_is_made(
    ahead: timedelta, days: list[int], told: bool, moved: bool, later: timedelta
) -> None:
    history = History(told=told, previous_starts_at=NOW if moved else None)
    made = visit(ahead)
    touches = plan_visit(made, Rules(days=tuple(days)), history, NOW)
    assert len({(touch.step, touch.due_at) for touch in touches}) == len(touches)
    assert all(touch.due_at < touch.expires_at or touch.due_at <= NOW for touch in touches)
    at = NOW + later
    live = [t.step for t in touches if t.due_at <= at and too_late(t.step, made, t.expires_at, at) is None]
    if live:
        assert pick(live) in ORDER


@pytest.mark.parametrize(
    ("step", "changes", "reason"),
    [
        ("reminder_last", {}, None),
        ("reminder_last", {"response": Participation.ACCEPTED}, "already-answered"),
        ("reminder_last", {"status": AppointmentStatus.CANCELLED}, "visit-cancelled"),
        ("reminder_last", {"starts_at": NOW}, "visit-over"),
        ("same_day", {}, "not-confirmed"),
        ("same_day", {"response": Participation.ACCEPTED}, None),
        ("cancelled", {}, "visit-changed"),
        ("cancelled", {"status": AppointmentStatus.CANCELLED}, None),
    ],
)
def test_a_due_contact_is_looked_at_again_before_it_is_made(
    step: str, changes: dict[str, object], reason: str | None
) -> None:
    made = visit(timedelta(hours=20), **changes)
    assert too_late(step, made, NOW + timedelta(hours=1), NOW) == reason


def test_a_contact_past_its_time_is_not_made() -> None:
    assert too_late("reminder_last", visit(timedelta(hours=2)), NOW, NOW) == "too-late"
