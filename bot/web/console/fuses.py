"""Fuses that have blown: who is in charge looks at why, and lets it go on."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, abort, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bot.core.fuses import Guards
from bot.services import fuses as services
from bot.services.campaigns.plan import Plan
from bot.store.columns import AnyRow
from bot.store.queries import campaigns
from bot.store.queries import fuses as queries
from bot.web.console.campaigns import may_see
from bot.web.console.guard import SUPERVISORS, only, person
from bot.web.console.language import say
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the route."""
    blueprint.add_url_rule("/fuses/<fuse_id>/reset", view_func=fuse_reset, methods=["POST"])


def fuses_of(connection: Connection, plan: Plan) -> Sequence[AnyRow]:
    """Those that hold this campaign back."""
    about = {(Guards.CAMPAIGN, plan.id), (Guards.CLINIC, "")}
    about |= {(Guards.TEMPLATE, arm.text_key) for arm in plan.arms.values() if arm.text_key is not None}
    return [row for row in queries.standing(connection) if (row.guards, row.subject) in about]


@only(*SUPERVISORS)
def fuse_reset(fuse_id: str) -> ResponseReturnValue:
    """Somebody has looked: what it counted until now is forgiven."""
    ours = clinic()
    _refuse_elsewhere(fuse_id)
    if not services.reset(ours, fuse_id, actor_id=person().user_id, now=ours.clock()):
        abort(404)
    flash(say("The fuse is reset. A campaign that it paused goes on once somebody resumes it."))
    campaign_id = request.form.get("campaign", "")
    back = url_for("console.campaign", campaign_id=campaign_id) if campaign_id else url_for("console.campaigns")
    return redirect(back, 303)


def _refuse_elsewhere(fuse_id: str) -> None:
    """Who works at some places resets the fuses of campaigns there, and none that holds the whole clinic back."""
    someone = person()
    with clinic().database.read() as connection:
        row = queries.one(connection, fuse_id)
        about = campaigns.campaign(connection, row.subject) if row and row.guards is Guards.CAMPAIGN else None
    if row is not None and someone.locations and (about is None or not may_see(about)):
        abort(403)
