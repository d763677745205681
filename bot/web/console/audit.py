"""The audit trail as supervisors read it: who did what to what and when, and whether the record is whole."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from bot.services import audit as trail
from bot.services import audit_trail, break_glass
from bot.store.queries import staff as staff_queries
from bot.store.queries.audit import Filters
from bot.web.console.acts import ACTS, DETAILS, KINDS, SYSTEM
from bot.web.console.guard import PLACES, SUPERVISORS, only, person
from bot.web.console.language import say
from bot.web.console.roles import ROLES
from bot.web.console.words import when
from bot.web.current import clinic

DAYS: Final = 30
"""So far back one looks at first."""
LONGEST: Final = 128
ROW_ID: Final = re.compile(r"[0-9a-f]{32}")
MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?\+00:00$")
PAGES: Final = {**{name.removesuffix("_id"): (endpoint, name) for name, endpoint in PLACES.items()},
                "user": ("console.somebody", "user_id")}  # fmt: skip
"""The page of an object, and its parameter, by the kind of object."""


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/audit", view_func=audit)
    blueprint.add_url_rule("/audit/export", "audit_export", view_func=export)


@only(*SUPERVISORS)
def audit() -> ResponseReturnValue:
    """A page of the trail, with the latest patients of elsewhere that somebody has opened."""
    ours, asked = clinic(), _asked()
    given = request.args.get("before", "")
    before = int(given) if given.isdecimal() and len(given) < 19 else None
    with ours.database.read() as connection:
        page = audit_trail.read(connection, asked, before=before)
        opened = [] if given else break_glass.latest(ours, connection)
        people = staff_queries.names(connection)
    _record("audit.view", asked)
    return render_template(
        "console/audit.html", page=page, opened=opened, people=people, given=_given(asked), acts=ACTS, system=SYSTEM,
        pages=PAGES, detail=detail, thing=thing,
    )  # fmt: skip


@only(*SUPERVISORS)
def export() -> ResponseReturnValue:
    """The same lines as a file."""
    ours, asked = clinic(), _asked()
    _record("audit.export", asked)
    response = Response(audit_trail.as_csv(ours, asked), content_type="text/csv; charset=utf-8")
    given = _given(asked)
    response.headers["Content-Disposition"] = f'attachment; filename="audit-{given["from"]}-{given["to"]}.csv"'
    return response


def detail(words: Mapping[str, Any]) -> str:
    """What a line says beside its object, in one line; row ids say nothing to anybody."""
    before, after = words.get("before"), words.get("after")
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        changed = [key for key in after if before.get(key) != after[key]]
        said = {key: f"{_value(before.get(key))} → {_value(after[key])}" for key in changed}
    else:
        said = {key: _value(value) for key, value in words.items()}
    return " · ".join(f"{DETAILS.get(key, key)}: {value}" for key, value in said.items() if value)


def _value(value: Any) -> str:
    if isinstance(value, list):
        # Locations are the only lists there are.
        return ", ".join(map(str, value)) or say("Whole clinic")
    # What is built of words, such as a segment, is read on its own page.
    text = "" if value is None or isinstance(value, Mapping) else str(value)
    if ROW_ID.fullmatch(text):
        return ""
    if MOMENT.match(text):
        return when(datetime.fromisoformat(text), clinic().settings.clinic_timezone, clinic().clock())
    return ROLES.get(text, text)  # type: ignore[call-overload, no-any-return]


def thing(kind: str, object_id: str, name: str) -> str:
    """How an object is called: by its name, or its number where the clinic gave it, or by what it is."""
    return name or (KINDS.get(kind, kind) if ROW_ID.fullmatch(object_id) else object_id)


def _asked() -> Filters:
    """The filters of the address, whose days are the clinic's; what makes no sense is left out."""
    zone, today = _zone(), clinic().clock().astimezone(_zone()).date()
    last = min(_day("to") or today, date.max - timedelta(days=2))
    first = _day("from") or last - timedelta(days=DAYS)
    return Filters(
        since=datetime.combine(first, time.min, zone).astimezone(UTC),
        until=datetime.combine(last + timedelta(days=1), time.min, zone).astimezone(UTC),
        actor=_word("person"),
        action=_word("action"),
        object_id=_word("object"),
    )


def _day(name: str) -> date | None:
    try:
        day = date.fromisoformat(request.args.get(name, ""))
    except ValueError:
        return None
    return day if day.year > 1 else None


def _word(name: str) -> str:
    return request.args.get(name, "").strip()[:LONGEST]


def _given(asked: Filters) -> dict[str, str]:
    """The filters as an address has them."""
    last = asked.until.astimezone(_zone()) - timedelta(hours=12)
    return {
        "person": asked.actor,
        "action": asked.action,
        "object": asked.object_id,
        "from": asked.since.astimezone(_zone()).date().isoformat(),
        "to": last.date().isoformat(),
    }


def _zone() -> ZoneInfo:
    return ZoneInfo(clinic().settings.clinic_timezone)


def _record(action: str, asked: Filters) -> None:
    ours = clinic()
    detail = {name: value for name, value in _given(asked).items() if value}
    with ours.database.begin() as connection:
        trail.record(
            connection, at=ours.clock(), actor=person().user_id, action=action, object_type="audit", detail=detail
        )
