"""Loading files: checked first without touching anything, then loaded; for supervisors and administrators."""

from __future__ import annotations

import csv
import hashlib
import io
from typing import IO, Any
from urllib.parse import quote

from flask import Blueprint, Request, render_template, request
from flask.blueprints import BlueprintSetupState
from flask.typing import ResponseReturnValue

from bot.services.importing import CSV_KINDS, ImportReport, Kind, Unreadable, run_import, turn
from bot.web.console.guard import SUPERVISORS, is_live, only, person
from bot.web.console.language import say
from bot.web.current import clinic

FAULTS_SHOWN = 200
MOST_ROWS = 50_000
"""At the thousand rows a second that imports make at the least, what gunicorn's timeout leaves time for."""


class InMemory(Request):
    """A request whose uploads stay in memory: a file of patients must not lie in a temporary folder in the clear."""

    def _get_file_stream(self, *_sizes_and_names: Any, **_more: Any) -> IO[bytes]:
        return io.BytesIO()


def install(blueprint: Blueprint) -> None:
    """Add the routes."""
    blueprint.add_url_rule("/imports", view_func=imports, methods=["GET", "POST"])
    blueprint.record_once(_keep_in_memory)


def _keep_in_memory(state: BlueprintSetupState) -> None:
    vars(state.app)["request_class"] = InMemory


@only(*SUPERVISORS)
def imports() -> ResponseReturnValue:
    """Upload a file: looked through first, loaded when asked to."""
    if request.method != "POST":
        return _page()
    upload, kind = request.files.get("file"), request.form.get("kind", "")
    if kind not in set(CSV_KINDS):
        return _page(error=say("Choose what is in the file.")), 422
    if upload is None or not upload.filename:
        return _page(error=say("Choose a file."), kind=kind), 422
    content, dry_run = upload.stream.read(), request.form.get("do") != "import"
    # With the kind: a file checked as patients is not one checked as appointments.
    digest = hashlib.sha256(f"{kind}\n".encode() + content).hexdigest()
    if not dry_run and request.form.get("checked") != digest:
        return _page(error=say("This is not the file that was checked. Check it first."), kind=kind), 422
    ours = clinic()
    try:
        with turn(ours):
            report = run_import(
                ours,
                Kind(kind),
                io.BytesIO(content),
                file_name=upload.filename[-120:],
                actor=person().user_id,
                dry_run=dry_run,
                most_rows=MOST_ROWS,
            )
    except Unreadable as error:
        return _page(error=say("The file cannot be read: %(why)s.", why=error), kind=kind), 422
    return _page(report=report, kind=kind, digest=digest, download=_download(report))


def _download(report: ImportReport) -> str:
    """The faults as a CSV file in a link, nothing kept on the server: of a check, nothing may stay."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(("line", "column", "refused", "reason"))
    for fault in report.faults:
        table.writerow((fault.line or "", fault.column or "", "no" if fault.warning else "yes", fault.reason))
    return "data:text/csv;charset=utf-8," + quote(written.getvalue())


def _page(**shown: Any) -> str:
    template = "console/_import_report.html" if is_live() else "console/imports.html"
    return render_template(template, kinds=CSV_KINDS, faults_shown=FAULTS_SHOWN, **shown)
