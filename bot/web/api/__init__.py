"""The JSON API under /api/v1: bearer tokens, problem+json, and an OpenAPI document made from the routes."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, current_app, jsonify
from flask.typing import ResponseReturnValue

from bot.web.api import campaigns, loops, reading, writing
from bot.web.api.access import authorize as authorize
from bot.web.api.access import serves as serves
from bot.web.api.document import document as describe
from bot.web.current import clinic

_DOCUMENT = "tendril.openapi"


def blueprint() -> Blueprint:
    """The routes under /api/v1."""
    made = Blueprint("api", __name__, url_prefix="/api/v1")
    made.add_url_rule("/openapi.json", endpoint="openapi", view_func=openapi)
    reading.register(made)
    writing.register(made)
    campaigns.register(made)
    loops.register(made)
    return made


def openapi() -> ResponseReturnValue:
    """The OpenAPI document; public, since it tells nothing of anybody."""
    made: dict[str, Any] = current_app.extensions.get(_DOCUMENT) or describe(
        current_app, clinic().settings.public_url
    )
    current_app.extensions[_DOCUMENT] = made
    return jsonify(made)
