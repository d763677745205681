"""The form in which a campaign is drafted, or its draft changed, step by step. Who may act drafts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from bot.core.campaigns import Goal
from bot.core.cohort import Condition, Listed, Reach
from bot.core.cohort_data import Malformed, read
from bot.journeys import discover
from bot.services import cohorts, patient_lists
from bot.services.campaigns import drawing, editing, making
from bot.services.campaigns.cohort import described
from bot.services.campaigns.making import FRESH, Draft, Faulty, Refused
from bot.services.campaigns.measures import usual_response_rate
from bot.services.campaigns.words import OWN_WORDS, Unwritten, Words, Written, startable, words_faults, write
from bot.services.clinic import Clinic
from bot.store.columns import AnyRow
from bot.store.queries import campaigns as queries
from bot.store.queries import places
from bot.web.console import campaign_words, segment_words
from bot.web.console.campaign_form import ARMS, FIELDS, KEPT, MOST_HELD_OUT, STEPS, Form
from bot.web.console.campaigns import may_see
from bot.web.console.guard import person
from bot.web.console.language import say, say_count
from bot.web.console.templates import JOURNEYS
from bot.web.current import clinic

SOMEBODY: Final = "Maria"
"""Whom previews are addressed to."""
UNFIT: Final = (OWN_WORDS, "waitlist/offer")
"""The clinic's own words are a choice of their own, and an earlier time is offered to a few, not to many."""


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/campaigns/new", view_func=campaign_new, methods=["GET", "POST"])
    blueprint.add_url_rule("/campaigns/<campaign_id>/edit", view_func=campaign_edit, methods=["GET", "POST"])


def campaign_new() -> ResponseReturnValue:
    """Draft one: a step is shown, the next one with what was typed, and at the end the draft is made."""
    if request.method != "POST":
        start = {"source": request.args.get("source", ""), "a_kind": "template", "b_kind": "template"}
        return _step("who", Form(start))
    return _worked_on(None)


def campaign_edit(campaign_id: str) -> ResponseReturnValue:
    """Change a draft in the same steps, until it has been started. An approval is withdrawn by it."""
    ours = clinic()
    with ours.database.read() as connection:
        row = queries.campaign(connection, campaign_id)
        texts = queries.texts(connection, campaign_id)
    if row is None:
        abort(404)
    if not may_see(row):
        abort(403)
    if row.state not in FRESH:
        return _back(row, campaign_words.REFUSED[Refused.WRONG_STATE])
    if request.method == "POST":
        return _worked_on(row)
    form = Form.filled(row, texts, source_language=ours.texts.source_language, zone=ours.settings.clinic_timezone)
    if form is None:
        return _back(row, say("This draft was not made here, and the form cannot show it."))
    return _step("who", form, row)


def _back(row: AnyRow, told: str) -> ResponseReturnValue:
    flash(told)
    return redirect(url_for("console.campaign", campaign_id=row.id), 303)


def _worked_on(row: AnyRow | None) -> ResponseReturnValue:
    """A button of the form was pressed."""
    form, do, step = Form.of(request.form), request.form.get("do", ""), request.form.get("step", "")
    step = step if step in STEPS else STEPS[0]
    if do == "make":
        return _made(form, row)
    if do.startswith("to.") and do[3:] in STEPS:
        return _moved(form, step, do[3:], row)
    _check(form, step, row)
    return _step(step, form, row, looking=True)


def _moved(form: Form, step: str, to: str, row: AnyRow | None) -> ResponseReturnValue:
    # Going on is held up by what is wrong on the way; going back is not.
    passed = STEPS[STEPS.index(step) : STEPS.index(to)]
    for one in passed:
        _check(form, one, row)
        if form.faulty(one):
            return _step(one, form, row, looking=True), 422
    return _step(to, form, row)


def _check(form: Form, step: str, row: AnyRow | None) -> None:
    """Note what is wrong in one step."""
    ours = clinic()
    source = ours.texts.source_language
    if step == "who":
        if not 0 < len(form.text("name")) <= making.LONGEST_NAME:
            form.faults["name"] = "missing"
        if not _keeps(form, row) and _condition(form) is None:
            form.faults["source"] = "source"
        if form.text("location") not in _locations():
            form.faults["location"] = "place"
        return
    draft = form.draft(source_language=source, zone=ours.settings.clinic_timezone, cohort={})
    form.note(making.faults_of(ours, draft, ours.clock()))


def _keeps(form: Form, row: AnyRow | None) -> bool:
    """Whether a draft that is changed keeps its patients."""
    return row is not None and form.text("source") == KEPT


def _made(form: Form, row: AnyRow | None) -> ResponseReturnValue:
    ours = clinic()
    for step in STEPS:
        _check(form, step, row)
    if form.faults:
        return _step(form.first_faulty(), form, row, looking=True), 422
    cohort = row.cohort if row is not None and _keeps(form, row) else _cohort(form)
    source = ours.texts.source_language
    draft = form.draft(source_language=source, zone=ours.settings.clinic_timezone, cohort=cohort)
    return _begun(form, draft) if row is None else _changed(form, draft, row)


def _cohort(form: Form) -> Mapping[str, Any]:
    condition = _condition(form)
    assert condition is not None, "the form has been checked"
    kind, _, source_id = form.text("source").partition(".")
    return described(
        condition, name=_sources(None).get(form.text("source"), ""), locations=person().locations,
        segment=source_id if kind == "s" else "",
    )  # fmt: skip


def _begun(form: Form, draft: Draft) -> ResponseReturnValue:
    ours = clinic()
    expected = sum(sum(by.values()) for by in _carried().values())
    begun = drawing.begin(ours, draft, actor_id=person().user_id, now=ours.clock(), expected=expected or None)
    if isinstance(begun, Faulty):
        form.note(begun.faults)
        return _step(form.first_faulty(), form, looking=True), 422
    with ours.database.read() as connection:
        row = queries.campaign(connection, begun.campaign_id)
    assert row is not None, "it has just been made"
    if row.chore_id is not None:
        return _back(row, say("The draft is made. Its patients are being put into the line."))
    return _back(
        row, say_count("The draft is made: %(num)s patient.", "The draft is made: %(num)s patients.", row.size)
    )


def _changed(form: Form, draft: Draft, row: AnyRow) -> ResponseReturnValue:
    ours, version = clinic(), request.form.get("version", "")
    outcome = editing.edit(
        ours, row.id, draft, redraw=not _keeps(form, row), actor_id=person().user_id, now=ours.clock(),
        seen=int(version) if version.isdecimal() and len(version) < 9 else 0,
    )  # fmt: skip
    if isinstance(outcome, Faulty):
        form.note(outcome.faults)
        return _step(form.first_faulty(), form, row, looking=True), 422
    if outcome is Refused.CHANGED:
        # With the version of now: whoever has read theirs may put this in its place.
        return _step(STEPS[-1], form, row, version=row.version, conflict=True), 409
    if isinstance(outcome, Refused):
        return _back(row, campaign_words.REFUSED[outcome])
    if not outcome.changed:
        return _back(row, say("Nothing was changed."))
    if outcome.withdrew:
        return _back(row, say("The draft is changed. Its approval is withdrawn: somebody else approves it again."))
    return _back(row, say("The draft is changed."))


def _step(
    step: str,
    form: Form,
    row: AnyRow | None = None,
    *,
    looking: bool = False,
    version: int | None = None,
    conflict: bool = False,
) -> str:
    ours = clinic()
    sources, tally = _sources(row), _tally(form, step, row)
    version = version or (row.version if row is not None and request.method == "GET" else None)
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
        previews=previews, looking=looking, Reach=Reach, segment=segment_words, row=row, conflict=conflict,
        version=version or request.form.get("version", "")[:8],
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


def _sources(row: AnyRow | None) -> Mapping[str, str]:
    """What patients can be taken from: those that a draft has, `s.<segment>` and `l.<list>`, by name."""
    with clinic().database.read() as connection:
        segments = cohorts.seen_by(connection, person().user_id)
        lists = patient_lists.all_of(connection)
    kept = {}
    if row is not None:
        name = row.cohort.get("name")
        kept[KEPT] = say("Those that it has now: %(name)s", name=name) if name else say("Those that it has now")
    found = {f"s.{one.id}": one.name for one in segments}
    return kept | found | {f"l.{one.id}": say("List: %(name)s", name=one.name) for one in lists}


def _condition(form: Form, row: AnyRow | None = None) -> Condition | None:
    kind, _, source_id = form.text("source").partition(".")
    if row is not None and _keeps(form, row):
        return _kept(row)
    if kind == "l" and form.text("source") in _sources(None):
        return Listed(list_id=source_id)
    with clinic().database.read() as connection:
        found = cohorts.one(connection, source_id, person().user_id) if kind == "s" else None
    if found is None:
        return None
    try:
        return cohorts.meaning(found)
    except Malformed:
        return None


def _kept(row: AnyRow) -> Condition | None:
    try:
        return read(row.cohort.get("definition"))
    except Malformed:
        return None


def _locations() -> Sequence[str]:
    """Where somebody may answer: anywhere for the whole clinic's people, which is the empty one, else one's own."""
    own = person().locations
    with clinic().database.read() as connection:
        named = [row.name for row in places.locations(connection)]
    return list(own) if own else ["", *named]


def _tally(form: Form, step: str, row: AnyRow | None) -> Mapping[str, Mapping[str, int]]:
    """Patients by language and reach: counted once, when the first step is left, and carried along."""
    if request.method == "POST" and request.form.get("step") != "who" and request.form.get("tally"):
        return _carried()
    condition = _condition(form, row)
    if condition is None or step == "who":
        return {}
    ours = clinic()
    with ours.database.read() as connection:
        counts = cohorts.count(ours, connection, condition, locations=person().locations, now=ours.clock())
    return {tag: {str(reach): number for reach, number in by.items()} for tag, by in counts.by_language.items()}


def _carried() -> Mapping[str, Mapping[str, int]]:
    """What was counted in the first step, as it was carried along."""
    try:
        found = json.loads(request.form.get("tally", ""))
        return {str(tag): {str(Reach(one)): int(number) for one, number in by.items()} for tag, by in found.items()}
    except (ValueError, TypeError, AttributeError):
        return {}


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


def _preview(ours: Clinic, key: str, words: Mapping[str, Words], language: str, now: datetime) -> Written | Unwritten:
    return write(ours, key, words, language=language, name=SOMEBODY, now=now)
