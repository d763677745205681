"""One campaign: its texts, the days ahead on paper, a second person's yes, start, progress, outcomes, its patients."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

from flask import Blueprint, Response, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.core.campaigns import CampaignState
from bot.core.cohort_data import Malformed, read
from bot.core.fuses import Limit
from bot.services import audit
from bot.services.campaigns import drawing, forecast, making, measures, running, showing, trials
from bot.services.campaigns.cohort import LEFT
from bot.services.campaigns.making import Faulty, Refused
from bot.services.campaigns.plan import Plan, plan_of
from bot.services.campaigns.trials import NotTried
from bot.services.campaigns.words import Written
from bot.services.limits import read_limits
from bot.store.columns import AnyRow
from bot.store.queries import campaign_cohorts as cohort_queries
from bot.store.queries import campaigns as queries
from bot.store.queries import chores as chore_queries
from bot.store.queries import forecasts
from bot.store.queries import inbox as inbox_queries
from bot.store.queries import trials as trial_queries
from bot.web.console import campaign_words, fuse_words, segment_words
from bot.web.console.campaign_draft import SOMEBODY, title_of
from bot.web.console.campaigns import local_text, may_see, may_see_patients
from bot.web.console.fuses import fuses_of
from bot.web.console.guard import SUPERVISORS, only, person, timer
from bot.web.console.language import say
from bot.web.console.segment_choices import list_names
from bot.web.current import clinic

MOST_DAYS: Final = forecast.MOST_DAYS
TRIALS_SHOWN: Final = 5


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    rule = "/campaigns/<campaign_id>"
    blueprint.add_url_rule(rule, view_func=campaign)
    blueprint.add_url_rule(f"{rule}/progress", view_func=campaign_progress)
    blueprint.add_url_rule(f"{rule}/making", view_func=campaign_making)
    blueprint.add_url_rule(f"{rule}/forecast/making", view_func=campaign_forecast_making)
    blueprint.add_url_rule(f"{rule}/patients.csv", view_func=campaign_patients)
    for name, view in (
        ("again", campaign_again),
        ("forecast", campaign_forecast),
        ("translation", campaign_translation),
        ("try", campaign_try),
        ("approve", campaign_approve),
        ("do", campaign_do),
    ):
        blueprint.add_url_rule(f"{rule}/{name}", view_func=view, methods=["POST"])


def campaign(campaign_id: str) -> ResponseReturnValue:
    """The page."""
    return _page(_row(campaign_id))


@timer
def campaign_progress(campaign_id: str) -> ResponseReturnValue:
    """How far it has come, for the page that stands open; the whole page anew where its state is not `was` any more."""
    row = _row(campaign_id)
    if row.started_at is None or request.args.get("was") != row.state:
        return _anew()
    return render_template("console/_campaign_progress.html", **_progress(row))


@timer
def campaign_making(campaign_id: str) -> ResponseReturnValue:
    """How many of its patients stand in the line; the whole page anew when all do."""
    row = _row(campaign_id)
    with clinic().database.read() as connection:
        chore = chore_queries.one(connection, row.chore_id)
    if chore is None:
        return _anew()
    return render_template("console/_campaign_making.html", row=row, chore=chore)


@timer
def campaign_forecast_making(campaign_id: str) -> ResponseReturnValue:
    """How far the days ahead have been worked out; the whole page anew when they are."""
    row = _row(campaign_id)
    with clinic().database.read() as connection:
        days = forecasts.latest(connection, row.id)
        stuck = days is not None and chore_queries.is_stuck(connection, days.id)
    if days is None or days.finished_at is not None:
        return _anew()
    return render_template("console/_forecast_making.html", row=row, days=days, stuck=stuck)


def _anew() -> Response:
    answer = make_response("", 200)
    answer.headers["HX-Refresh"] = "true"
    return answer


def campaign_again(campaign_id: str) -> ResponseReturnValue:
    """Put its patients into the line from the start, where that came to no end."""
    row, ours = _row(campaign_id), clinic()
    outcome = drawing.again(ours, row.id, actor_id=person().user_id, now=ours.clock())
    return _done(row, outcome, say("Its patients are being put into the line."))


def campaign_forecast(campaign_id: str) -> ResponseReturnValue:
    """Play the days ahead, for those who belong to the segment now."""
    row, ours = _row(campaign_id), clinic()
    days = request.form.get("days", "")
    if not days.isdecimal() or len(days) > 3 or not 1 <= int(days) <= MOST_DAYS:
        return _page(row, days_fault=True), 422
    actor, now = person().user_id, ours.clock()
    outcome = forecast.dry_run(ours, row.id, days=int(days), actor_id=actor, now=now)
    if isinstance(outcome, Refused):
        return _done(row, outcome, "")
    return redirect(url_for("console.campaign", campaign_id=row.id) + "#forecast", 303)


@only(*SUPERVISORS)
def campaign_translation(campaign_id: str) -> ResponseReturnValue:
    """The clinic's own words in another language, read by somebody qualified."""
    row, ours, form = _row(campaign_id), clinic(), request.form
    try:
        on = date.fromisoformat(form.get("on", ""))
    except ValueError:
        on = None
    if on is None or on > ours.clock().date():
        return _page(row, translation={"on": campaign_words.FIELD_FAULTS["date"]}, typed=form), 422
    outcome = making.translate(
        ours, row.id, arm=form.get("arm", ""), language=form.get("language", ""),
        body=form.get("body", "").replace("\r\n", "\n").strip(), reviewer=form.get("reviewer", ""),
        qualification=form.get("qualification", ""), reviewed_on=on, actor_id=person().user_id, now=ours.clock(),
    )  # fmt: skip
    if isinstance(outcome, Faulty):
        return _page(row, translation=_told(outcome), typed=form), 422
    return _done(row, outcome, say("Kept. Patients of that language get it."))


def campaign_try(campaign_id: str) -> ResponseReturnValue:
    """Send one text of it to oneself."""
    row, ours, form = _row(campaign_id), clinic(), request.form
    outcome = trials.ask(
        ours, row.id, arm=form.get("arm", ""), language=form.get("language", ""), phone=form.get("phone", "")[:40],
        actor_id=person().user_id, now=ours.clock(),
    )  # fmt: skip
    if isinstance(outcome, NotTried):
        return _page(row, try_fault=campaign_words.NOT_TRIED[outcome], typed=form), 422
    flash(say("The test is on its way to you."))
    return redirect(url_for("console.campaign", campaign_id=row.id) + "#try", 303)


@only(*SUPERVISORS)
def campaign_approve(campaign_id: str) -> ResponseReturnValue:
    """A second person's yes to what they have seen."""
    row, ours = _row(campaign_id), clinic()
    outcome = running.approve(ours, row.id, actor_id=person().user_id, now=ours.clock(), seen=_seen())
    return _done(row, outcome, say("Approved. It can be started now."))


@only(*SUPERVISORS)
def campaign_do(campaign_id: str) -> ResponseReturnValue:
    """Start, pause, resume, stop or delete it."""
    row, ours, do = _row(campaign_id), clinic(), request.form.get("do", "")
    if do not in ACTS:
        abort(400)
    act, words = ACTS[do]
    seen = {"seen": _seen()} if do == "start" else {}
    outcome = act(ours, row.id, actor_id=person().user_id, now=ours.clock(), **seen)
    if outcome is None and do == "discard":
        flash(say("The draft is deleted."))
        return redirect(url_for("console.campaigns"), 303)
    return _done(row, outcome, words())


def _seen() -> int:
    """The version that stood on the page."""
    version = request.form.get("version", "")
    return int(version) if version.isdecimal() and len(version) < 9 else 0


ACTS: Final[dict[str, Any]] = {
    "start": (running.start, lambda: say("It is started.")),
    "pause": (running.pause, lambda: say("It is paused. Nothing more goes out.")),
    "resume": (running.resume, lambda: say("It goes on.")),
    "stop": (running.stop, lambda: say("It is stopped. Nobody else gets anything.")),
    "discard": (running.discard, lambda: ""),
}


@only(*SUPERVISORS)
def campaign_patients(campaign_id: str) -> ResponseReturnValue:
    """Its patients by their ids, as a file."""
    row, ours = _row(campaign_id), clinic()
    if not may_see_patients(row):
        abort(403)
    with ours.database.begin() as connection:
        audit.record(
            connection, at=ours.clock(), actor=person().user_id, action="campaign.export", object_type="campaign",
            object_id=row.id, detail={"size": row.size},
        )  # fmt: skip
    response = Response(showing.as_csv(ours, row.id), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="campaign-{row.id[:8]}.csv"'
    return response


def _row(campaign_id: str) -> AnyRow:
    with clinic().database.read() as connection:
        row = queries.campaign(connection, campaign_id)
    if row is None:
        abort(404)
    if not may_see(row):
        abort(403)
    return row


def _done(row: AnyRow, outcome: Refused | None, words: str) -> ResponseReturnValue:
    flash(campaign_words.REFUSED[outcome] if outcome is not None else words)
    return redirect(url_for("console.campaign", campaign_id=row.id), 303)


def _told(faulty: Faulty) -> dict[str, str]:
    """Faults of a translation in words, by field."""
    found: dict[str, str] = {}
    for place, fault in faulty.faults.items():
        if isinstance(fault, str):
            found[place] = campaign_words.FIELD_FAULTS[fault]
        else:
            found["body"] = " ".join(campaign_words.text_fault(one) for one in fault)
    return found


def _page(row: AnyRow, **shown: Any) -> str:
    ours = clinic()
    with ours.database.read() as connection:
        plan = plan_of(ours, row, queries.texts(connection, row.id))
        days = forecasts.latest(connection, row.id)
        stale = days is not None and row.edited_at is not None and days.created_at < row.edited_at
        days = None if stale else days
        finished = days is not None and days.finished_at is not None
        stuck = days is not None and not finished and chore_queries.is_stuck(connection, days.id)
        chore = chore_queries.one(connection, row.chore_id)
        seen = showing.samples(ours, connection, plan, days.id, person().locations) if days and finished else []
        names = inbox_queries.names_of(
            connection, {one for one in (row.author_id, row.approved_by, *(row.editors or ())) if one}
        )
        outcomes = measures.outcomes(connection, plan) if row.started_at is not None else []
        needs = running.needs_approval(connection, plan)
        limit = read_limits(connection)[Limit.APPROVAL_SIZE]
        left = cohort_queries.left_out(connection, row.id, LEFT)
        tried = trial_queries.of(connection, row.id, limit=TRIALS_SHOWN)
        lists, blown = list_names(connection), fuses_of(connection, plan)
    if seen:
        _note_samples(row)
    return render_template(
        "console/campaign.html", days=days, finished=finished, samples=seen, names=names, outcomes=outcomes,
        needs_approval=needs, approval_size=int(limit), texts=_texts(plan), title_of=title_of, MOST_DAYS=MOST_DAYS,
        local_text=local_text, meant=_meant(row, lists), languages=ours.texts.languages(), segment=segment_words,
        hours=_hours(days) if finished else [], blown=blown, fuse_words=fuse_words, **_progress(row),
        tried=tried, left=left, stale=stale, stuck=stuck, chore=chore,
        **{"translation": {}, "typed": {}, "days_fault": False, "try_fault": "", **shown},
    )  # fmt: skip


def _hours(days: AnyRow | None) -> list[dict[str, Any]]:
    if days is None:
        return []
    return [{**hour, "at": datetime.fromisoformat(hour["at"])} for hour in days.summary.get("hours", [])]


def _progress(row: AnyRow) -> dict[str, Any]:
    ours = clinic()
    with ours.database.read() as connection:
        plan = plan_of(ours, row, [])
        done = measures.progress(connection, plan) if row.started_at is not None else None
    return {"row": row, "plan": plan, "progress": done, "said": campaign_words, "State": CampaignState}


def _texts(plan: Plan) -> list[dict[str, Any]]:
    """Each arm with its text in the source's language, and the languages that its own words are there in."""
    ours, found = clinic(), []
    source = ours.texts.source_language
    for arm in plan.arms.values():
        words = plan.words.get(arm.name, {})
        text = showing.preview(ours, plan, arm.name, source, name=SOMEBODY, now=ours.clock())
        found.append(
            {
                "arm": arm,
                "text": text if isinstance(text, Written) else None,
                "own": bool(words),
                "ready": [tag for tag, one in words.items() if one.is_source or one.is_approved],
                "void": [tag for tag, one in words.items() if not (one.is_source or one.is_approved)],
            }
        )
    return found


def _meant(row: AnyRow, lists: dict[str, str] | Any) -> Sequence[str]:
    try:
        return segment_words.described(read(row.cohort.get("definition")), lists)
    except Malformed:
        return []


def _note_samples(row: AnyRow) -> None:
    """Texts with patients' names were shown."""
    ours = clinic()
    with ours.database.begin() as connection:
        audit.record(
            connection, at=ours.clock(), actor=person().user_id, action="campaign.samples", object_type="campaign",
            object_id=row.id,
        )  # fmt: skip
