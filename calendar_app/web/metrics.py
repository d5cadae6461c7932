"""/metrics for Prometheus, behind a bearer token.

It is on the web's own port and reads the ledger when it is scraped: any web process of any host gives the whole house's
numbers, so one target is enough and no process has to be found or asked on its own. No label holds anything that a
person wrote: only states, platforms, steps, outcomes and kinds of processes.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, abort, request
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeHistogramMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from calendar_app import gauges, vitals
from calendar_app.settings import config
from calendar_app.web import edge

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def show() -> Response:
    """Everything, in Prometheus' text format; 404 unless ALMANAC_METRICS_TOKEN is set, 503 without a database."""
    token = config().metrics_token
    if not token:
        abort(404)
    if not _knows(token):
        return Response("bearer token wanted\n", 401, {"WWW-Authenticate": "Bearer"}, "text/plain")
    registry = CollectorRegistry(auto_describe=False)
    try:
        registry.register(Ledger(edge.now()))
        return Response(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)
    except SQLAlchemyError:
        return Response("the database is away\n", 503, mimetype="text/plain")


def _knows(token: str) -> bool:
    scheme, _space, given = request.headers.get("Authorization", "").partition(" ")
    return scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), token.encode())


class Ledger(Collector):
    """The house's numbers at ``now``."""

    def __init__(self, now: datetime) -> None:
        self._now = now

    def describe(self) -> list[Metric]:
        """Nothing is promised beforehand, so that registering asks the database nothing."""
        return []

    def collect(self) -> Iterator[Metric]:
        yield from self._deliveries()
        yield from self._processes()
        yield from self._recent()

    def _deliveries(self) -> Iterator[Metric]:
        count, oldest = gauges.due(self._now)
        open_ones = {(state,): number for state, number in gauges.open_deliveries().items()}
        yield _gauge("almanac_deliveries", "Deliveries that have not come to an end.", ("state",), open_ones)
        yield _gauge("almanac_deliveries_due", "Deliveries due and not claimed yet.", (), {(): count})
        yield _gauge(
            "almanac_deliveries_oldest_due_seconds", "Age of the oldest due delivery.", (), {(): oldest}
        )
        lapsed = gauges.lapsed_leases(self._now)
        yield _gauge("almanac_leases_lapsed", "Claims whose worker fell silent.", (), {(): lapsed})
        channels = gauges.channels()
        yield _gauge("almanac_channels", "Connected channels.", ("platform", "state"), channels)

    def _processes(self) -> Iterator[Metric]:
        house = vitals.processes(self._now)
        alive: dict[tuple[str], float] = {}
        ages: dict[tuple[str], float] = {}
        for process in house:
            kind, age = (process.kind,), (self._now - process.beat_at).total_seconds()
            alive[kind] = alive.get(kind, 0) + process.is_alive
            ages[kind] = min(age, ages.get(kind, age))
        yield _gauge("almanac_processes", "Processes that gave a sign within a minute.", ("kind",), alive)
        yield _gauge("almanac_beat_age_seconds", "Age of the youngest sign of life.", ("kind",), ages)
        lengths = {(name,): length for name, length in vitals.queue_lengths(house).items()}
        yield _gauge(
            "almanac_queue_length", "Rings in Redis, as the latest clock counted them.", ("queue",), lengths
        )

    def _recent(self) -> Iterator[Metric]:
        tries = {
            (platform, step, outcome or "open"): count
            for (platform, step, outcome), count in gauges.attempts(self._now).items()
        }
        yield _gauge(
            "almanac_attempts_5m",
            "Attempts begun in the last five minutes.",
            ("platform", "step", "outcome"),
            tries,
        )
        late = GaugeHistogramMetricFamily(
            "almanac_lateness_5m_seconds",
            "From the promised instant to the visible call, in the last five minutes.",
            labels=("platform",),
        )
        for platform, found in gauges.lateness(self._now).items():
            counts = [
                (str(bound), float(count)) for bound, count in zip(gauges.BOUNDS, found.buckets, strict=True)
            ]
            late.add_metric((platform,), [*counts, ("+Inf", found.count)], found.total)
        yield late


def _gauge(name: str, says: str, labels: tuple[str, ...], values: Any) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, says, labels=labels)
    for key, value in values.items():
        family.add_metric([str(part) for part in key], float(value))
    return family
