"""Campaigns: all of them, the newest first, with how far each has come."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from bot.core.chores import ChoreKind
from bot.store.columns import AnyRow
from bot.store.queries import campaign_cohorts
from bot.store.queries import campaigns as queries
from bot.store.queries import chores as chore_queries
from bot.store.queries import fuses as fuse_queries
from bot.web.console import campaign_words, fuse_words
from bot.web.console.guard import person
from bot.web.current import clinic

PAGE: Final = 20


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/campaigns", view_func=campaigns)


def may_see(row: AnyRow) -> bool:
    """Who works at some places sees their own campaigns, and those that staff of these places answer."""
    return may_see_patients(row) or row.location in person().locations


def may_see_patients(row: AnyRow) -> bool:
    """Whether all its patients are of one's places. A colleague may have drawn others into a draft of one's own."""
    someone, places = person(), set(row.cohort.get("locations", ()))
    if not someone.locations:
        return True
    return row.author_id == someone.user_id and bool(places) and places <= set(someone.locations)


def campaigns() -> ResponseReturnValue:
    """All of them, the newest first."""
    offset = request.args.get("from", "")
    first = int(offset) if offset.isdecimal() and len(offset) < 7 else 0
    with clinic().database.read() as connection:
        found = queries.campaigns(connection, limit=PAGE + 1, offset=first)
        rows = [row for row in found[:PAGE] if may_see(row)]
        blown = fuse_queries.standing(connection)
        sizes = campaign_cohorts.sizes(connection, [row.id for row in rows if row.started_at is not None])
        making = chore_queries.about(connection, [row.id for row in rows if row.chore_id], ChoreKind.DRAW)
    return render_template(
        "console/campaigns.html", rows=rows, sizes=sizes, making=making, blown=blown, fuse_words=fuse_words,
        said=campaign_words, before=max(0, first - PAGE) if first else None,
        after=first + PAGE if len(found) > PAGE else None,
    )  # fmt: skip


def local_text(moment: datetime | None) -> str:
    """A moment as the clinic's clocks show it."""
    zone = ZoneInfo(clinic().settings.clinic_timezone)
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment is not None else ""
