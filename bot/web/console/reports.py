"""Reports: what a director asks, each number with its definition, as charts, tables and files."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from itertools import groupby
from typing import Any, Final

from flask import Blueprint, Response, abort, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bot.core.reports import MEASURES, SEGMENTS, Topic, Unit
from bot.services import audit
from bot.services.reporting import reading, sheet
from bot.services.reporting.cases import LISTED, MOST, cases
from bot.services.reporting.hold_outs import trials
from bot.services.reporting.reading import Asked, Line
from bot.services.reporting.roll_up import next_month, today_of
from bot.store.queries import staff as staff_queries
from bot.web.console import charts
from bot.web.console import report_words as said
from bot.web.console.campaign_words import GOALS
from bot.web.console.guard import person
from bot.web.console.times import clock as time_of_day
from bot.web.console.words import language
from bot.web.current import clinic

PERIODS: Final = (7, 30, 90, 365)
USUAL: Final = 30
MONTHS: Final = 13
"""So many months back are offered one by one."""
MONTH: Final = re.compile(r"(20\d\d)-(0[1-9]|1[0-2])")
LONGEST: Final = 120
FIRST_YEAR: Final = 2000
LAST_YEAR: Final = 2199


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/reports", view_func=reports)
    blueprint.add_url_rule("/reports/export", view_func=reports_export)
    blueprint.add_url_rule("/reports/hold-outs", "report_hold_outs", view_func=hold_outs)
    blueprint.add_url_rule("/reports/<measure>", view_func=report)
    blueprint.add_url_rule("/reports/<measure>/<day>", view_func=report_cases)


def reports() -> ResponseReturnValue:
    """Every measure over a period."""
    with clinic().database.read() as connection:
        asked, form = _asked(connection)
        lines = reading.overview(connection, asked)
    topics = [(topic, list(some)) for topic, some in groupby(lines, key=lambda line: line.measure.topic)]
    ordered = sorted(topics, key=lambda pair: list(Topic).index(pair[0]))
    return render_template("console/reports.html", topics=ordered, **_names(asked, form))


def report(measure: str) -> ResponseReturnValue:
    """One measure, by everything that it can be told apart by."""
    if measure not in reading.SHOWN:
        abort(404)
    with clinic().database.read() as connection:
        asked, form = _asked(connection)
        found = reading.detail(connection, measure, asked)
    most = 1.0 if found.line.measure.unit is Unit.SHARE else None
    return render_template(
        "console/report.html", found=found, line=found.line, measure=found.line.measure,
        chart=charts.columns(found.line.series, most=most), **_names(asked, form),
    )  # fmt: skip


def hold_outs() -> ResponseReturnValue:
    """Campaigns with a hold-out, and what each of their arms changed."""
    ours, given = clinic(), request.args.get("skip", "")
    skip = int(given) if given.isdecimal() and len(given) < 5 else 0
    with ours.database.read() as connection:
        asked, form = _asked(connection)
        places = (asked.location,) if asked.location is not None else asked.places
        found, more = trials(ours, connection, asked.first, asked.last, places=places, skip=skip)
    return render_template(
        "console/report_hold_outs.html", found=found, goals=GOALS, after=skip + len(found) if more else None,
        **_names(asked, form),
    )  # fmt: skip


def report_cases(measure: str, day: str) -> ResponseReturnValue:
    """Whose visits or cases of one day a number counts: of the account's places, each leading to its record."""
    try:
        when = date.fromisoformat(day)
    except ValueError:
        abort(404)
    if measure not in LISTED or not FIRST_YEAR <= when.year <= LAST_YEAR:
        abort(404)
    ours, who = clinic(), person()
    with ours.database.read() as connection:
        asked, form = _asked(connection)
        places = (asked.location,) if asked.location is not None else asked.places
        found = cases(ours, connection, measure, when, places=places, now=ours.clock())
    with ours.database.begin() as connection:
        audit.record(
            connection, at=ours.clock(), actor=who.user_id, action="reports.cases", object_type="report",
            detail={"measure": measure, "from": str(when), "count": len(found)},
        )  # fmt: skip
    return render_template(
        "console/report_cases.html", measure=MEASURES[measure], day_shown=when, found=found, most=MOST,
        **_names(asked, form),
    )  # fmt: skip


def reports_export() -> ResponseReturnValue:
    """The same numbers as a file: of all measures, or of one."""
    ours, name = clinic(), request.args.get("measure", "")
    with ours.database.read() as connection:
        asked, _form = _asked(connection)
        rows: Iterable[str]
        if name in reading.SHOWN:
            rows = list(sheet.of_detail(reading.detail(connection, name, asked), asked))
        else:
            rows, name = list(sheet.of_lines(reading.overview(connection, asked), asked)), "all"
    given = {"measure": name, "from": str(asked.first), "to": str(asked.last), "language": asked.language or ""}
    with ours.database.begin() as connection:
        audit.record(
            connection, at=ours.clock(), actor=person().user_id, action="reports.export", object_type="report",
            detail={key: value for key, value in given.items() if value},
        )  # fmt: skip
    answer = Response("".join(rows), content_type="text/csv; charset=utf-8")
    answer.headers["Content-Disposition"] = f'attachment; filename="report-{name}-{asked.first}-{asked.last}.csv"'
    return answer


def _asked(connection: Connection) -> tuple[Asked, dict[str, Any]]:
    """What the address asks for, and what the form offers; what makes no sense is left out."""
    ours, bound = clinic(), tuple(person().locations)
    now = ours.clock()
    today = today_of(ours, now)
    rolled = reading.rolled_at(connection, today)
    latest = today if rolled is not None else today - timedelta(days=1)
    period = request.args.get("period", "")
    first, last = _period(period, latest)
    places = sorted(bound) or staff_queries.places(connection, now)
    location = request.args.get("location", "")[:LONGEST]
    chosen = location if location and (not bound or location in bound) else None
    spoken = request.args.get("language", "")[:16] or None
    asked = Asked(first=first, last=last, location=chosen, language=spoken, places=bound)
    form = {
        "period": period if _is_period(period) else str(USUAL), "months": _months(today), "places": places,
        "location": chosen or "", "language": spoken or "", "today": today,
        "rolled": time_of_day(rolled, ours.settings.clinic_timezone) if rolled is not None else "",
    }  # fmt: skip
    return asked, form


def _is_period(text: str) -> bool:
    return text in map(str, PERIODS) or MONTH.fullmatch(text) is not None


def _period(text: str, latest: date) -> tuple[date, date]:
    found = MONTH.fullmatch(text)
    if found is not None:
        first = date(int(found[1]), int(found[2]), 1)
        end = next_month(first) - timedelta(days=1)
        return first, max(first, min(end, latest))
    days = int(text) if _is_period(text) else USUAL
    return latest - timedelta(days=days - 1), latest


def _months(today: date) -> Sequence[str]:
    months = [today.replace(day=1)]
    while len(months) < MONTHS:
        months.append((months[-1] - timedelta(days=1)).replace(day=1))
    return [said.month(month) for month in months]


def _names(asked: Asked, form: dict[str, Any]) -> dict[str, Any]:
    kept = {name: form[name] for name in ("period", "location", "language") if form[name]}
    return {
        "asked": asked, "form": form, "kept": kept, "said": said, "charts": charts, "periods": PERIODS,
        "spoken": _languages(), "cost": _cost, "language_name": language, "listed": LISTED,
    }  # fmt: skip


def _languages() -> dict[str, str]:
    return {tag: language(tag) for tag in clinic().texts.languages()}


def _cost(line: Line) -> float | None:
    """What the segments cost, where the clinic has said what one does."""
    price = clinic().settings.segment_price
    hidden = line.now.is_hidden or line.measure is not SEGMENTS
    return None if price is None or hidden else float(price) * line.now.numerator
