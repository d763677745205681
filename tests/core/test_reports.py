"""Measures: what is divided by what, in which band somebody is, and within how long half was answered."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from bot.core import reports
from bot.core.reports import AGE_BANDS, MEASURES, age_band, spread_part, within

BORN = date(1961, 4, 17)
DOCUMENT = Path(__file__).parents[2] / "docs/reports.md"


def test_every_measure_stands_in_the_document_as_the_console_defines_it() -> None:
    text = DOCUMENT.read_text()
    for measure in MEASURES.values():
        told = f"| `{measure.name}` | {measure.title} | {measure.definition} | " in text
        assert told is measure.shown, measure.name


def test_a_value_is_the_numerator_by_its_unit() -> None:
    assert reports.NO_SHOW.value(3, 12) == 0.25
    assert reports.NO_SHOW.value(0, 0) is None
    assert reports.OPT_OUT.value(2, 400) == 5
    assert reports.SEGMENTS.value(801, 606) == 801
    assert reports.ANSWER_TIME.value(1800, 2) == 15
    assert reports.REFERRAL_DAYS.value(3 * 86_400, 2) == 1.5


@pytest.mark.parametrize(
    ("born", "on", "band"),
    [
        (BORN, date(2026, 4, 16), "50-64"), (BORN, date(2026, 4, 17), "65-79"),
        (date(2008, 2, 29), date(2026, 2, 28), "0-17"),
        (date(2008, 2, 29), date(2026, 3, 1), "18-34"), (date(1940, 1, 1), date(2026, 1, 1), "80+"),
        (None, date(2026, 1, 1), ""),
        (date(2027, 1, 1), date(2026, 1, 1), ""), (date(2026, 1, 1), date(2026, 1, 1), "0-17"),
    ],
)  # fmt: skip
def test_the_band_is_that_of_the_age_on_the_day(born: date | None, on: date, band: str) -> None:
    assert age_band(born, on) == band
    assert band in ("", *AGE_BANDS)


def test_half_is_answered_within_the_step_that_holds_it() -> None:
    assert spread_part("urgent", 4.2) == "urgent|5"
    assert spread_part("routine", 20_000) == "routine|0"
    assert within({5: 6, 60: 4}, 0.5) == 5
    assert within({5: 6, 60: 4}, 0.95) == 60
    assert within({0: 1}, 0.5) == 0
    assert within({}, 0.5) is None
