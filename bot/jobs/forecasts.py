"""Job: make a campaign's forecast."""

from __future__ import annotations

import structlog

from bot.jobs.station import discreetly, station
from bot.services.campaigns.forecast import fulfil

log = structlog.get_logger()


def run(forecast_id: str) -> None:
    """From the start, also if it was cut short before."""
    with discreetly():
        fulfil(station().clinic, forecast_id)
        log.info("forecast made", forecast_id=forecast_id)
