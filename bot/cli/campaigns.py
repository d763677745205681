"""`bot campaigns`: list, show, forecast, approve, start, pause, resume, stop."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeAlias

import click

from bot.cli import start
from bot.services.campaigns import running
from bot.services.campaigns.forecast import MOST_DAYS, dry_run
from bot.services.campaigns.making import Refused
from bot.services.campaigns.measures import outcomes, progress
from bot.services.campaigns.plan import read
from bot.store.queries import campaigns as queries
from bot.store.queries import forecasts

if TYPE_CHECKING:
    from bot.services.clinic import Clinic

ACTOR = "cli"
WORDS = {
    Refused.GONE: "There is no campaign with this id.",
    Refused.WRONG_STATE: "That is not possible from the state it is in.",
    Refused.CHANGED: "Somebody has changed it since.",
    Refused.NEEDS_APPROVAL: "It is so large that a second person has to approve it first.",
    Refused.OWN_CAMPAIGN: "Nobody approves a campaign of their own.",
    Refused.NOT_IN_CHARGE: "Only a supervisor or an admin approves.",
    Refused.NOBODY: "There is nobody in it.",
    Refused.FUSE_BLOWN: "Its fuse has blown; reset that first.",
    Refused.BEING_MADE: "Its patients are still being put into the line.",
}

Action: TypeAlias = Callable[..., "Refused | None"]


@click.group()
def campaigns() -> None:
    """One text to many patients: look at campaigns, forecast them, decide on them."""


@campaigns.command("list")
def list_() -> None:
    """Every campaign, the newest first: id, state, size, name."""
    clinic = start.clinic()
    with start.plainly(), clinic.database.read() as connection:
        for row in queries.campaigns(connection):
            click.echo(f"{row.id}  {row.state:<9} {row.size:>7}  {row.name}")


@campaigns.command()
@click.argument("campaign_id")
def show(campaign_id: str) -> None:
    """Where it stands and what came of it, as JSON."""
    clinic = start.clinic()
    with start.plainly(), clinic.database.read() as connection:
        plan = read(connection, clinic, campaign_id)
        if plan is None:
            start.fail(WORDS[Refused.GONE])
        how = progress(connection, plan)
        came = outcomes(connection, plan)
    found: dict[str, Any] = {
        "id": plan.id, "name": plan.name, "state": plan.state, "size": plan.size, "waiting": how.waiting,
        "queued": how.queued, "held": how.held, "sent": how.sent, "delivered": how.delivered, "failed": how.failed,
        "skipped": how.skipped, "held_out": how.held_out, "segments": how.segments, "replied": how.replied,
        "opted_out": how.opted_out,
        "arms": [
            {
                "arm": one.arm, "drawn": one.drawn, "sent": one.sent, "goal": one.reached_goal,
                "difference": None if one.difference is None else [
                    round(one.difference.value, 4), round(one.difference.interval.low, 4),
                    round(one.difference.interval.high, 4),
                ],
            }
            for one in came
        ],
    }  # fmt: skip
    click.echo(json.dumps(found, indent=2))


@campaigns.command("dry-run")
@click.argument("campaign_id")
@click.option("--days", type=click.IntRange(1, MOST_DAYS), default=7, show_default=True, help="So many.")
@click.option("--lines", is_flag=True, help="Each text as a JSON line (ids, no words), before the summary.")
def dry_run_(campaign_id: str, days: int, *, lines: bool) -> None:
    """Play its next days for the real patients; nothing is sent. The summary as JSON."""
    clinic = start.clinic()
    with start.plainly():
        forecast_id = dry_run(clinic, campaign_id, days=days, actor_id=ACTOR, now=clinic.clock(), at_once=True)
        if isinstance(forecast_id, Refused):
            start.fail(WORDS[forecast_id])
        with clinic.database.read() as connection:
            if lines:
                _print_lines(connection, forecast_id)
            made = forecasts.one(connection, forecast_id)
    assert made is not None, "it has just been made"
    click.echo(json.dumps(made.summary, indent=2))


def _print_lines(connection: Any, forecast_id: str) -> None:
    after = -1
    while page := forecasts.lines(connection, forecast_id, after=after, limit=1_000):
        for row in page:
            line = {
                "patient_id": row.patient_id, "arm": row.arm, "verdict": row.verdict, "reason": row.reason,
                "at": row.at.isoformat() if row.at else None, "language": row.language, "segments": row.segments,
            }  # fmt: skip
            click.echo(json.dumps(line))
        after = page[-1].number


@campaigns.command()
@click.argument("campaign_id")
@click.option("--by", "email", required=True, metavar="EMAIL", help="The supervisor or admin who approves.")
def approve(campaign_id: str, email: str) -> None:
    """Record a second person's yes."""
    clinic = start.clinic()
    with start.plainly():
        with clinic.database.read() as connection:
            actor_id = running.account(connection, email)
        if actor_id is None:
            start.fail("There is no account with this e-mail address.")
        _say(running.approve(clinic, campaign_id, actor_id=actor_id, now=clinic.clock()), "approved")


def _decision(name: str, action: Action, done: str, what: str) -> None:
    def run(campaign_id: str) -> None:
        clinic = start.clinic()
        with start.plainly():
            _say(_call(action, clinic, campaign_id, clinic.clock()), done)

    run.__doc__ = what
    campaigns.command(name)(click.argument("campaign_id")(run))


def _call(action: Action, clinic: Clinic, campaign_id: str, now: datetime) -> Refused | None:
    return action(clinic, campaign_id, actor_id=ACTOR, now=now)


def _say(refused: Refused | None, done: str) -> None:
    if refused is not None:
        start.fail(WORDS[refused])
    click.echo(done)


_decision("start", running.start, "running", "Let it run.")
_decision("pause", running.pause, "paused", "Let nobody go, and hold what waits.")
_decision("resume", running.resume, "running", "Go on where it was paused.")
_decision("stop", running.stop, "stopped", "End it for good.")
