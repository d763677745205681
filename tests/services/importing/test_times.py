"""Dates and times as exports write them."""

# ruff: noqa: DTZ001 - naive local times are what is compared
from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.services.importing.cells import BadCell
from bot.services.importing.times import read_birth_date, read_date, read_moment

NOW = datetime(2026, 11, 23, tzinfo=UTC)
ZONE = ZoneInfo("America/Chicago")


def moment(text: str, country: str = "US") -> datetime:
    return read_moment("starts_at", text, zone="America/Chicago", country=country, now=NOW).at


def tried(text: str) -> datetime | str:
    """The moment, or why there is none."""
    try:
        return moment(text)
    except BadCell as error:
        return str(error)


@pytest.mark.parametrize(
    "text",
    [
        "2026-12-01T14:30",
        "2026-12-01 14:30",
        "2026-12-01T14:30:00",
        "2026-12-01t14:30:00.000",
        "20261201T1430",
        "2026-12-01T20:30Z",
        "2026-12-01T14:30:00-06:00",
        "2026-12-01T14:30-0600",
        "2026-12-01 15:30:00 -05",
        "2026-12-01 2:30 PM",
        "12/01/2026 2:30 PM",
        "12/1/2026 2:30:00 pm",
        "12/1/2026 2:30p",
        "12/1/2026 14:30",
        "12-01-2026 02:30PM",
        "12/1/26 2:30 p.m.",
        "12/1/2026, 2:30 PM",
        "Dec 1, 2026 2:30 PM",
        "1 December 2026 14:30",
        "1-Dec-2026 14:30",
    ],
)
def test_one_moment_in_many_hands(text: str) -> None:
    assert moment(text) == datetime(2026, 12, 1, 20, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "not of the form"),
        ("soon", "not of the form"),
        ("2026-12-01", "no time of day"),
        ("12/01/2026", "no time of day"),
        ("2026-02-30T14:30", "no such day"),
        ("25/12/2026 14:30", "no such day"),
        ("01.12.2026 14:30", "either way round"),
        ("2026-12-01T25:00", "no such time"),
        ("2026-12-01 13:30 PM", "no such time"),
        ("2026-12-01T14:30+99:00", "no such offset"),
        ("2026-12-01 14", "no minutes"),
        ("1999-12-01T14:30", "before 2000"),
        ("2033-12-01T14:30", "5 years"),
        ("2027-03-14T02:30", "does not exist"),
        ("46357.604166", "not of the form"),
    ],
)
def test_what_is_refused(text: str, why: str) -> None:
    with pytest.raises(BadCell, match=why):
        moment(text)


def test_outside_the_us_only_what_can_be_read_one_way() -> None:
    assert moment("25/12/2026 14:30", "GB") == datetime(2026, 12, 25, 20, 30, tzinfo=UTC)
    assert moment("25.12.2026 14:30", "DE") == datetime(2026, 12, 25, 20, 30, tzinfo=UTC)
    with pytest.raises(BadCell, match="either way round"):
        moment("03/04/2026 14:30", "GB")


def test_without_a_zone_only_an_offset_helps() -> None:
    assert read_moment("x", "2026-12-01T20:30Z", zone=None, country="US", now=NOW).at.hour == 20
    with pytest.raises(BadCell, match="time zone"):
        read_moment("x", "2026-12-01T20:30", zone=None, country="US", now=NOW)


@given(at=st.datetimes(min_value=datetime(2001, 1, 1), max_value=datetime(2030, 1, 1)))
def test_iso_comes_back_where_clocks_neither_skip_nor_repeat(at: datetime) -> None:
    at = at.replace(second=0, microsecond=0)
    found = tried(at.isoformat())
    if isinstance(found, datetime):
        assert found.astimezone(ZONE).replace(tzinfo=None) == at
    else:
        assert "does not exist" in found


@given(text=st.text(alphabet="0123456789/-.:T ZapmAM+é٣", max_size=24))
def test_anything_is_a_moment_or_refused(text: str) -> None:
    found = tried(text)
    if isinstance(found, datetime):
        assert found.tzinfo is UTC
    else:
        # The reason shows a form to follow; what was given is not in it.
        assert len(text) < 4 or text not in found.replace("2026-03-31T14:30", "")


@pytest.mark.parametrize(
    ("text", "country", "born"),
    [
        ("1970-01-31", "US", date(1970, 1, 31)),
        ("01/31/1970", "US", date(1970, 1, 31)),
        ("1/31/70", "US", date(1970, 1, 31)),
        ("1/31/26", "US", date(2026, 1, 31)),
        ("1/31/27", "US", date(1927, 1, 31)),
        ("19700131", "US", date(1970, 1, 31)),
        ("1970-01-31 00:00:00", "US", date(1970, 1, 31)),
        ("1/31/1970 0:00", "US", date(1970, 1, 31)),
        ("31/01/1970", "GB", date(1970, 1, 31)),
        ("1970/01/31", "US", date(1970, 1, 31)),
        ("1/31/1970 12:00:00 AM", "US", date(1970, 1, 31)),
        ("31.1.70", "DE", date(1970, 1, 31)),
        ("Jan 31, 1970", "US", date(1970, 1, 31)),
    ],
)
def test_birth_dates(text: str, country: str, born: date) -> None:
    assert read_birth_date("birth_date", text, country=country, now=NOW) == born


@pytest.mark.parametrize("text", ["2090-01-01", "1/31/1870", "31/31/1970", "unknown", "2026-12-01", "1970"])
def test_birth_dates_that_are_none(text: str) -> None:
    with pytest.raises(BadCell):
        read_birth_date("birth_date", text, country="US", now=NOW)


def test_a_birth_date_that_may_be_two_is_none_outside_the_us() -> None:
    with pytest.raises(BadCell, match="either way round"):
        read_birth_date("birth_date", "03/04/1970", country="GB", now=NOW)


def test_due_dates() -> None:
    assert read_date("due_date", "12/31/2026", country="US", now=NOW) == date(2026, 12, 31)
    with pytest.raises(BadCell, match="years ahead"):
        read_date("due_date", "2050-01-01", country="US", now=NOW)
