"""The night's work: every day's figures, worked out anew while outcomes still arrive, and months once they are over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy import Connection

from bot.core.figures import Count, Group, Key, Tally, packed, unpacked
from bot.core.reports import MEASURES
from bot.services.clinic import Clinic
from bot.services.reporting.help import count_help
from bot.services.reporting.loops import count_discharges, count_recalls, count_referrals
from bot.services.reporting.people import People
from bot.services.reporting.texts import count_heard, count_opt_outs, count_texts
from bot.services.reporting.visits import count_visits
from bot.store.columns import AnyRow
from bot.store.database import DatabaseDown, once_more
from bot.store.queries import report_facts as facts
from bot.store.queries import reports as queries
from bot.store.tables import Cut, Grain

log = structlog.get_logger()

LATE_DAYS: Final = 14
"""So long after a day its outcomes still arrive: the ends of visits, answers, opt-outs, deliveries."""
BACK_DAYS: Final = 400
"""So far back days are worked out that never were."""
FRESH: Final = timedelta(minutes=1)
"""So old today's figures get."""
EMPTY: Final = ""


def run_next(clinic: Clinic, now: datetime) -> bool:
    """Work out the one day or month that is due first; whether there was one. For the scheduler's every round.

    One that fails is passed over until it is due again, the next night: planning must not suffer from it.
    """
    found = next_due(clinic, now)
    if found is None:
        return False
    try:
        _run(clinic, *found, now=now)
    except DatabaseDown:
        raise
    except Exception as error:
        log.error("figures could not be worked out", kind=found[0], error=type(error).__name__)
        with clinic.database.begin() as connection:
            queries.claim(connection, *found, at=now)
    return True


def run_all(clinic: Clinic, *, since: date | None = None) -> int:
    """Work out everything that is due, and all days from that one on whether due or not; how many days and months."""
    done, now = 0, clinic.clock()
    for grain, day in _all_since(since, today_of(clinic, now)) if since is not None else ():
        _run(clinic, grain, day, now=now)
        done += 1
    while (found := next_due(clinic, now)) is not None:
        _run(clinic, *found, now=now)
        done += 1
    return done


def today_of(clinic: Clinic, now: datetime) -> date:
    """The clinic's calendar day."""
    return now.astimezone(ZoneInfo(clinic.settings.clinic_timezone)).date()


def next_due(clinic: Clinic, now: datetime) -> tuple[Grain, date] | None:
    """What is to be worked out next: the latest day that is due; months once no day is."""
    today = today_of(clinic, now)
    with clinic.database.read() as connection:
        rolled = queries.rolled(connection, Grain.DAY, today - timedelta(days=BACK_DAYS))
        begun = _began(clinic, connection, today)
        for back in range((today - begun).days + 1):
            day = today - timedelta(days=back)
            if day not in rolled or rolled[day] < _good_until(clinic, day, today, now):
                return Grain.DAY, day
        months = queries.rolled(connection, Grain.MONTH, begun.replace(day=1))
    for month in _months(begun, today):
        latest = max(at for day, at in rolled.items() if day.replace(day=1) == month)
        if month not in months or months[month] < latest:
            return Grain.MONTH, month
    return None


def _good_until(clinic: Clinic, day: date, today: date, now: datetime) -> datetime:
    """When a day's figures must have been worked out not to be due: a while ago, today, or after its last outcomes."""
    if day == today:
        return now - FRESH
    return span_of(clinic, min(today, day + timedelta(days=LATE_DAYS)))[0]


def _began(clinic: Clinic, connection: Connection, today: date) -> date:
    first = facts.earliest(connection)
    begun = today if first is None else today_of(clinic, first)
    return min(max(begun, today - timedelta(days=BACK_DAYS)), today)


def _months(begun: date, today: date) -> Iterator[date]:
    """The months that are over, since the clinic began."""
    month = begun.replace(day=1)
    while month < today.replace(day=1):
        yield month
        month = next_month(month)


def next_month(month: date) -> date:
    """The first day of the month after that one."""
    return (month.replace(day=1) + timedelta(days=32)).replace(day=1)


def _all_since(first: date, today: date) -> Iterator[tuple[Grain, date]]:
    for n in range((today - first).days + 1):
        yield Grain.DAY, first + timedelta(days=n)
    for month in _months(first, today):
        yield Grain.MONTH, month


def span_of(clinic: Clinic, day: date) -> tuple[datetime, datetime]:
    """From when until when it is that day at the clinic."""
    zone = ZoneInfo(clinic.settings.clinic_timezone)
    first, end = (datetime.combine(d, time.min, zone).astimezone(UTC) for d in (day, day + timedelta(days=1)))
    return first, end


@once_more
def _run(clinic: Clinic, grain: Grain, day: date, *, now: datetime) -> None:
    # Read first, then written: on SQLite whoever writes keeps everybody else from it.
    if grain is Grain.DAY:
        rows = list(rows_of_day(figures_of(clinic, day, now), day))
    else:
        with clinic.database.read() as connection:
            rows = list(_rows_of_month(connection, day))
    with clinic.database.begin() as connection:
        queries.claim(connection, grain, day, at=now)
        queries.replace(connection, grain, day, measures=tuple(MEASURES), rows=rows)


def figures_of(clinic: Clinic, day: date, now: datetime) -> Count:
    """Everything that counts in that day."""
    count, (since, until) = Count(), span_of(clinic, day)
    with clinic.database.read() as connection:
        people = People(connection, clinic.vault, day)
        count_texts(connection, count, people, since, until)
        count_heard(connection, count, people, since, until)
        count_opt_outs(connection, count, people, since, until)
        count_visits(connection, count, people, since, until)
        count_recalls(connection, count, people, since, until)
        count_referrals(connection, count, people, since, until)
        count_discharges(clinic, connection, count, people, since, until)
        count_help(connection, count, people, since, until, now=now)
    return count


def rows_of_day(count: Count, day: date) -> Iterator[dict[str, Any]]:
    """The rows of a day: all ages and parts together, then by age, then by part."""
    kept: dict[tuple[Cut, Key], Tally] = {}
    for key, tally in count.tallies.items():
        total = key._replace(part=EMPTY, group=key.group._replace(age_band=EMPTY))
        _merge(kept, (Cut.TOTAL, total), tally)
        _merge(kept, (Cut.AGE, key._replace(part=EMPTY)), tally)
        if key.part or MEASURES[key.measure].parts is not None:
            _merge(kept, (Cut.PART, key._replace(group=total.group)), tally)
    return (_row(cut, Grain.DAY, day, key, tally) for (cut, key), tally in kept.items())


def _rows_of_month(connection: Connection, month: date) -> Iterator[dict[str, Any]]:
    kept: dict[tuple[Cut, Key], Tally] = {}
    last = next_month(month) - timedelta(days=1)
    for cut in Cut:
        for row in queries.of_month(connection, cut, tuple(MEASURES), month, last):
            tally = kept.setdefault((cut, key_of(row)), Tally())
            tally.add(row.numerator, row.denominator, unpacked(row.people))
    return (_row(cut, Grain.MONTH, month, key, tally) for (cut, key), tally in kept.items())


def key_of(row: AnyRow) -> Key:
    """What a row counts, of which group."""
    return Key(row.measure, row.part, Group(row.location, row.language, row.age_band))


def _merge(kept: dict[tuple[Cut, Key], Tally], at: tuple[Cut, Key], tally: Tally) -> None:
    kept.setdefault(at, Tally()).add(tally.numerator, tally.denominator, tally.people)


def _row(cut: Cut, grain: Grain, day: date, key: Key, tally: Tally) -> dict[str, Any]:
    return {
        "cut": cut,
        "grain": grain,
        "measure": key.measure,
        "day": day,
        "location": key.group.location,
        "language": key.group.language,
        "age_band": key.group.age_band,
        "part": key.part,
        "numerator": tally.numerator,
        "denominator": tally.denominator,
        "people": packed(tally.people),
    }
