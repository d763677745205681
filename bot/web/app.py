"""The Flask application: what is served, in which order a request is looked at, and how failures are told."""

from __future__ import annotations

import os
import sys
import traceback
from pathlib import Path

import structlog
from flask import Flask, Response, abort, make_response, redirect, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import HTTPException, InternalServerError, ServiceUnavailable

from bot import log
from bot.config import SettingsError, load
from bot.runtime import build_clinic
from bot.services.clinic import Clinic
from bot.store.database import DatabaseDown
from bot.web import api, console, health, metrics, webhooks
from bot.web.api.problems import problem_of
from bot.web.current import EXTENSION
from bot.web.security import protect
from bot.web.timings import Timings
from bot.web.tracing import trace

PACKAGE = Path(__file__).parents[1]
RETRY_SECONDS = "5"
WORKER_BOOT_ERROR = 3
"""The exit status by which a gunicorn worker tells its parent not to start another one in its place."""

logger = structlog.get_logger(__name__)


def create_app(clinic: Clinic | None = None) -> Flask:
    """The application for this clinic, or for the one that the environment describes.

    Opens no connection, so that a server may build it first and fork afterwards. A wrong setting ends the process with
    one line for each.
    """
    app = Flask("bot.web", static_folder="static")
    app.extensions[EXTENSION] = clinic = clinic or _clinic_from_environment()
    app.json.sort_keys = False  # type: ignore[attr-defined]
    timings = Timings(metrics.TIMED)
    trace(app, timings)
    csrf = protect(app, clinic.settings)
    app.before_request(metrics.keeper(clinic))
    app.before_request(api.authorize)
    app.register_blueprint(webhooks.blueprint(clinic))
    app.register_blueprint(api.blueprint())
    app.register_blueprint(health.blueprint(clinic))
    app.register_blueprint(metrics.blueprint(clinic, timings))
    console.language.install(app)
    app.register_blueprint(console.blueprint)
    # After the console's own functions: who is not signed in is sent to sign in, whatever tokens the form lacks.
    app.before_request_funcs.setdefault(console.blueprint.name, []).append(csrf.protect)
    # So that the console's guard stands before pages that there are not, too.
    app.add_url_rule("/console/<path:elsewhere>", endpoint="console.elsewhere", view_func=_elsewhere)
    app.add_url_rule("/", endpoint="home", view_func=_home)
    app.register_error_handler(DatabaseDown, _database_down)
    app.register_error_handler(HTTPException, _refused)
    app.register_error_handler(Exception, _failed)
    return app


def _clinic_from_environment() -> Clinic:
    try:
        settings = load()
    except SettingsError as error:
        sys.stderr.write("".join(f"{fault}\n" for fault in error.faults))
        raise SystemExit(WORKER_BOOT_ERROR) from None
    log.configure(settings.log_level)
    clinic = build_clinic(settings)
    # Reads the lexicons before the first patient waits for it, and before a server forks.
    clinic.understand.scan("")
    return clinic


def _home() -> ResponseReturnValue:
    return redirect(url_for("console.today"))


def _elsewhere(elsewhere: str) -> ResponseReturnValue:  # noqa: ARG001 - whatever it is, it is not there
    abort(404)


def _refused(error: HTTPException) -> ResponseReturnValue:
    if api.serves(request.path):
        return problem_of(error)
    if request.blueprint == "webhooks" or request.path.startswith("/webhooks/"):
        # Werkzeug's own pages are HTML; Twilio's log shows a short line better.
        return Response(f"{error.name}\n", error.code, content_type="text/plain; charset=utf-8")
    if request.path.startswith("/console/"):
        try:
            return console.refused(error)
        except Exception as failure:  # the page that failed may be what is to tell of it
            logger.error("no page for it", error=type(failure).__name__)
    return error


def _database_down(_error: DatabaseDown) -> ResponseReturnValue:
    """503: nothing has been done, and whoever asked may ask again."""
    logger.error("database down", route=_route())
    response = _response(ServiceUnavailable("The database does not answer; try again in a moment."))
    response.headers["Retry-After"] = RETRY_SECONDS
    return response


def _failed(error: Exception) -> ResponseReturnValue:
    # By type and place only: an exception's own words may quote a patient.
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if f"{os.sep}bot{os.sep}" in frame.filename]
    place = {"path": os.path.relpath(frames[-1].filename, PACKAGE), "line": frames[-1].lineno} if frames else {}
    logger.error("request failed", error=type(error).__name__, route=_route(), **place)
    return _response(InternalServerError())


def _route() -> str:
    return request.url_rule.rule if request.url_rule else "-"


def _response(error: HTTPException) -> Response:
    """The response for an error, in the form that this path's readers expect."""
    answer = _refused(error)
    return make_response(answer)
