"""Local times in zones whose clocks change."""

# ruff: noqa: DTZ001 - naive local times are what is tested here

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.core.localtimes import NoSuchLocalTime, instant, zone_name

CHICAGO = "America/Chicago"


def test_an_ordinary_time() -> None:
    found = instant(datetime(2026, 7, 1, 14, 30), CHICAGO)
    assert found.at == datetime(2026, 7, 1, 19, 30, tzinfo=UTC)
    assert not found.repeated


@pytest.mark.parametrize("minute", [0, 30, 59])
def test_a_time_that_clocks_skip_never_is(minute: int) -> None:
    with pytest.raises(NoSuchLocalTime, match="America/Chicago"):
        instant(datetime(2027, 3, 14, 2, minute), CHICAGO)


def test_the_edges_of_the_gap_exist() -> None:
    assert instant(datetime(2027, 3, 14, 1, 59), CHICAGO).at == datetime(2027, 3, 14, 7, 59, tzinfo=UTC)
    assert instant(datetime(2027, 3, 14, 3, 0), CHICAGO).at == datetime(2027, 3, 14, 8, 0, tzinfo=UTC)


def test_of_a_repeated_hour_the_first_is_taken() -> None:
    found = instant(datetime(2026, 11, 1, 1, 30), CHICAGO)
    assert found.repeated
    assert found.at == datetime(2026, 11, 1, 6, 30, tzinfo=UTC)
    assert not instant(datetime(2026, 11, 1, 2, 0), CHICAGO).repeated


def test_half_hour_shifts_too() -> None:
    with pytest.raises(NoSuchLocalTime):
        instant(datetime(2026, 10, 4, 2, 15), "Australia/Lord_Howe")
    assert instant(datetime(2026, 4, 5, 1, 45), "Australia/Lord_Howe").repeated


def test_an_offset_is_refused() -> None:
    with pytest.raises(ValueError, match="no offset"):
        instant(datetime(2026, 7, 1, tzinfo=UTC), CHICAGO)


@given(
    at=st.datetimes(min_value=datetime(2000, 1, 1), max_value=datetime(2040, 1, 1), timezones=st.just(UTC)),
    zone=st.sampled_from(
        [CHICAGO, "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "America/Phoenix", "UTC"]
    ),
)
def test_every_instant_comes_back_unless_its_local_time_repeats(at: datetime, zone: str) -> None:
    found = instant(at.astimezone(ZoneInfo(zone)).replace(tzinfo=None, fold=0), zone)
    assert found.at == at or (found.repeated and found.at < at)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("America/Chicago", "America/Chicago"),
        ("america/new_york", "America/New_York"),
        ("America/New York", "America/New_York"),
        (" US/Central ", "US/Central"),
        ("utc", "UTC"),
        ("Central", None),
        ("America", None),
        ("../../etc/passwd", None),
        ("localtime", None),
        ("", None),
    ],
)
def test_zone_names(text: str, name: str | None) -> None:
    assert zone_name(text) == name
