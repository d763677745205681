"""Job: a chore waits. It is done beside RQ's loop, which has to stay free for what patients wait for."""

from __future__ import annotations

from bot.gateways.queue import Job
from bot.jobs.station import discreetly, station


def run() -> None:
    """Have the sweep look at once."""
    with discreetly():
        station().heard(Job.WORK)
        station().chore_waits.set()
