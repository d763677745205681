"""One line of log for every request, by an id of its own; the route's pattern stands in it, never the address."""

from __future__ import annotations

import time
from typing import Final

import structlog
from flask import Flask, Response, g, request

from bot.store.columns import new_id
from bot.web.timings import Timings

log = structlog.get_logger("web")

HEADER: Final = "X-Request-Id"
QUIET: Final = frozenset({"health.healthz", "health.readyz", "metrics.metrics", "static", "console.static"})
"""Asked for all the time by machines; logged only when something is wrong."""
NO_ROUTE: Final = "-"


def trace(app: Flask, timings: Timings) -> None:
    """Number, time and log every request of this application."""

    def begin() -> None:
        g.began = time.perf_counter()
        g.request_id = new_id()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)

    def end(response: Response) -> Response:
        seconds = time.perf_counter() - g.began if "began" in g else 0.0
        if request.blueprint == "webhooks":
            timings.observe(request.endpoint or "", seconds)
        if request.endpoint not in QUIET or response.status_code >= 500:
            log.info(
                "request",
                method=request.method,
                route=request.url_rule.rule if request.url_rule else NO_ROUTE,
                status=response.status_code,
                seconds=round(seconds, 4),
            )
        response.headers[HEADER] = g.get("request_id", "")
        return response

    def forget(_error: BaseException | None) -> None:
        structlog.contextvars.clear_contextvars()

    app.before_request(begin)
    app.after_request(end)
    app.teardown_request(forget)
