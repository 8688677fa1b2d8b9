"""Prometheus metrics of the service, labelled from our own tables: no request adds a series."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from engine.service.recent import RecentRequests

# They are a second line for each counter, read by nobody.
disable_created_metrics()  # type: ignore[no-untyped-call]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MOST_LABELLED = 200
"""Symbols up to which each has series of its own."""
WITHOUT_TOTAL = frozenset({"stockml_model_generation"})
"""Metrics of symbols whose sum says nothing."""
HEALTH_ROUTES = frozenset({"/api/v1/health", "/readyz"})
"""Routes whose 503 reports ill health and is no failed request."""


class MetricRegistry(CollectorRegistry):
    """The metrics of one service; the constructors put `stockml_` before each name."""

    def __init__(self) -> None:
        super().__init__(auto_describe=False)

    def counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"stockml_{name}", about, labels, registry=self)

    def gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"stockml_{name}", about, labels, registry=self)

    def seconds(self, name: str, about: str, *labels: str) -> Histogram:
        return Histogram(f"stockml_{name}", about, labels, buckets=BUCKETS, registry=self)


class ServiceMetrics:
    """The service's counters; any thread may count, `record_request` is for the event loop."""

    def __init__(self) -> None:
        self.registry = registry = MetricRegistry()
        counter, gauge, seconds = registry.counter, registry.gauge, registry.seconds

        self.requests = counter("http_requests", "Requests answered.", "route", "method", "status")
        self.duration = seconds("http_request_duration_seconds", "Seconds to answer.", "route")
        self.refused = counter("http_refused", "Requests refused before they were read.", "why")
        self.active = gauge("http_active_requests", "Requests being answered now.")

        self.predictions = counter("predictions", "Forecasts answered.", "symbol")
        self.prediction_errors = counter("prediction_errors", "Forecasts not answered.", "symbol")
        self.computing = seconds("forecast_seconds", "Seconds to compute a forecast.")
        self.hits = counter("cache_hits", "Forecasts answered from the cache.")
        self.misses = counter("cache_misses", "Forecasts that had to be computed.")
        self.cached = gauge("cache_size", "Forecasts in the cache.")

        self.generation = gauge("model_generation", "Generation served.", "symbol")
        self.loads = counter("model_loads", "Model files taken into service.", "symbol")
        self.load_failures = counter("model_reload_failures", "Model files refused.", "symbol")
        self.unusable = gauge("model_refused", "1 while the file on disk is refused.", "symbol")
        self.answering = gauge("symbol_answered", "1 while it can be forecast.", "symbol")

        self.stale = gauge("bars_stale", "1 while a complete session has no bar yet.", "symbol")
        self.fetches = counter("bar_fetches", "Symbols whose bars were requested.")
        self.fetch_errors = counter("bar_fetch_errors", "Symbols whose bars did not arrive.")
        about = "Seconds of a fetch of bars."
        self.fetching = Histogram("stockml_bar_fetch_seconds", about, registry=registry)

        self.recorded = counter("ledger_predictions", "Forecasts handed to the ledger.")
        self.unrecorded = gauge("ledger_waiting", "Forecasts the ledger has not taken yet.")
        self.live_direction = LiveDirection(registry)
        ProcessCollector(registry=registry)
        self.recent = RecentRequests()

    def record_request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(route, method, str(status)).inc()
        self.duration.labels(route).observe(seconds)
        self.recent.add(route, seconds)

    def text(self, symbols: int = 0) -> bytes:
        """The exposition in Prometheus' text format; a summary where there are many symbols."""
        whole = symbols <= MOST_LABELLED
        return generate_latest(self.registry if whole else SymbolTotals(self.registry))

    def failures(self) -> float:
        """Requests answered with a status of 500 or above, reports of ill health left out."""
        return sum(
            sample.value
            for sample in totals(self.requests)
            if sample.labels["status"] >= "500" and sample.labels["route"] not in HEALTH_ROUTES
        )


class LiveDirection(Collector):
    """Percent of scored forecasts with the right direction; no series before the first one."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self.percent: float | None = None
        registry.register(self)

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        if self.percent is not None:
            about = "Direction accuracy of scored forecasts, percent."
            yield GaugeMetricFamily("stockml_live_direction_percent", about, self.percent)


class SymbolTotals(CollectorRegistry):
    """The metrics of a registry, each of symbols as one total without their names."""

    def __init__(self, registry: CollectorRegistry) -> None:
        super().__init__(auto_describe=False)
        self._registry = registry

    def collect(self) -> Iterator[Metric]:
        for family in self._registry.collect():
            if not any("symbol" in sample.labels for sample in family.samples):
                yield family
            elif family.name not in WITHOUT_TOTAL:
                summary = Metric(family.name, family.documentation, family.type)
                name, total = family.samples[0].name, sum(row.value for row in family.samples)
                summary.add_sample(name, {}, total)
                yield summary


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a metric."""

    labels: dict[str, str]
    value: float


def totals(counter: Counter) -> Iterator[Sample]:
    """The value of a counter for each combination of its labels."""
    for family in counter.collect():
        for sample in family.samples:
            if sample.name.endswith("_total"):
                yield Sample(sample.labels, sample.value)


def total(counter: Counter, symbol: str | None = None) -> int:
    """The sum of a counter over its labels, or over those of one symbol."""
    return int(
        sum(
            sample.value
            for sample in totals(counter)
            if symbol is None or sample.labels.get("symbol") == symbol
        )
    )
