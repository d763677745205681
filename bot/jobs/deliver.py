"""Job: send what is due."""

from __future__ import annotations

from bot.gateways.queue import Job
from bot.jobs.station import discreetly, station


def run() -> None:
    """Until nothing is due any more, or the worker is to stop."""
    with discreetly():
        station().heard(Job.DELIVER)
        station().deliver()
