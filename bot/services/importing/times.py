"""Dates and times as exports write them: ISO 8601 or the clinic country's own form, never a guess between two."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time

from bot.core.localtimes import Instant, NoSuchLocalTime, instant
from bot.services.importing.cells import BadCell

DATE, MOMENT = "date", "date and time"
EARLIEST_YEAR = 2000
YEARS_AHEAD = 5
_OLDEST_PERSON = 125

_ISO_DATE = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_COMPACT_DATE = re.compile(r"(\d{4})(\d{2})(\d{2})")
_NUMERIC_DATE = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})")
_NAMED_DATE = re.compile(r"(?:(\d{1,2})[ -])?([A-Za-z]{3,9})\.?[ -](?:(\d{1,2}),? )?(\d{4}|\d{2})")
_MOMENT = re.compile(
    r"(?P<date>\S+|[A-Za-z]{3,9}\.? \d{1,2},? \d{4}|\d{1,2} [A-Za-z]{3,9}\.? \d{4})"
    r"(?:[ ,]+|[Tt])"
    r"(?P<hour>\d{1,2})(?::?(?P<minute>\d{2})(?::?(?P<second>\d{2})(?:[.,]\d+)?)?)?"
    r"\s*(?P<half>[AaPp]\.?[Mm]?\.?)?\s*(?P<offset>[Zz]|[+-]\d{2}(?::?\d{2})?)?"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_MONTH_FIRST = frozenset({"US"})


def read_moment(column: str, text: str, *, zone: str | None, country: str, now: datetime) -> Instant:
    """The instant that `text` names: by its own offset, else local to `zone`. Raises BadCell."""
    match = _MOMENT.fullmatch(text)
    if match is None:
        reason = "no time of day" if _looks_like_date(text) else "not of the form 2026-03-31T14:30"
        raise BadCell(column, MOMENT, reason)
    local = datetime.combine(_date(column, MOMENT, match["date"], country), _time(column, match))
    if offset := match["offset"]:
        found = Instant(_with_offset(column, local, offset))
    elif zone is None:
        raise BadCell(column, MOMENT, "local to a time zone that is not known")
    else:
        found = _local(column, local, zone)
    if not EARLIEST_YEAR <= found.at.year <= now.year + YEARS_AHEAD:
        raise BadCell(column, MOMENT, f"before {EARLIEST_YEAR} or more than {YEARS_AHEAD} years ahead")
    return found


def read_date(column: str, text: str, *, country: str, earliest: int = EARLIEST_YEAR, now: datetime) -> date:
    """The date that `text` names, ISO or the country's form; a midnight behind it is left out. Raises BadCell."""
    found = _date(column, DATE, re.sub(r"[T ]0{1,2}:00(?::00(?:\.0+)?)?(?: ?AM)?Z?$", "", text), country)
    if not earliest <= found.year <= now.year + YEARS_AHEAD:
        raise BadCell(column, DATE, f"before {earliest} or more than {YEARS_AHEAD} years ahead")
    return found


def read_birth_date(column: str, text: str, *, country: str, now: datetime) -> date:
    """A birth date: as `read_date`, a two-digit year meaning the past, in the country's own order. Raises BadCell."""
    match = _NUMERIC_DATE.fullmatch(text)
    if match and len(match[4]) == 2:
        century = now.year - now.year % 100
        year = century + int(match[4]) if century + int(match[4]) <= now.year else century - 100 + int(match[4])
        text = f"{match[1]}{match[2]}{match[3]}{match[2]}{year}"
    if match and country not in _MONTH_FIRST:
        day, mark, month, year_text = re.split(r"([/.-])", text)[0], match[2], match[3], text.rsplit(match[2], 1)[1]
        text = f"{year_text}-{month}-{day}" if mark else text
    found = read_date(column, text, country=country, earliest=now.year - _OLDEST_PERSON, now=now)
    if found > now.date():
        raise BadCell(column, DATE, "in the future")
    return found


def _looks_like_date(text: str) -> bool:
    return any(form.fullmatch(text) for form in (_ISO_DATE, _NUMERIC_DATE, _NAMED_DATE, _COMPACT_DATE))


def _date(column: str, kind: str, text: str, country: str) -> date:
    year, month, day = _date_parts(column, kind, text, country)
    try:
        return date(year, month, day)
    except ValueError:
        raise BadCell(column, kind, "no such day") from None


def _date_parts(column: str, kind: str, text: str, country: str) -> tuple[int, int, int]:
    if match := _ISO_DATE.fullmatch(text) or _COMPACT_DATE.fullmatch(text):
        return int(match[1]), int(match[2]), int(match[3])
    if match := _NUMERIC_DATE.fullmatch(text):
        return _numeric(column, kind, match, country)
    if (match := _NAMED_DATE.fullmatch(text)) and match[2][:3].lower() in _MONTHS and bool(match[1]) != bool(match[3]):
        return _year(match[4]), _MONTHS.index(match[2][:3].lower()) + 1, int(match[1] or match[3])
    raise BadCell(column, kind, "not of the form 2026-03-31" + ("T14:30" if kind == MOMENT else ""))


def _numeric(column: str, kind: str, match: re.Match[str], country: str) -> tuple[int, int, int]:
    first, second, year = int(match[1]), int(match[3]), _year(match[4])
    if country in _MONTH_FIRST and match[2] != ".":
        return year, first, second
    if first > 12 >= second:
        return year, second, first
    if second > 12 >= first and match[2] != ".":
        return year, first, second
    raise BadCell(column, kind, "day and month could be either way round: write 2026-03-31")


def _year(text: str) -> int:
    return int(text) if len(text) == 4 else EARLIEST_YEAR + int(text)


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
