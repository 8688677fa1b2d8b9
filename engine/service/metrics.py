"""Prometheus metrics: ours under `stockml_`, and the reference's names over the same numbers, so
that old panels fill.

Labels come from tables of ours alone (routes, configured symbols, kinds of refusal): a
stranger's request mints none.
"""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
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
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

disable_created_metrics()  # type: ignore[no-untyped-call]  # a second line for every counter, which nobody reads

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
RECENT = 2000
"""Requests that the percentiles of `stats` look back over."""
PACE_S = 60
"""Seconds that the requests a second of `stats` are counted over."""
PREDICTING = frozenset({"/api/v1/predict", "/api/v1/predict/{symbol}"})
REPORTING = frozenset({"/api/v1/health", "/readyz"})
"""Routes whose 503 is a report of ill health and no failed request."""


class ServiceMetrics:
    """Everything the service counts;
    each counter may be moved from any thread, `requests` from the event loop."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry(auto_describe=False)
        new = self.registry
        self.requests = Counter(
            "stockml_http_requests",
            "Requests answered.",
            ("route", "method", "status"),
            registry=new,
        )
        self.duration = Histogram(
            "stockml_http_request_duration_seconds",
            "Seconds to answer.",
            ("route",),
            buckets=BUCKETS,
            registry=new,
        )
        self.refused = Counter(
            "stockml_http_refused",
            "Requests refused before they were looked at.",
            ("why",),
            registry=new,
        )
        self.active = Gauge(
            "stockml_http_active_requests", "Requests being answered now.", registry=new
        )
        self.predictions = Counter(
            "stockml_predictions", "Forecasts answered.", ("symbol",), registry=new
        )
        self.prediction_errors = Counter(
            "stockml_prediction_errors", "Forecasts not answered.", ("symbol",), registry=new
        )
        self.forecasting = Histogram(
            "stockml_forecast_seconds",
            "Seconds to compute a forecast.",
            buckets=BUCKETS,
            registry=new,
        )
        self.hits = Counter(
            "stockml_cache_hits", "Forecasts answered from the cache.", registry=new
        )
        self.misses = Counter(
            "stockml_cache_misses", "Forecasts that had to be computed.", registry=new
        )
        self.cached = Gauge("stockml_cache_size", "Forecasts in the cache.", registry=new)
        self.generation = Gauge(
            "stockml_model_generation", "Generation served.", ("symbol",), registry=new
        )
        self.loads = Counter(
            "stockml_model_loads", "Model files taken into service.", ("symbol",), registry=new
        )
        self.load_failures = Counter(
            "stockml_model_reload_failures",
            "Model files refused; the model before goes on.",
            ("symbol",),
            registry=new,
        )
        self.unusable = Gauge(
            "stockml_model_refused",
            "1 while the file on disk is refused.",
            ("symbol",),
            registry=new,
        )
        self.answering = Gauge(
            "stockml_symbol_answered",
            "1 while the symbol can be forecast.",
            ("symbol",),
            registry=new,
        )
        self.stale = Gauge(
            "stockml_bars_stale",
            "1 while a newer complete session exists than bars.",
            ("symbol",),
            registry=new,
        )
        self.fetches = Counter(
            "stockml_bar_fetches", "Symbols whose bars were asked of the network.", registry=new
        )
        self.fetch_errors = Counter(
            "stockml_bar_fetch_errors", "Symbols whose bars did not come.", registry=new
        )
        self.fetching = Histogram(
            "stockml_bar_fetch_seconds", "Seconds of a fetch of bars.", registry=new
        )
        self.recorded = Counter(
            "stockml_ledger_predictions", "Forecasts handed to the ledger.", registry=new
        )
        self.unrecorded = Gauge(
            "stockml_ledger_waiting", "Forecasts that the ledger has not taken yet.", registry=new
        )
        self.recent: deque[float] = deque(maxlen=RECENT)
        self.recent_predictions: deque[float] = deque(maxlen=RECENT)
        self.pace = Pace()
        self.live_direction: float | None = None
        """Percent of scored forecasts that had the direction right; None before the first."""
        ProcessCollector(registry=new)
        new.register(Aliases(self))

    def request(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one answered request."""
        self.requests.labels(route, method, str(status)).inc()
        self.duration.labels(route).observe(seconds)
        self.recent.append(seconds)
        if route in PREDICTING:
            self.recent_predictions.append(seconds)
        self.pace.count(time.monotonic())

    def text(self) -> bytes:
        """The exposition in Prometheus' text format."""
        return generate_latest(self.registry)

    def total(self, metric: Collector) -> float:
        """The sum of a counter over its labels."""
        return sum(sample.value for sample in samples(metric, "_total"))

    def failures(self) -> float:
        """Requests answered with a status of 500 or above, reports of ill health left out."""
        return sum(
            found.value
            for found in samples(self.requests, "_total")
            if found.labels["status"] >= "500" and found.labels["route"] not in REPORTING
        )

    def of_symbol(self, metric: Collector, symbol: str) -> float:
        """The sum of a counter over one symbol; 0 before its first event."""
        return sum(
            found.value
            for found in samples(metric, "_total")
            if found.labels.get("symbol") == symbol
        )


class Pace:
    """Requests a second over the last PACE_S seconds, or since the start where that is shorter;
    for one thread."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._counts: dict[int, int] = {}

    def count(self, now: float) -> None:
        """One request at monotonic second `now`."""
        second = int(now)
        self._counts[second] = self._counts.get(second, 0) + 1
        if len(self._counts) > 2 * PACE_S:
            self._counts = {at: n for at, n in self._counts.items() if at > second - PACE_S}

    def per_second(self, now: float) -> float:
        """The mean over the window that ends `now`."""
        found = sum(n for at, n in self._counts.items() if now - PACE_S < at <= now)
        return found / min(PACE_S, max(1.0, now - self._started))


def samples(metric: Collector, ending: str) -> Iterator[Sample]:
    """The samples of a metric whose name ends so."""
    for family in metric.collect():
        for found in family.samples:
            if found.name.endswith(ending):
                yield Sample(found.labels, found.value)


@dataclass(frozen=True, slots=True)
class Sample:
    """One number of a metric."""

    labels: dict[str, str]
    value: float


def percentiles(values: Iterable[float], wanted: Sequence[float]) -> list[float | None]:
    """The nearest-rank percentiles of `values`; None for each where there is no value."""
    ordered = sorted(values)
    if not ordered:
        return [None for _ in wanted]
    return [
        ordered[min(len(ordered) - 1, max(0, -(-int(q * len(ordered)) // 100) - 1))] for q in wanted
    ]


class Aliases(Collector):
    """The reference's metrics and the ones its dashboards ask for, made from ours when they are
    read."""

    def __init__(self, metrics: ServiceMetrics) -> None:
        self._metrics = metrics

    def describe(self) -> Iterable[Metric]:
        return ()

    def collect(self) -> Iterator[Metric]:
        mine = self._metrics
        yield _counter("api_requests", "All requests.", mine.total(mine.requests))
        yield _counter("api_errors", "Requests answered with 500 or above.", mine.failures())
        yield _counter("predictions", "Forecasts answered.", mine.total(mine.predictions))
        yield _counter(
            "prediction_errors", "Forecasts not answered.", mine.total(mine.prediction_errors)
        )
        yield _counter("cache_hits", "Forecasts answered from the cache.", mine.total(mine.hits))
        yield _counter("cache_misses", "Forecasts computed.", mine.total(mine.misses))
        yield _counter(
            "stock_data_fetches", "Symbols asked of the network.", mine.total(mine.fetches)
        )
        yield _counter(
            "stock_data_errors", "Symbols whose bars did not come.", mine.total(mine.fetch_errors)
        )
        yield _renamed("api_request_duration_seconds", mine.duration, ())
        yield _renamed("http_request_duration_seconds", mine.duration, ())
        yield _renamed("prediction_latency_seconds", mine.forecasting, ())
        yield _renamed("stock_data_latency_seconds", mine.fetching, ())
        yield _renamed("http_requests", mine.requests, ("status",))
        yield _renamed("prediction_requests", mine.predictions, ("symbol",))
        yield GaugeMetricFamily("cache_size", "Forecasts in the cache.", _value(mine.cached))
        yield GaugeMetricFamily(
            "active_connections", "Requests being answered now.", _value(mine.active)
        )
        yield GaugeMetricFamily("memory_usage_bytes", "Resident memory.", resident_bytes())
        live = mine.live_direction
        if live is not None:
            yield GaugeMetricFamily(
                "prediction_accuracy", "Direction accuracy of scored forecasts, percent.", live
            )


def _counter(name: str, about: str, value: float) -> Metric:
    return CounterMetricFamily(name, about, value)


def _value(gauge: Gauge) -> float:
    return next(sample.value for family in gauge.collect() for sample in family.samples)


def _renamed(name: str, metric: Collector, labels: Sequence[str]) -> Metric:
    """The metric under another name, summed over all labels but `labels` (and a histogram's own
    `le`)."""
    family = next(iter(metric.collect()))
    kept = (*labels, "le")
    sums: dict[tuple[str, tuple[tuple[str, str], ...]], float] = {}
    for sample in family.samples:
        ending = sample.name.removeprefix(family.name)
        if ending != "_created":
            key = (
                ending,
                tuple((label, value) for label, value in sample.labels.items() if label in kept),
            )
            sums[key] = sums.get(key, 0.0) + sample.value
    made = Metric(name, family.documentation, family.type)
    for (ending, chosen), value in sums.items():
        made.add_sample(name + ending, dict(chosen), value)
    return made


def resident_bytes() -> int:
    """The memory this process has in use, as the kernel counts it."""
    return memory_bytes()[1]


def memory_bytes() -> tuple[int, int]:
    """Address space, and what of it is in use."""
    with open("/proc/self/statm", "rb") as file:
        pages = file.read().split()
    page = os.sysconf("SC_PAGE_SIZE")
    return int(pages[0]) * page, int(pages[1]) * page
