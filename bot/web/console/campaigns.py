"""Campaigns: all of them, and the form in which one is drafted, step by step. Everybody sees; who may act drafts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.core.campaigns import Goal
from bot.core.cohort import Condition, Listed, Reach
from bot.core.cohort_data import Malformed
from bot.journeys import discover
from bot.services import cohorts, patient_lists
from bot.services.campaigns import making
from bot.services.campaigns.cohort import described, draw
from bot.services.campaigns.making import Made
from bot.services.campaigns.measures import usual_response_rate
from bot.services.campaigns.words import OWN_WORDS, Unwritten, Words, Written, startable, words_faults, write
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.queries import campaign_cohorts, places
from bot.store.queries import campaigns as queries
from bot.store.queries import fuses as fuse_queries
from bot.web.console import campaign_words, fuse_words, segment_words
from bot.web.console.campaign_form import ARMS, FIELDS, MOST_HELD_OUT, STEPS, Form
from bot.web.console.guard import person
from bot.web.console.language import say, say_count
from bot.web.console.templates import JOURNEYS
from bot.web.current import clinic

PAGE: Final = 20
SOMEBODY: Final = "Maria"
"""Whom previews are addressed to."""
UNFIT: Final = (OWN_WORDS, "waitlist/offer")
"""The clinic's own words are a choice of their own, and an earlier time is offered to a few, not to many."""


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/campaigns", view_func=campaigns)
    blueprint.add_url_rule("/campaigns/new", view_func=campaign_new, methods=["GET", "POST"])


def may_see(row: AnyRow) -> bool:
    """Who works at some places sees their own campaigns, and those that staff of these places answer."""
    someone = person()
    return not someone.locations or row.author_id == someone.user_id or row.location in someone.locations


def campaigns() -> ResponseReturnValue:
    """All of them, the newest first."""
    offset = request.args.get("from", "")
    first = int(offset) if offset.isdecimal() and len(offset) < 7 else 0
    with clinic().database.read() as connection:
        found = queries.campaigns(connection, limit=PAGE + 1, offset=first)
        rows = [row for row in found[:PAGE] if may_see(row)]
        blown = fuse_queries.standing(connection)
        sizes = campaign_cohorts.sizes(connection, [row.id for row in rows if row.started_at is not None])
    return render_template(
        "console/campaigns.html", rows=rows, sizes=sizes, blown=blown, fuse_words=fuse_words, said=campaign_words,
        before=max(0, first - PAGE) if first else None, after=first + PAGE if len(found) > PAGE else None,
    )  # fmt: skip


def campaign_new() -> ResponseReturnValue:
    """Draft one: a step is shown, the next one with what was typed, and at the end the draft is made."""
    if request.method != "POST":
        start = {"source": request.args.get("source", ""), "a_kind": "template", "b_kind": "template"}
        return _step("who", Form(start))
    form, do, step = Form.of(request.form), request.form.get("do", ""), request.form.get("step", "")
    step = step if step in STEPS else STEPS[0]
    if do == "make":
        return _made(form)
    if do.startswith("to.") and do[3:] in STEPS:
        return _moved(form, step, do[3:])
    _check(form, step)
    return _step(step, form, looking=True)


def _moved(form: Form, step: str, to: str) -> ResponseReturnValue:
    # Going on is held up by what is wrong on the way; going back is not.
    passed = STEPS[STEPS.index(step) : STEPS.index(to)]
    for one in passed:
        _check(form, one)
        if form.faulty(one):
            return _step(one, form, looking=True), 422
    return _step(to, form)


def _check(form: Form, step: str) -> None:
    """Note what is wrong in one step."""
    ours = clinic()
    source = ours.texts.source_language
    if step == "who":
        if not 0 < len(form.text("name")) <= making.LONGEST_NAME:
            form.faults["name"] = "missing"
        if _condition(form) is None:
            form.faults["source"] = "source"
        if form.text("location") not in _locations():
            form.faults["location"] = "place"
        return
    draft = form.draft(source_language=source, zone=ours.settings.clinic_timezone, cohort={})
    form.note(making.faults_of(ours, draft, ours.clock()))


def _made(form: Form) -> ResponseReturnValue:
    ours, someone = clinic(), person()
    for step in STEPS:
        _check(form, step)
    source = ours.texts.source_language
    condition = _condition(form)
    if condition is None or form.faults:
        return _step(form.first_faulty(), form, looking=True), 422
    kind, _, source_id = form.text("source").partition(".")
    cohort = described(
        condition, name=_sources().get(form.text("source"), ""), locations=someone.locations,
        segment=source_id if kind == "s" else "",
    )  # fmt: skip
    draft = form.draft(source_language=source, zone=ours.settings.clinic_timezone, cohort=cohort)
    now = ours.clock()
    made = making.create(ours, draft, draw(ours, cohort, now), actor_id=someone.user_id, now=now)
    if not isinstance(made, Made):
        form.note(made.faults)
        return _step(form.first_faulty(), form, looking=True), 422
    flash(say_count("The draft is made: %(num)s patient.", "The draft is made: %(num)s patients.", made.size))
    return redirect(url_for("console.campaign", campaign_id=made.campaign_id), 303)


def _step(step: str, form: Form, *, looking: bool = False) -> str:
    ours = clinic()
    sources, tally = _sources(), _tally(form, step)
    with ours.database.read() as connection:
        usual = usual_response_rate(connection, ours.clock())
    shown: dict[str, Any] = {
        "tally": tally, "sources": sources, "locations": [place for place in _locations() if place],
        "whole_clinic": "" in _locations(), "goals": list(Goal), "usual": usual, "MOST_HELD_OUT": MOST_HELD_OUT,
        "templates": [(key, title_of(key)) for key in _openings(ours)],
    }  # fmt: skip
    previews = {letter: _previews(form, letter, tally) for letter in form.letters()} if step == "text" else {}
    others = [(name, form.typed.get(name, "")) for one in STEPS if one != step for name in FIELDS[one]]
    return render_template(
        "console/campaign_new.html", step=step, form=form, said=campaign_words, STEPS=STEPS, ARMS=ARMS, others=others,
        previews=previews, looking=looking, Reach=Reach, segment=segment_words,
        zone=ours.settings.clinic_timezone, tally_kept=json.dumps(tally, sort_keys=True), **shown,
    )  # fmt: skip


def _openings(ours: Clinic) -> Sequence[str]:
    """Texts with which the clinic begins to speak; what only answers a patient begins nothing."""
    begun = {
        step.text
        for journey in discover().values()
        for step in journey.steps.values()
        if step is journey.steps[journey.start] or step.sends
    }
    return [key for key in startable(ours, ours.clock()) if key in begun and key not in UNFIT]


def title_of(key: str) -> str:
    """A template as words: its journey, and which text of it."""
    journey, _, name = key.partition("/")
    told = JOURNEYS[journey] if journey in JOURNEYS.source else journey.capitalize()
    return f"{told}: {name.replace('_', ' ')}"


def _sources() -> Mapping[str, str]:
    """What patients can be taken from: `s.<segment>` and `l.<list>`, by name."""
    with clinic().database.read() as connection:
        segments = cohorts.seen_by(connection, person().user_id)
        lists = patient_lists.all_of(connection)
    found = {f"s.{row.id}": row.name for row in segments}
    return found | {f"l.{row.id}": say("List: %(name)s", name=row.name) for row in lists}


def _condition(form: Form) -> Condition | None:
    kind, _, source_id = form.text("source").partition(".")
    if kind == "l" and form.text("source") in _sources():
        return Listed(list_id=source_id)
    with clinic().database.read() as connection:
        row = cohorts.one(connection, source_id, person().user_id) if kind == "s" else None
    if row is None:
        return None
    try:
        return cohorts.meaning(row)
    except Malformed:
        return None


def _locations() -> Sequence[str]:
    """Where somebody may answer: anywhere for the whole clinic's people, which is the empty one, else one's own."""
    own = person().locations
    with clinic().database.read() as connection:
        named = [row.name for row in places.locations(connection)]
    return list(own) if own else ["", *named]


def _tally(form: Form, step: str) -> Mapping[str, Mapping[str, int]]:
    """Patients by language and reach: counted once, when the first step is left, and carried along."""
    kept = request.form.get("tally", "")
    if request.method == "POST" and request.form.get("step") != "who" and kept:
        try:
            found = json.loads(kept)
            return {str(tag): {str(Reach(one)): int(number) for one, number in by.items()} for tag, by in found.items()}
        except (ValueError, TypeError, AttributeError):
            return {}
    condition = _condition(form)
    if condition is None or step == "who":
        return {}
    ours = clinic()
    with ours.database.read() as connection:
        counts = cohorts.count(ours, connection, condition, locations=person().locations, now=ours.clock())
    return {tag: {str(reach): number for reach, number in by.items()} for tag, by in counts.by_language.items()}


def _previews(form: Form, letter: str, tally: Mapping[str, Mapping[str, int]]) -> list[tuple[str, int, Any]]:
    """The text in each language of the patients, as they would read it, with how many there are; or why there is none.

    Nothing where no text is chosen yet.
    """
    ours = clinic()
    now, source = ours.clock(), ours.texts.source_language
    own = form.typed.get(f"{letter}_kind") == "own"
    body, key = form.typed.get(f"{letter}_words", "").strip(), form.text(f"{letter}_template")
    if own:
        if not body or words_faults(ours, body, source, now):
            return []
        key, words = OWN_WORDS, {source: Words(body, is_source=True, is_approved=False)}
    else:
        words = {}
        if key not in startable(ours, now):
            return []
    tags = tally or {source: {}}
    return [(tag, sum(by.values()), _preview(ours, key, words, tag, now)) for tag, by in tags.items()]


def _preview(
    ours: Clinic, key: str, words: Mapping[str, Words], language: str, now: datetime
) -> Written | Unwritten:
    return write(ours, key, words, language=language, name=SOMEBODY, now=now)


def local_text(moment: datetime | None) -> str:
    """A moment as the clinic's clocks show it."""
    zone = ZoneInfo(clinic().settings.clinic_timezone)
    return moment.astimezone(zone).strftime("%Y-%m-%d %H:%M") if moment is not None else ""
