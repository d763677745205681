"""Who is in which arm, and how many may go at a moment."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.campaigns import SLOT, Arm, LetGo, Pace, arm_of, place_of, room, slot_of
from bot.core.hours import workdays

WEEK = workdays("America/Chicago", (time(8), time(17)))
TEN = datetime(2026, 11, 23, 16, tzinfo=UTC)
HOUR = timedelta(hours=1)


def test_arms_are_even_and_stay_the_same() -> None:
    arms = [Arm(name="a", share=45, text_key="x"), Arm(name="b", share=45, text_key="y"), Arm(name="none", share=10)]
    drawn = [arm_of("c", f"p{number}", arms).name for number in range(4000)]
    assert [drawn.count(arm.name) / 4000 for arm in arms] == pytest.approx([0.45, 0.45, 0.1], abs=0.03)
    assert drawn == [arm_of("c", f"p{number}", arms).name for number in range(4000)]
    assert drawn != [arm_of("d", f"p{number}", arms).name for number in range(4000)]


@given(st.integers(1, 60), st.floats(0.05, 1), st.integers(0, 11))
def test_an_hour_brings_no_more_answers_than_staff_can_deal_with(hourly: int, rate: float, skipped: int) -> None:
    pace = Pace(send_rate=100, replies_an_hour=hourly, response_rate=rate)
    gone = 0
    for slot in range(skipped, 12):  # However many slots at its beginning the scheduler was away.
        gone += room(pace, WEEK, TEN + slot * SLOT, LetGo(this_hour=gone)).messages
    assert gone == int(hourly / rate)


def test_nobody_goes_while_nobody_is_there_to_answer() -> None:
    pace = Pace(send_rate=10, replies_an_hour=10)
    assert room(pace, WEEK, TEN + 8 * HOUR, LetGo()).messages == 0
    assert room(Pace(send_rate=10), WEEK, TEN + 8 * HOUR, LetGo()).messages > 0


def test_the_day_has_its_cap_and_the_slot_its_segments() -> None:
    assert room(Pace(send_rate=10, daily_cap=7), WEEK, TEN, LetGo(today=5)).messages == 2
    assert room(Pace(send_rate=10, daily_cap=7), WEEK, TEN, LetGo(today=9)).messages == 0
    assert room(Pace(send_rate=10), WEEK, TEN, LetGo()).segments == 2400


@given(st.text(min_size=1, max_size=40))
def test_a_place_fits_the_column(patient_id: str) -> None:
    assert 0 <= place_of("c", patient_id) < 2**63


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))  # noqa: DTZ001 - made aware below
def test_slots_are_five_minutes_of_the_clock(moment: datetime) -> None:
    now = moment.replace(tzinfo=UTC)
    slot = slot_of(now)
    assert slot <= now < slot + SLOT
    assert (slot.minute % 5, slot.second, slot.microsecond) == (0, 0, 0)
