"""Structured logs on stderr, one JSON object a line: event names, ids and counts, never a patient's data."""

from __future__ import annotations

import logging
import sys
from typing import Any

import structlog

# What a line may say. Anything else is left out, so that a careless call cannot leak a name or a text.
ALLOWED = frozenset({
    "event", "level", "timestamp", "logger", "count", "ids", "message_id", "conversation_id", "escalation_id",
    "enrollment_id", "touch_id", "import_id", "user_id", "request_id", "route", "method", "status", "code", "reason",
    "decision", "lane", "seconds", "host", "pid", "port", "path", "state", "error", "kind", "attempt", "attempts",
    "dialect", "revision", "line", "holder", "journey", "step", "rate", "queue",
})  # fmt: skip


def configure(level: str = "info") -> None:
    """Set up logging for this process: structlog for ours, the same form for the libraries'."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, _only_allowed, structlog.processors.JSONRenderer()],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processor=structlog.processors.JSONRenderer(), foreign_pre_chain=[*shared, _without_arguments]
        )
    )
    logging.basicConfig(handlers=[handler], level=level.upper(), force=True)
    # These write addresses with their query (a list call holds a phone number) or SQL with its values.
    for name in ("twilio.http_client", "sqlalchemy.engine", "werkzeug", "urllib3", "alembic", "aiohttp.access"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _only_allowed(_logger: Any, _method: str, event: Any) -> Any:
    return {key: value for key, value in event.items() if key in ALLOWED}


def _without_arguments(_logger: Any, _method: str, event: Any) -> Any:
    # A library's traceback may quote our values; its type is enough to find the place.
    if event.get("exc_info"):
        info = event.pop("exc_info")
        event["error"] = info[0].__name__ if isinstance(info, tuple) and info[0] else "exception"
    return event
