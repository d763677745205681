"""What a page is given: sums over any period, and no group of too few people, whichever way one asks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import pytest

from bot.core.escalation import Priority
from bot.core.messages import MessageStatus
from bot.core.people import AppointmentStatus
from bot.services.reporting import reading, roll_up
from bot.services.reporting.reading import Asked, Detail, Line, Point
from tests.services.reporting.ledger import DAY, MONDAY, Ledger

ONLY_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
WEEK = Asked(first=DAY - timedelta(days=6), last=DAY)


def seen(ledger: Ledger, asked: Asked, name: str) -> Line:
    with ledger.clinic.database.read() as connection:
        return next(line for line in reading.overview(connection, asked) if line.measure.name == name)


def closely(ledger: Ledger, asked: Asked, name: str = "no_show") -> Detail:
    with ledger.clinic.database.read() as connection:
        return reading.detail(connection, name, asked)


def shown(points: Sequence[Point]) -> dict[str, tuple[int, int] | None]:
    return {point.name: None if point.is_hidden else (point.numerator, point.denominator) for point in points}


def visits(ledger: Ledger, count: int, *, location: str = "Main St", language: str = "en", missed: int = 0) -> None:
    """So many people came on Monday, and so many of them did not."""
    for number in range(count):
        name = f"{location} {language} {number}"
        ledger.patient(name, language=language)
        status = AppointmentStatus.NOSHOW if number < missed else AppointmentStatus.FULFILLED
        ledger.visit(f"V {name}", name, location=location, status=status)


@pytest.fixture
def busy(ledger: Ledger) -> Ledger:
    """Two places, three languages, and few who speak the third."""
    visits(ledger, 40, missed=4)
    visits(ledger, 15, language="es", missed=3)
    visits(ledger, 3, language="vi", missed=1)
    visits(ledger, 30, location="Elm St", missed=2)
    visits(ledger, 12, location="Elm St", language="es")
    roll_up.run_all(ledger.clinic)
    return ledger


def test_a_period_is_summed_and_compared_with_the_one_before(ledger: Ledger) -> None:
    ledger.patient("ana")
    ledger.sent("ana")
    ledger.sent("ana", at=MONDAY - timedelta(days=2), status=MessageStatus.FAILED)
    ledger.sent("ana", at=MONDAY - timedelta(days=8))
    roll_up.run_all(ledger.clinic)
    line = seen(ledger, WEEK, "delivery")
    assert (line.now.numerator, line.now.denominator, line.now.value) == (1, 2, 0.5)
    assert (line.before.numerator, line.before.denominator) == (1, 1)
    assert [point.denominator for point in line.series] == [0, 0, 0, 0, 1, 0, 1]
    assert line.now.interval is not None


def test_a_year_read_by_months_is_the_same_as_by_days(ledger: Ledger) -> None:
    for name in ("ana", "ben"):
        ledger.patient(name)
        for back in (1, 20, 40, 80, 200, 364):
            ledger.sent(name, at=MONDAY - timedelta(days=back), segments=2)
    roll_up.run_all(ledger.clinic)
    year = Asked(first=DAY - timedelta(days=364), last=DAY)
    line = seen(ledger, year, "segments")
    assert (line.now.numerator, line.now.denominator) == (24, 12)
    assert sum(point.denominator for point in line.series) == 12
    assert [point.name for point in line.series][:2] == ["2025-11-01", "2025-12-01"]
    with ledger.clinic.database.read() as connection:
        assert list(reading._spans(connection, year.first, year.last, monthly=True).values()) == [
            [(date(2025, 12, 1), date(2026, 10, 1))],
            [(date(2025, 11, 24), date(2025, 11, 30)), (date(2026, 11, 1), DAY)],
        ]


def test_few_who_speak_a_language_are_not_shown_nor_worked_out(busy: Ledger) -> None:
    everywhere = closely(busy, WEEK)
    assert (everywhere.line.now.numerator, everywhere.line.now.denominator) == (10, 100)
    assert shown(everywhere.by_language) == {"en": (6, 70), "es": None, "vi": None}
    assert shown(everywhere.by_location) == {"Elm St": (2, 42), "Main St": (8, 58)}
    main = closely(busy, Asked(first=WEEK.first, last=DAY, location="Main St"))
    assert shown(main.by_language) == {"en": (4, 40), "es": None, "vi": None}
    assert shown(main.by_age) == {"65-79": (8, 58)}
    assert main.by_location == ()


def test_a_filter_shows_nothing_that_all_less_the_rest_would_give(busy: Ledger) -> None:
    # Spanish everywhere is hidden for Vietnamese' sake, so not every place may show it.
    found = [
        seen(busy, Asked(first=WEEK.first, last=DAY, location=location, language="es"), "no_show").now
        for location in ("Main St", "Elm St")
    ]
    assert [point.is_hidden for point in found] == [True, False]
    assert seen(busy, Asked(first=WEEK.first, last=DAY, language="es"), "no_show").now.is_hidden
    assert seen(busy, Asked(first=WEEK.first, last=DAY, language="vi"), "no_show").now.is_hidden
    assert not seen(busy, Asked(first=WEEK.first, last=DAY, language="en"), "no_show").now.is_hidden
    vietnamese = closely(busy, Asked(first=WEEK.first, last=DAY, language="vi"))
    assert vietnamese.line.now.is_hidden
    assert not any(point.numerator or point.denominator for point in (*vietnamese.by_age, *vietnamese.line.series))


def test_an_account_of_one_place_sees_its_own(busy: Ledger) -> None:
    asked = Asked(first=WEEK.first, last=DAY, places=("Elm St",))
    assert seen(busy, asked, "no_show").now.denominator == 42
    assert shown(closely(busy, asked).by_language) == {"en": (2, 30), "es": (0, 12)}
    assert shown(closely(busy, asked).by_location) == {"Elm St": (2, 42)}


@ONLY_SQLITE
def test_templates_are_shown_however_few_they_went_to_but_not_by_language(ledger: Ledger) -> None:
    for number in range(13):
        name = ledger.patient(f"P{number}", language="es" if number < 2 else "en")
        ledger.sent(name, kind="recall/invite")
    ledger.sent("P0", kind="survey/feedback")
    roll_up.run_all(ledger.clinic)
    everyone = closely(ledger, WEEK, "delivery")
    assert shown(everyone.by_part) == {"recall/invite": (13, 13), "survey/feedback": (1, 1)}
    spanish = closely(ledger, Asked(first=WEEK.first, last=DAY, language="es"), "delivery")
    assert set(shown(spanish.by_part).values()) == {None}


@ONLY_SQLITE
def test_half_and_nineteen_in_twenty_are_answered_within(ledger: Ledger) -> None:
    for number in range(20):
        minutes = 4 if number < 12 else 50 if number < 19 else 600
        name = ledger.patient(f"P{number}")
        ledger.case(name, Priority.URGENT, claimed_at=MONDAY + timedelta(minutes=minutes))
    roll_up.run_all(ledger.clinic)
    assert closely(ledger, WEEK, "answer_time").spread == {"urgent": (5, 60)}
