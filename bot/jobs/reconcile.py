"""Job: look up the messages whose outcome nobody knows."""

from __future__ import annotations

from bot.gateways.queue import Job
from bot.jobs.station import discreetly, station


def run() -> None:
    """One round."""
    with discreetly():
        station().heard(Job.RECONCILE)
        station().reconcile()
