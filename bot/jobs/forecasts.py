"""Job: make a campaign's forecast."""

from __future__ import annotations

from bot.jobs.station import discreetly, station
from bot.services.campaigns.forecast import fulfil


def run(forecast_id: str) -> None:
    """From the start, also if it was cut short before."""
    with discreetly():
        fulfil(station().clinic, forecast_id)
