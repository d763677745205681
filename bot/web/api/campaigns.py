"""Campaigns in the API: what there is, how far it has come, its forecast; start, pause, resume, stop.

Approving is a person's act and needs an account: it is done in the console or by `bot campaigns approve`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from flask import Blueprint, abort

from bot.services.campaigns import measures, running
from bot.services.campaigns.forecast import dry_run
from bot.services.campaigns.making import Refused
from bot.services.campaigns.plan import read
from bot.store.columns import AnyRow
from bot.store.queries import campaigns as queries
from bot.store.queries import forecasts
from bot.web.api.access import bearer
from bot.web.api.campaign_objects import Campaign, Campaigns, CampaignsQuery, Forecast, ForecastRequest, Progress
from bot.web.api.objects import Nothing
from bot.web.api.operation import operation
from bot.web.api.paging import key_of, page
from bot.web.api.reading import MISSING, NONE
from bot.web.current import clinic

REFUSED: Final = {404: NONE, 409: "It cannot be done from the state it is in, or without a second person's yes."}
WORDS: Final = {
    Refused.WRONG_STATE: "It cannot be done from the state it is in.",
    Refused.NEEDS_APPROVAL: "It is so large that a supervisor has to approve it first.",
    Refused.NOBODY: "There is nobody in it.",
    Refused.FUSE_BLOWN: "Its fuse has blown, and a person has to reset that first.",
    Refused.BEING_MADE: "Its patients are still being put into the line: ask again in a while.",
}


def register(blueprint: Blueprint) -> None:
    """Put the routes on the blueprint."""
    operation(blueprint, "/campaigns", answer=Campaigns, query=CampaignsQuery)(list_campaigns)
    operation(blueprint, "/campaigns/<campaign_id>", answer=Campaign, refusals=MISSING)(get_campaign)
    operation(blueprint, "/campaigns/<campaign_id>/progress", answer=Progress, refusals=MISSING)(get_progress)
    operation(blueprint, "/campaigns/<campaign_id>/forecast", answer=Forecast, refusals=MISSING)(get_forecast)
    operation(
        blueprint, "/campaigns/<campaign_id>/forecast", method="POST", answer=Forecast, status=202,
        body=ForecastRequest, body_required=False, refusals={404: NONE, 409: WORDS[Refused.BEING_MADE]},
    )(make_forecast)  # fmt: skip
    for word, view in {
        "start": start_campaign, "pause": pause_campaign, "resume": resume_campaign, "stop": stop_campaign,
    }.items():  # fmt: skip
        operation(
            blueprint, f"/campaigns/<campaign_id>/{word}", method="POST", answer=Campaign, body=Nothing,
            body_required=False, refusals=REFUSED,
        )(view)  # fmt: skip


def list_campaigns(query: CampaignsQuery) -> dict[str, Any]:
    """Campaigns, the newest first."""
    after = key_of(query.after, parts=2)
    with clinic().database.read() as connection:
        key = None if after is None else (_moment(after[0]), str(after[1]))
        rows = queries.page(connection, after=key, limit=query.limit + 1)
    return page(rows, query.limit, key=lambda row: (row.created_at, row.id), item=_campaign)


def get_campaign(campaign_id: str) -> dict[str, Any]:
    """One campaign."""
    with clinic().database.read() as connection:
        return _campaign(queries.campaign(connection, campaign_id) or abort(404, NONE))


def get_progress(campaign_id: str) -> dict[str, Any]:
    """How far a campaign has come, and what came of each arm."""
    with clinic().database.read() as connection:
        plan = read(connection, clinic(), campaign_id) or abort(404, NONE)
        how = measures.progress(connection, plan)
        came = measures.outcomes(connection, plan)
    fields = {name: getattr(how, name) for name in how.__slots__}
    return {"campaign_id": campaign_id, **fields, "arms": came}


def get_forecast(campaign_id: str) -> dict[str, Any]:
    """The newest forecast of a campaign."""
    with clinic().database.read() as connection:
        return _forecast(forecasts.latest(connection, campaign_id) or abort(404, NONE))


def make_forecast(campaign_id: str, body: ForecastRequest) -> dict[str, Any]:
    """Play a campaign's next days on paper. A large one is made by a worker: ask for it again until it is finished."""
    now = clinic().clock()
    forecast_id = dry_run(clinic(), campaign_id, days=body.days, actor_id=bearer().id, now=now)
    if forecast_id is Refused.GONE:
        abort(404, NONE)
    if isinstance(forecast_id, Refused):
        abort(409, WORDS[forecast_id])
    with clinic().database.read() as connection:
        return _forecast(forecasts.one(connection, forecast_id) or abort(404, NONE))


def start_campaign(campaign_id: str, body: Nothing) -> dict[str, Any]:  # noqa: ARG001 - read to refuse unknown fields
    """Let a campaign run. Above a size a supervisor has to have approved it."""
    return _done(campaign_id, running.start(clinic(), campaign_id, actor_id=bearer().id, now=clinic().clock()))


def pause_campaign(campaign_id: str, body: Nothing) -> dict[str, Any]:  # noqa: ARG001
    """Let nobody go any more, and hold what waits to go out."""
    return _done(campaign_id, running.pause(clinic(), campaign_id, actor_id=bearer().id, now=clinic().clock()))


def resume_campaign(campaign_id: str, body: Nothing) -> dict[str, Any]:  # noqa: ARG001
    """Go on where it was paused."""
    return _done(campaign_id, running.resume(clinic(), campaign_id, actor_id=bearer().id, now=clinic().clock()))


def stop_campaign(campaign_id: str, body: Nothing) -> dict[str, Any]:  # noqa: ARG001
    """End a campaign for good."""
    return _done(campaign_id, running.stop(clinic(), campaign_id, actor_id=bearer().id, now=clinic().clock()))


def _done(campaign_id: str, refused: Refused | None) -> dict[str, Any]:
    if refused is Refused.GONE:
        abort(404, NONE)
    if refused is not None:
        abort(409, WORDS[refused])
    return get_campaign(campaign_id)


def _campaign(row: AnyRow) -> dict[str, Any]:
    return {**row._mapping, "campaign_id": row.id, "is_complete": row.chore_id is None}


def _forecast(row: AnyRow) -> dict[str, Any]:
    return {**row._mapping, "forecast_id": row.id}


def _moment(value: Any) -> datetime:
    assert isinstance(value, datetime), "key_of gives the instant first"
    return value
