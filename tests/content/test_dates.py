"""Days and times in words, on a 12-hour clock."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from babel import Locale

from bot.content.dates import Dates, words
from bot.content.messages import Messages

CHICAGO = ZoneInfo("America/Chicago")
MESSAGES = Messages.load()

# CLDR's word list is a fair witness where it has the language right; it may abbreviate with a full stop.
WITNESSES = {
    "en": "en_US",
    "es": "es_US",
    "ar": "ar",
    "fa": "fa",
    "fr": "fr",
    "hi": "hi",
    "ko": "ko",
    "pt": "pt_BR",
    "ru": "ru",
    "tl": "fil",
    "vi": "vi",
    "zh-Hans": "zh_Hans",
    "zh-Hant": "zh_Hant",
}


def at(hour: int, minute: int = 0, *, day: int = 14) -> datetime:
    return datetime(2026, 10, day, hour, minute, tzinfo=CHICAGO)


@pytest.mark.parametrize(
    ("language", "moment", "expected"),
    [
        ("en", at(14, 30), "Wed Oct 14 at 2:30 PM"),
        ("en", at(0, 5), "Wed Oct 14 at 12:05 AM"),
        ("en", at(12), "Wed Oct 14 at 12:00 PM"),
        ("es", at(14, 30), "mié 14 de oct a las 2:30 PM"),
        ("es", at(13, 15), "mié 14 de oct a la 1:15 PM"),
        ("es", at(9, day=17), "sáb 17 de oct a las 9:00 AM"),
        ("ht", at(14, 30), "mèkredi 14 oktòb a 2:30 PM"),
        ("zh-Hans", at(14, 30), "10月14日周三 2:30 PM"),
        ("vi", at(14, 30), "2:30 PM thứ Tư 14 tháng 10"),
        ("ar", at(14, 30), "الأربعاء 14 أكتوبر الساعة \u20662:30 PM\u2069"),
    ],
)
def test_phrases(language: str, moment: datetime, expected: str) -> None:
    assert MESSAGES.language(language).dates.moment(moment).when == expected


def test_opening_names_the_weekday() -> None:
    assert MESSAGES.language("en").dates.moment(at(8)).opening == "Wed at 8:00 AM"


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        MESSAGES.language("en").dates.moment(datetime(2026, 10, 14, 9))  # noqa: DTZ001


def test_the_same_instant_in_two_zones_reads_as_two_wall_times() -> None:
    dates = MESSAGES.language("en").dates
    assert dates.moment(at(14)).time == "2:00 PM"
    assert dates.moment(at(14).astimezone(ZoneInfo("America/New_York"))).time == "3:00 PM"


@pytest.mark.parametrize("tag", MESSAGES.languages())
def test_every_hour_says_am_or_pm_and_has_no_odd_space(tag: str) -> None:
    dates = MESSAGES.language(tag).dates
    for hour in range(24):
        moment = dates.moment(at(hour, 7))
        assert f"{hour % 12 or 12}:07" in moment.time
        assert ("AM" if hour < 12 else "PM") in moment.time
        assert not any(space in moment.when for space in "\u00a0\u202f\u2009")


@pytest.mark.parametrize(("tag", "locale"), WITNESSES.items())
def test_weekdays_and_months_are_in_order(tag: str, locale: str) -> None:
    """A word in the wrong place sends a patient on the wrong day."""
    cldr = Locale.parse(locale)
    dates = MESSAGES.language(tag).dates
    for day in range(5, 12):  # 5 October 2026 is a Monday
        weekday = datetime(2026, 10, day, tzinfo=CHICAGO).weekday()
        words_of_day = dates.moment(at(9, day=day)).day.casefold()
        known = [cldr.days["format"][width][weekday].casefold().rstrip(".") for width in ("abbreviated", "wide")]
        assert any(word in words_of_day for word in known), (weekday, words_of_day)
    for month in range(1, 13):
        words_of_day = dates.moment(datetime(2026, month, 1, 9, tzinfo=CHICAGO)).day.casefold()
        known = [cldr.months["format"][width][month].casefold()[:3] for width in ("abbreviated", "wide")]
        assert any(word in words_of_day for word in known), (month, words_of_day)


def test_a_table_with_a_missing_weekday_is_refused() -> None:
    table = {"weekdays": ["a"] * 6, "months": ["b"] * 12, "day": "", "time": "", "clock": "", "when": "", "opening": ""}
    with pytest.raises(ValueError, match="weekdays needs 7"):
        words(table)


def test_a_pattern_with_an_unknown_part_is_refused() -> None:
    table = {"weekdays": ["a"] * 7, "months": ["b"] * 12, "day": "{weekday}", "time": "{hour}", "clock": "{time}"}
    with pytest.raises(KeyError, match="tiem"):
        Dates(words({**table, "when": "{tiem}", "opening": "{clock}"}))
