"""Dates and times as exports write them: ISO 8601 or the clinic country's own form, never a guess between two."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from bot.core.localtimes import Instant, NoSuchLocalTime, instant
from bot.services.importing.cells import BadCell

DATE, MOMENT = "date", "date and time"
EARLIEST_YEAR = 2000
YEARS_AHEAD = 5
_OLDEST_PERSON = 125

_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})|(\d{4})/(\d{1,2})/(\d{1,2})")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERIC_DATE = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})")
_NAMED_DATE = re.compile(r"(?:(\d{1,2})[ -])?([A-Za-z]{3,9})\.?[ -](?:(\d{1,2}),? )?(\d{4}|\d{2})")
_MOMENT = re.compile(
    r"(?P<date>[^\s,]+|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}|\d{1,2} [A-Za-z]{3,9}\.? \d{4})"
    r"(?:[ ,]+|[Tt])"
    r"(?P<hour>\d{1,2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]?\.?)?\s*(?P<offset>[Zz]|[+-]\d{2}(?::?\d{2})?)?"
)
_MIDNIGHT = re.compile(r"(?:[T ]0{1,2}:00(?::00(?:\.0+)?)?(?: ?AM)?Z?| 12:00(?::00)? ?AM)$", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_FIRST = frozenset({"US"})


@dataclass(frozen=True, slots=True)
class _Form:
    """How numeric dates are read: whether the month is known to come first, and what two-digit years mean."""

    month_first: bool
    latest_year: int

    @classmethod
    def of_moments(cls, country: str) -> _Form:
        """Elsewhere than in the US exports follow no one order, and a visit on the wrong day is worse than none."""
        return cls(country in _MONTH_FIRST, EARLIEST_YEAR + 99)

    @classmethod
    def of_birth_dates(cls, country: str, now: datetime) -> _Form:
        """As of moments; two digits of a year mean the past."""
        return cls(country in _MONTH_FIRST, now.year)

    def year(self, text: str) -> int:
        """The year of four digits, or of two."""
        if len(text) == 4:
            return int(text)
        return year if (year := EARLIEST_YEAR + int(text)) <= self.latest_year else year - 100


def read_moment(column: str, text: str, *, zone: str | None, country: str, now: datetime) -> Instant:
    """The instant that `text` names: by its own offset, else local to `zone`. Raises BadCell."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        reason = "no time of day" if is_only_date(text) else "not of the form 2026-03-31T14:30"
        raise BadCell(column, MOMENT, reason)
    day = _date(column, MOMENT, match["date"], _Form.of_moments(country))
    local = datetime.combine(day, _time(column, match))
    if offset := match["offset"]:
        found = Instant(_with_offset(column, local, offset))
    elif zone is None:
        raise BadCell(column, MOMENT, "local to a time zone that is not known")
    else:
        found = _local(column, local, zone)
    if not EARLIEST_YEAR <= found.at.year <= now.year + YEARS_AHEAD:
        raise BadCell(column, MOMENT, f"before {EARLIEST_YEAR} or more than {YEARS_AHEAD} years ahead")
    return found


def read_date(column: str, text: str, *, country: str, now: datetime) -> date:
    """The date that `text` names, ISO or MM/DD/YYYY in the US; a midnight behind it is left out. Raises BadCell."""
    found = _date(column, DATE, _MIDNIGHT.sub("", text), _Form.of_moments(country))
    if not EARLIEST_YEAR <= found.year <= now.year + YEARS_AHEAD:
        raise BadCell(column, DATE, f"before {EARLIEST_YEAR} or more than {YEARS_AHEAD} years ahead")
    return found


def read_birth_date(column: str, text: str, *, country: str, now: datetime) -> date:
    """A birth date, ISO or MM/DD/YYYY in the US; a midnight behind it is left out. Raises BadCell."""
    found = _date(column, DATE, _MIDNIGHT.sub("", text), _Form.of_birth_dates(country, now))
    if found > now.date():
        raise BadCell(column, DATE, "in the future")
    if found.year < now.year - _OLDEST_PERSON:
        raise BadCell(column, DATE, f"more than {_OLDEST_PERSON} years ago")
    return found


def is_only_date(text: str) -> bool:
    """Whether that is a day without a time of day."""
    return any(form.fullmatch(text) for form in (_ISO_DATE, _NUMERIC_DATE, _NAMED_DATE, _COMPACT_DATE))


def _date(column: str, kind: str, text: str, form: _Form) -> date:
    year, month, day = _date_parts(column, kind, text, form)
    try:
        return date(year, month, day)
    except ValueError:
        raise BadCell(column, kind, "no such day") from None


def _date_parts(column: str, kind: str, text: str, form: _Form) -> tuple[int, int, int]:
    if match := _ISO_DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text):
        year, month, day = filter(None, match.groups())
        return int(year), int(month), int(day)
    if match := _NUMERIC_DATE.fullmatch(text):
        return _numeric(column, kind, match, form)
    if (match := _NAMED_DATE.fullmatch(text)) and match[2][:3].lower() in _MONTHS and bool(match[1]) != bool(match[3]):
        return form.year(match[4]), _MONTHS.index(match[2][:3].lower()) + 1, int(match[1] or match[3])
    raise BadCell(column, kind, "not of the form 2026-03-31" + ("T14:30" if kind == MOMENT else ""))


def _numeric(column: str, kind: str, match: re.Match[str], form: _Form) -> tuple[int, int, int]:
    first, second, year = int(match[1]), int(match[3]), form.year(match[4])
    # Dots stand between day and month, never the other way round in the US manner.
    dotted = match[2] == "."
    if form.month_first and not dotted:
        return year, first, second
    if first > 12 >= second:
        return year, second, first
    if second > 12 >= first and not dotted:
        return year, first, second
    raise BadCell(column, kind, "day and month could be either way round: write 2026-03-31")


def _time(column: str, match: re.Match[str]) -> time:
    hour, half = int(match["hour"]), (match["half"] or "").lower()[:1]
    if match["minute"] is None and not half:
        raise BadCell(column, MOMENT, "no minutes")
    if half:
        if not 1 <= hour <= 12:
            raise BadCell(column, MOMENT, "no such time of day")
        hour = hour % 12 + (12 if half == "p" else 0)
    try:
        return time(hour, int(match["minute"] or 0), int(match["second"] or 0))
    except ValueError:
        raise BadCell(column, MOMENT, "no such time of day") from None


def _with_offset(column: str, local: datetime, offset: str) -> datetime:
    try:
        text = "+00:00" if offset in "Zz" else offset
        return datetime.fromisoformat(f"{local.isoformat()}{text}").astimezone(UTC)
    except (ValueError, OverflowError):
        raise BadCell(column, MOMENT, "no such offset") from None


def _local(column: str, local: datetime, zone: str) -> Instant:
    try:
        return instant(local, zone)
    except NoSuchLocalTime as error:
        raise BadCell(column, MOMENT, str(error)) from None
    except OverflowError:
        raise BadCell(column, MOMENT, "no such day") from None
