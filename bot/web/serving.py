"""gunicorn's configuration, `gunicorn --config python:bot.web.serving 'bot:create_app()'`: all from the environment."""

from __future__ import annotations

import gc
import os
import sys
from typing import Any

# Behind the operator's proxy, which may be on another host.
HOST = os.environ.get("HOST") or "0.0.0.0"  # noqa: S104


def _port(name: str) -> str:
    """The port under that name; one that is no number is left for the application, which names it, to refuse."""
    port = os.environ.get(name) or "8000"
    return port if port.isascii() and port.isdigit() else "0"


bind = [f"{HOST}:{_port('PORT')}"]
if os.environ.get("METRICS_PORT"):
    bind.append(f"{os.environ.get('METRICS_HOST') or '127.0.0.1'}:{_port('METRICS_PORT')}")

# Two processes beat threads here (measured). They are forked from one that has read all texts and lexicons, so that
# a wrong setting ends the parent itself, and workers share that memory and the webhooks' timings.
workers = max(1, int(os.environ.get("WEB_CONCURRENCY") or 2))
worker_class = "sync"
preload_app = True

# As long as the console may take for the largest file it takes; anything else is over in a moment.
timeout = 60
graceful_timeout = 10
# X-Forwarded-* is judged by the application, by TRUSTED_PROXIES.
forwarded_allow_ips = ""
# One line of log for each request comes from the application, by route and never by address.
accesslog = None
loglevel = os.environ.get("GUNICORN_LOG_LEVEL") or "warning"
control_socket_disable = True


def when_ready(_server: Any) -> None:
    """What was read before the fork stays for good: the collector is to pass it by, which also keeps it shared."""
    gc.collect()
    gc.freeze()


def worker_exit(_server: Any, worker: Any) -> None:
    """End a worker that was told to: to tear its interpreter down would copy and free all lexicons, seconds of work."""
    if worker.booted and not worker.alive:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)
