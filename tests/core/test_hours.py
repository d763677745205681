"""Quiet hours and office hours, across zones, gaps and folds."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.hours import (
    Week,
    after_reading,
    is_open,
    is_quiet,
    local_day,
    next_closing,
    next_day,
    next_opening,
    next_reading,
    opens_at,
    quiet_from,
    reads,
    workdays,
)

NIGHT = (time(20), time(8))
OFFICE = (time(8), time(17))
ZONES = [
    "America/Chicago",
    "America/New_York",
    "America/Phoenix",
    "America/St_Johns",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Europe/Lisbon",
    "Pacific/Apia",
    "Pacific/Chatham",
]
zones = st.sampled_from(ZONES)
moments = st.integers(0, 20 * 366 * 86_400).map(
    lambda seconds: datetime(2011, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
# Near the hours at which clocks change, where everything that can go wrong does.
changes = st.builds(
    lambda day, seconds: day + timedelta(seconds=seconds),
    st.sampled_from(
        [
            datetime(2026, 3, 8, 8, tzinfo=UTC),
            datetime(2026, 11, 1, 7, tzinfo=UTC),
            datetime(2026, 3, 28, 22, tzinfo=UTC),
            datetime(2026, 10, 24, 21, tzinfo=UTC),
            datetime(2026, 4, 4, 15, tzinfo=UTC),
            datetime(2011, 12, 30, 10, tzinfo=UTC),
        ]
    ),
    st.integers(-90_000, 90_000),
)
walls = st.times().map(lambda t: t.replace(second=0, microsecond=0))
spans = st.tuples(walls, walls)


def at(zone: str, *parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, fold=fold, tzinfo=ZoneInfo(zone)).astimezone(UTC)  # type: ignore[misc]


@pytest.mark.parametrize(
    ("hour", "minute", "quiet"), [(19, 59, False), (20, 0, True), (23, 59, True), (7, 59, True), (8, 0, False)]
)
def test_quiet_hours_span_midnight_and_end_on_the_minute(hour: int, minute: int, quiet: bool) -> None:
    assert is_quiet(at("America/Chicago", 2026, 7, 1, hour, minute), "America/Chicago", NIGHT) is quiet


def test_the_same_moment_is_quiet_in_one_zone_and_not_in_another() -> None:
    moment = datetime(2026, 7, 1, 12, 30, tzinfo=UTC)
    assert is_quiet(moment, "America/Chicago", NIGHT)
    assert not is_quiet(moment, "America/New_York", NIGHT)


def test_opening_is_the_same_wall_time_on_the_day_that_clocks_change() -> None:
    zone = "America/Chicago"
    assert opens_at(at(zone, 2026, 3, 7, 21), zone, NIGHT) == at(zone, 2026, 3, 8, 8)
    assert opens_at(at(zone, 2026, 10, 31, 21), zone, NIGHT) == at(zone, 2026, 11, 1, 8)


def test_quiet_hours_that_end_inside_the_gap_end_when_clocks_jump() -> None:
    zone = "America/Chicago"
    opening = opens_at(at(zone, 2026, 3, 8, 1), zone, (time(20), time(2, 30)))
    assert opening == at(zone, 2026, 3, 8, 3)


def test_quiet_hours_that_end_in_the_repeated_hour_hold_again_until_it_is_over() -> None:
    zone, quiet = "America/Chicago", (time(20), time(1, 30))
    assert opens_at(at(zone, 2026, 11, 1, 0, 30), zone, quiet) == at(zone, 2026, 11, 1, 1, 30)
    again = at(zone, 2026, 11, 1, 1, 10, fold=1)
    assert is_quiet(again, zone, quiet)
    assert opens_at(again, zone, quiet) == at(zone, 2026, 11, 1, 1, 30, fold=1)


def test_equal_ends_mean_no_quiet_hours() -> None:
    now = datetime(2026, 7, 1, 3, tzinfo=UTC)
    assert opens_at(now, "America/Chicago", (time(8), time(8))) == now
    assert quiet_from(now, "America/Chicago", (time(8), time(8))) is None


def test_quiet_hours_begin_the_same_evening() -> None:
    zone = "America/Chicago"
    assert quiet_from(at(zone, 2026, 7, 1, 9), zone, NIGHT) == at(zone, 2026, 7, 1, 20)


def test_the_office_is_closed_from_friday_evening_to_monday_morning() -> None:
    zone = "America/Chicago"
    friday = at(zone, 2026, 11, 20, 17)
    assert is_open(friday - timedelta(minutes=1), zone, OFFICE)
    assert not is_open(friday, zone, OFFICE)
    assert next_opening(friday, zone, OFFICE) == at(zone, 2026, 11, 23, 8)


def test_whole_days_open_on_monday_at_midnight() -> None:
    zone = "America/Chicago"
    assert next_opening(at(zone, 2026, 11, 21, 12), zone, (time(8), time(8))) == at(zone, 2026, 11, 23)


def test_a_day_that_has_no_midnight_begins_when_clocks_jump() -> None:
    # Beirut goes from 00:00 to 01:00 on the last Sunday of March.
    assert next_day(at("Asia/Beirut", 2026, 3, 28, 12), "Asia/Beirut") == datetime(2026, 3, 28, 22, tzinfo=UTC)


@given(now=moments | changes, zone=zones, quiet=spans)
def test_nothing_is_quiet_when_it_opens_and_it_opens_within_a_day(
    now: datetime, zone: str, quiet: tuple[time, time]
) -> None:
    opening = opens_at(now, zone, quiet)
    assert opening >= now
    assert not is_quiet(opening, zone, quiet)
    assert opening - now <= timedelta(hours=27)
    if opening > now:
        assert is_quiet(now, zone, quiet)


@given(now=moments, zone=zones)
def test_a_night_is_quiet_to_its_last_second(now: datetime, zone: str) -> None:
    opening = opens_at(now, zone, NIGHT)
    if opening > now:
        assert is_quiet(opening - timedelta(seconds=1), zone, NIGHT)
    else:
        begins = quiet_from(now, zone, NIGHT)
        assert begins is not None
        assert is_quiet(begins, zone, NIGHT)
        assert not is_quiet(begins - timedelta(seconds=1), zone, NIGHT)


@given(now=moments | changes, zone=zones, office=spans)
def test_the_office_is_open_when_it_opens(now: datetime, zone: str, office: tuple[time, time]) -> None:
    opening = next_opening(now, zone, office)
    assert opening >= now
    assert is_open(opening, zone, office)
    assert opening - now <= timedelta(days=4, hours=2)


@given(now=moments | changes, zone=zones)
def test_the_next_day_is_another_day_and_the_second_before_is_not(now: datetime, zone: str) -> None:
    midnight = next_day(now, zone)
    assert local_day(midnight, zone) > local_day(now, zone)
    assert local_day(midnight - timedelta(seconds=1), zone) == local_day(now, zone)


CHICAGO = "America/Chicago"
SATURDAY_NOON = datetime(2026, 11, 21, 18, tzinfo=UTC)
FRIDAY_4 = datetime(2026, 11, 20, 22, tzinfo=UTC)
MONDAY_8 = datetime(2026, 11, 23, 14, tzinfo=UTC)


@pytest.mark.parametrize(
    ("since", "hours", "expected"),
    [
        (MONDAY_8, 2, MONDAY_8 + timedelta(hours=2)),
        (MONDAY_8, 9, MONDAY_8 + timedelta(hours=9)),
        (MONDAY_8, 10, MONDAY_8 + timedelta(hours=25)),
        (MONDAY_8 - timedelta(hours=3), 2, MONDAY_8 + timedelta(hours=2)),
        (FRIDAY_4, 1, FRIDAY_4 + timedelta(hours=1)),
        (FRIDAY_4, 2, MONDAY_8 + timedelta(hours=1)),
        (SATURDAY_NOON, 8, MONDAY_8 + timedelta(hours=8)),
        (SATURDAY_NOON, 46, MONDAY_8 + timedelta(days=7, hours=1)),
    ],
)
def test_a_clock_that_stands_still_while_nobody_reads(since: datetime, hours: int, expected: datetime) -> None:
    assert after_reading(since, timedelta(hours=hours), workdays(CHICAGO, OFFICE)) == expected


@given(changes | moments, zones, st.sampled_from([OFFICE, NIGHT, (time(0), time(0))]), st.integers(1, 20))
def test_it_has_been_open_for_just_so_long(since: datetime, zone: str, office: tuple[time, time], hours: int) -> None:
    step = timedelta(minutes=5)
    since = since.replace(minute=since.minute // 5 * 5, second=0)
    end = after_reading(since, timedelta(hours=hours), workdays(zone, office))
    counted = sum(is_open(since + n * step, zone, office) for n in range((end - since) // step))
    # One step, since Newfoundland once changed its clocks a minute past midnight.
    assert abs(counted * step - timedelta(hours=hours)) <= step


SHORT_WEEK = Week(CHICAGO, ((time(8), time(12)), (time(8), time(12)), None, None, None, None, None))
MONDAY_11 = datetime(2026, 11, 23, 17, tzinfo=UTC)


def test_a_place_has_its_own_days() -> None:
    assert reads(MONDAY_11, SHORT_WEEK)
    assert next_closing(MONDAY_11, SHORT_WEEK) == MONDAY_11 + timedelta(hours=1)
    assert next_reading(MONDAY_11 + timedelta(days=1, hours=2), SHORT_WEEK) == datetime(2026, 11, 30, 14, tzinfo=UTC)


def test_a_holiday_is_no_day_to_read() -> None:
    week = Week(CHICAGO, SHORT_WEEK.days, frozenset({date(2026, 11, 23), date(2026, 11, 24)}))
    assert not reads(MONDAY_11, week)
    assert next_reading(MONDAY_11, week) == datetime(2026, 11, 30, 14, tzinfo=UTC)


def test_a_place_that_never_opens_has_no_opening() -> None:
    week = Week(CHICAGO, (None,) * 7)
    assert next_reading(MONDAY_11, week) is None
    assert after_reading(MONDAY_11, timedelta(hours=2), week) == MONDAY_11 + timedelta(hours=2)


def test_a_clock_stands_still_while_nobody_reads() -> None:
    assert after_reading(MONDAY_11, timedelta(hours=1), SHORT_WEEK) == MONDAY_11 + timedelta(hours=1)
    assert after_reading(MONDAY_11, timedelta(hours=2), SHORT_WEEK) == datetime(2026, 11, 24, 15, tzinfo=UTC)
    always = Week(CHICAGO, ((time(0), time(0)),) * 7)
    assert next_closing(MONDAY_11, always) is None
    assert after_reading(MONDAY_11, timedelta(days=9), always) == MONDAY_11 + timedelta(days=9)
