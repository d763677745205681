"""`/metrics`: figures from the database and the webhooks' timings, as Prometheus text without a patient in it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from flask import Blueprint, Response, abort, request
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.registry import Collector

from bot.core.sending import Brake
from bot.services.clinic import Clinic
from bot.services.metrics import Figures, figures
from bot.store.database import DatabaseDown
from bot.web.timings import Timings

TIMED = ("webhooks.message", "webhooks.status")


def blueprint(clinic: Clinic, timings: Timings) -> Blueprint:
    """The route, which answers on METRICS_PORT alone where that is set."""
    made = Blueprint("metrics", __name__)
    registry = CollectorRegistry()
    registry.register(ClinicCollector(clinic, timings))

    @made.get("/metrics")
    def metrics() -> Response:
        """Figures in Prometheus' text format."""
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_PLAIN_0_0_4)

    return made


def keeper(clinic: Clinic) -> Callable[[], None]:
    """Keeps METRICS_PORT and PORT apart: metrics are on the one alone, everything that patients are in on the other.

    The server listens on both (`bot.web.serving`), so that any worker may answer a scrape.
    """
    port = clinic.settings.metrics_port

    def keep_apart() -> None:
        if port is None or request.blueprint == "health":
            return
        if (request.environ.get("SERVER_PORT") == str(port)) is not (request.blueprint == "metrics"):
            abort(404)

    return keep_apart


class ClinicCollector(Collector):
    """Counts at the moment of the scrape."""

    def __init__(self, clinic: Clinic, timings: Timings) -> None:
        self._clinic = clinic
        self._timings = timings

    def describe(self) -> list[Metric]:
        """Nothing beforehand: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All metrics; with the database down, all but its figures."""
        try:
            found = figures(self._clinic, self._clinic.clock())
        except DatabaseDown:
            found = None
        yield GaugeMetricFamily("tendril_database_up", "1 while the database answers.", value=float(found is not None))
        if found is not None:
            yield from _gauges(found)
        yield self._histogram()

    def _histogram(self) -> Metric:
        name, what = "tendril_webhook_seconds", "Time taken to answer Twilio."
        family = HistogramMetricFamily(name, what, labels=["webhook"])
        for endpoint, (buckets, total) in self._timings.read().items():
            family.add_metric([endpoint.partition(".")[2]], buckets, sum_value=total)
        return family


def _gauges(found: Figures) -> Iterator[Metric]:
    messages = GaugeMetricFamily("tendril_messages", "Messages by state.", labels=["direction", "status"])
    for (direction, status), count in sorted(found.messages.items()):
        messages.add_metric([direction, status], count)
    yield messages
    waiting = GaugeMetricFamily("tendril_escalations", "Escalations not resolved.", labels=["priority", "status"])
    for (priority, state), count in sorted(found.escalations.items()):
        waiting.add_metric([priority, state], count)
    yield waiting
    late = "How long the open escalation with the earliest time limit has been past it."
    overdue = GaugeMetricFamily("tendril_escalation_overdue_seconds", late, labels=["priority"])
    for priority, seconds in found.overdue_seconds.items():
        overdue.add_metric([priority], seconds)
    yield overdue
    nobody = "Emergencies that nobody has taken and of which nobody on call could be told."
    yield GaugeMetricFamily("tendril_emergencies_untold", nobody, value=found.untold)
    due = GaugeMetricFamily("tendril_outbox_due", "Messages due and not yet claimed.", labels=["lane"])
    for lane, count in sorted(found.due.items()):
        due.add_metric([lane], count)
    yield due
    oldest = "Age of the oldest message that is due and not yet claimed."
    yield GaugeMetricFamily("tendril_outbox_oldest_due_seconds", oldest, value=found.oldest_due_seconds)
    what = "1 while the provider's answers hold sending back; with its error code, or 0."
    brakes = GaugeMetricFamily("tendril_sending_braked", what, labels=["brake", "code"])
    for brake in Brake:
        brakes.add_metric([brake, str(found.brakes.get(brake, 0))], float(brake in found.brakes))
    yield brakes
    stopped = "Fuses that have blown and that nobody has reset, by what they guard."
    fuses = GaugeMetricFamily("tendril_fuses_blown", stopped, labels=["guards"])
    for guards, count in found.fuses.items():
        fuses.add_metric([guards], count)
    yield fuses
    campaigns = GaugeMetricFamily("tendril_campaigns", "Campaigns by state.", labels=["state"])
    for campaign_state, count in sorted(found.campaigns.items()):
        campaigns.add_metric([campaign_state], count)
    yield campaigns
    left = "Time left on each lease; negative: nobody holds it."
    leases = GaugeMetricFamily("tendril_lease_seconds", left, labels=["name"])
    for name, seconds in sorted(found.leases.items()):
        leases.add_metric([name], seconds)
    yield leases
