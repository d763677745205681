"""Segments: saved ones with counts, the builder, and uploaded lists. Everybody sees them; who may act builds them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask import Blueprint, abort, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection

from bot.core.cohort import Condition, Reach
from bot.core.cohort_data import KINDS, Malformed
from bot.services import cohorts, patient_lists
from bot.services.cohorts import Counts, Stale
from bot.services.importing import Unreadable
from bot.services.inbox import Gone
from bot.services.patient_lists import Upload
from bot.store.columns import AnyRow
from bot.web.console import segment_form, segment_words
from bot.web.console.guard import person, timer
from bot.web.console.language import say, say_count
from bot.web.console.segment_choices import drawn, list_names
from bot.web.console.segment_form import Form
from bot.web.current import clinic


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/segments", view_func=segments)
    blueprint.add_url_rule("/segments/new", view_func=segment_new, methods=["GET", "POST"])
    blueprint.add_url_rule("/segments/lists", view_func=upload_list, methods=["POST"])
    blueprint.add_url_rule("/segments/lists/reading", view_func=lists_reading)
    blueprint.add_url_rule("/segments/lists/<list_id>/remove", view_func=remove_list, methods=["POST"])
    blueprint.add_url_rule("/segments/<cohort_id>", view_func=segment, methods=["GET", "POST"])
    blueprint.add_url_rule("/segments/<cohort_id>/remove", view_func=remove_segment, methods=["POST"])


def segments() -> ResponseReturnValue:
    """All that one may use, and the uploaded lists."""
    return _overview()


def segment_new() -> ResponseReturnValue:
    """Build one."""
    if request.method == "POST":
        return _worked_on(None)
    return _builder(None, Form(), {})


def segment(cohort_id: str) -> ResponseReturnValue:
    """One of them: what it means, how many it has with `?count=yes`, and the form to change it."""
    row = _found(cohort_id)
    if request.method == "POST":
        return _worked_on(row)
    condition = _meaning(row)
    form = segment_form.filled(condition) if condition is not None else None
    counts = _counted(condition) if condition is not None and request.args.get("count") == "yes" else None
    if counts is not None and not person().locations:
        ours = clinic()
        cohorts.note_count(ours, row.id, counts.total, ours.clock())
    return _builder(row, form, {"name": row.name, "shared": "yes" if row.shared else ""}, counts=counts)


def remove_segment(cohort_id: str) -> ResponseReturnValue:
    """Forget one."""
    ours, someone = clinic(), person()
    gone = cohorts.remove(
        ours, cohort_id=cohort_id, actor_id=someone.user_id, now=ours.clock(), force=someone.is_supervisor
    )
    return _forgotten(gone, say("The segment is removed."))


def upload_list() -> ResponseReturnValue:
    """Keep the patients whom a file names."""
    ours, upload = clinic(), request.files.get("file")
    name = " ".join(request.form.get("name", "").split())[: patient_lists.LONGEST_NAME]
    if not name:
        return _overview(error=say("Give the list a name.")), 422
    if upload is None or not upload.filename:
        return _overview(error=say("Choose a file."), name=name), 422
    try:
        told = patient_lists.upload(
            ours, upload.stream.read(), name=name, locations=person().locations, actor_id=person().user_id,
            now=ours.clock(),
        )  # fmt: skip
    except Unreadable as error:
        return _overview(error=say("The file cannot be used: %(why)s.", why=error), name=name), 422
    if not told.is_done:
        flash(say("The list is being read. It can be used when all of it has been looked up."))
        return redirect(url_for("console.segments") + "#reading", 303)
    if told.unknown or told.bad or told.remark:
        return _overview(told=told, uploads=[one for one in _uploads() if one.told.list_id != told.list_id])
    flash(say_count("The list is kept: %(num)s patient.", "The list is kept: %(num)s patients.", told.size))
    return redirect(url_for("console.segments"), 303)


@timer
def lists_reading() -> ResponseReturnValue:
    """How far one's uploads have come; the whole page anew when one of them is done."""
    uploads = _uploads()
    if request.args.get("open") != str(sum(one.is_open for one in uploads)):
        answer = make_response("", 200)
        answer.headers["HX-Refresh"] = "true"
        return answer
    return render_template("console/_lists_reading.html", uploads=uploads)


def _uploads() -> Sequence[Upload]:
    ours = clinic()
    with ours.database.read() as connection:
        return patient_lists.uploads(connection, person().user_id, ours.clock())


def remove_list(list_id: str) -> ResponseReturnValue:
    """Forget a list."""
    ours = clinic()
    gone = patient_lists.remove(ours, list_id=list_id, actor_id=person().user_id, now=ours.clock())
    return _forgotten(gone, say("The list is removed."))


def _forgotten(gone: bool | Gone, words: str) -> ResponseReturnValue:
    if isinstance(gone, Gone):
        abort(404)
    if not gone:
        abort(403)
    flash(words)
    return redirect(url_for("console.segments"), 303)


def _overview(**shown: Any) -> str:
    with clinic().database.read() as connection:
        rows = cohorts.seen_by(connection, person().user_id)
        lists = patient_lists.all_of(connection)
    names = {row.id: row.name for row in lists}
    meanings = {row.id: _meaning(row) for row in rows}
    said = {
        which: segment_words.described(meaning, names) if meaning is not None else [say("Of another version")]
        for which, meaning in meanings.items()
    }
    return render_template(
        "console/segments.html", rows=rows, said=said, lists=lists, **{"uploads": _uploads(), **shown}
    )


def _worked_on(row: AnyRow | None) -> ResponseReturnValue:
    """A button of the builder was pressed."""
    form, do = segment_form.typed(request.form), request.form.get("do", "count")
    typed = {"name": request.form.get("name", ""), "shared": request.form.get("shared", "")}
    if do not in ("count", "save", "copy"):
        focus = segment_form.acted(form, do, request.form)
        return _builder(row, form, typed, focus=focus)
    condition = form.condition()
    if condition is None:
        return _builder(row, form, typed, error=say("One condition needs another look. Nothing has been saved.")), 422
    if do == "count":
        return _builder(row, form, typed, counts=_counted(condition))
    return _saved(row if do == "save" else None, form, condition, typed)


def _saved(row: AnyRow | None, form: Form, condition: Condition, typed: dict[str, str]) -> ResponseReturnValue:
    ours = clinic()
    version = request.form.get("version", "")
    try:
        kept = cohorts.save(
            ours, cohort_id=row.id if row is not None else None, name=typed["name"], condition=condition,
            shared=typed["shared"] == "yes", actor_id=person().user_id, now=ours.clock(),
            version=int(version) if version.isdecimal() and len(version) < 9 else 0,
        )  # fmt: skip
    except LookupError:
        abort(403)
    except Stale:
        told = say("Somebody has changed it since you opened it. Look at it again, or save yours as a new one.")
        return _builder(row, form, typed, error=told), 409
    except Malformed as error:
        told = " ".join(segment_words.wrong(fault.why, fault.about) for fault in error.faults)
        return _builder(row, form, typed, error=told), 422
    if kept is None:
        told = say("Not saved: give it a name, or remove another segment first.")
        return _builder(row, form, typed, error=told), 422
    flash(say("The segment is saved."))
    return redirect(url_for("console.segment", cohort_id=kept, count="yes"), 303)


def _builder(row: AnyRow | None, form: Form | None, typed: dict[str, str], **shown: Any) -> str:
    with clinic().database.read() as connection:
        fields = drawn(connection, form) if form is not None else []
        names = list_names(connection)
    condition = form.condition() if form is not None and form.is_sound else None
    if row is not None and condition is None and form is None:
        condition = _meaning(row)
    return render_template(
        "console/segment.html", row=row, form=form, fields=fields, typed=typed, Reach=Reach, KINDS=list(KINDS),
        segment=segment_words, said=segment_words.described(condition, names) if condition is not None else [],
        mine=row is None or row.owner_id == person().user_id, **{"counts": None, "focus": None, **shown},
    )  # fmt: skip


def _counted(condition: Condition) -> Counts:
    ours = clinic()
    with ours.database.read() as connection:
        return cohorts.count(ours, connection, condition, locations=person().locations, now=ours.clock())


def _found(cohort_id: str) -> AnyRow:
    with clinic().database.read() as connection:
        row = _one(connection, cohort_id)
    if row is None:
        abort(404)
    return row


def _one(connection: Connection, cohort_id: str) -> AnyRow | None:
    return cohorts.one(connection, cohort_id, person().user_id)


def _meaning(row: AnyRow) -> Condition | None:
    try:
        return cohorts.meaning(row)
    except Malformed:
        return None
