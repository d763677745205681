"""Who may call the API: a bearer token first, then its scope, and only then is anything looked up."""

from __future__ import annotations

from typing import Final, cast

from flask import abort, g, request
from werkzeug.datastructures import WWWAuthenticate
from werkzeug.exceptions import Unauthorized

from bot.services import tokens
from bot.services.tokens import Bearer
from bot.web.current import clinic

PREFIX: Final = "/api"
PUBLIC: Final = frozenset({"api.openapi"})
READING: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def serves(path: str) -> bool:
    """Whether the path is the API's, known or not."""
    return path == PREFIX or path.startswith(f"{PREFIX}/")


def authorize() -> None:
    """Refuse a request to the API: 401 without a valid token, 403 without the scope, 404 for a path that is none.

    Runs before every request, and before Flask itself says 404 or 405, so that a stranger learns nothing of what
    there is.
    """
    if not serves(request.path) or request.endpoint in PUBLIC:
        return
    bearer = tokens.authenticate(clinic(), _secret())
    if bearer is None:
        challenge = WWWAuthenticate("bearer", {"realm": "Tendril"})
        raise Unauthorized("Send a valid token: Authorization: Bearer TOKEN", www_authenticate=challenge)
    if request.method not in READING and not bearer.may_write:
        abort(403, "This token may only read. `bot tokens create NAME --scope write` makes one that may write.")
    if "\0" in request.path:
        abort(404)  # no id holds one, and PostgreSQL refuses to look
    g.bearer = bearer


def bearer() -> Bearer:
    """Who has sent this request."""
    return cast(Bearer, g.bearer)


def _secret() -> str:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    return secret.strip() if scheme.lower() == "bearer" else ""
