"""Metrics: no label from outside, the reference's names over the same numbers, percentiles."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from engine.core.clock import FakeClock
from engine.core.paths import Home
from engine.service.metrics import Pace, ServiceMetrics, percentiles
from engine.watch import ledger
from tests.cli.fakes import FORECAST
from tests.service.homes import NOW, Served, bars_of, serving

COUNTERS = (
    "api_requests api_errors predictions prediction_errors cache_hits cache_misses"
    " stock_data_fetches stock_data_errors"
)
HISTOGRAMS = (
    "api_request_duration_seconds prediction_latency_seconds stock_data_latency_seconds"
    " http_request_duration_seconds"
)


def values(served: Served) -> dict[str, float]:
    """{name{labels}: value} of a scrape, without the times of creation."""
    text = served.ask("/metrics").body.decode()
    return {
        sample.name
        + "".join(f"|{key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_references_names_are_there(served: Served) -> None:
    """Every metric that the reference exports or its dashboards ask for is there;
    those it never filled are not invented."""
    served.get("/api/v1/predict/NVDA")
    found = values(served)
    assert {f"{name}_total" for name in COUNTERS.split()} <= set(found)
    assert {f"{name}_count" for name in HISTOGRAMS.split()} <= set(found)
    assert {
        "cache_size",
        "active_connections",
        "memory_usage_bytes",
        "process_cpu_seconds_total",
    } <= set(found)
    assert found["http_requests_total|status=200"] > 0
    assert found["prediction_requests_total|symbol=NVDA"] > 0
    assert "prediction_accuracy" not in found


def test_an_alias_is_the_sum_of_its_metric(served: Served) -> None:
    """The old names count the same requests as the new ones, bucket by bucket."""
    served.get("/livez")
    found = values(served)
    new = sum(
        value for name, value in found.items() if name.startswith("stockml_http_requests_total")
    )
    assert found["api_requests_total"] == new
    assert (
        sum(value for name, value in found.items() if name.startswith("http_requests_total")) == new
    )
    assert (
        found["api_request_duration_seconds_bucket|le=+Inf"]
        == found["api_request_duration_seconds_count"]
        == new
    )


def test_strangers_mint_no_labels(served: Served) -> None:
    """Unknown symbols, paths and methods leave the number of series as it is."""
    served.ask("/api/v1/predict/META")
    served.ask("/nothing", "BREW")
    values(served)
    before = set(values(served))
    for number in range(30):
        served.ask(f"/api/v1/predict/X{number}")
        served.ask(f"/nothing/{number}", f"M{number}")
    assert set(values(served)) == before


def test_live_direction_shows_only_when_it_is_known() -> None:
    """`prediction_accuracy` appears with the first scored forecast."""
    metrics = ServiceMetrics()
    assert b"prediction_accuracy " not in metrics.text()
    metrics.live_direction = 52.5
    assert b"\nprediction_accuracy 52.5\n" in metrics.text()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.sampled_from([1, 50, 95, 99, 100]))
def test_percentiles_are_nearest_ranks(found: list[float], wanted: int) -> None:
    """At least q % of the values are at most the percentile, and the next smaller value would
    not do."""
    chosen = percentiles(found, (wanted,))[0]
    assert chosen in found
    assert chosen is not None
    assert sum(value <= chosen for value in found) * 100 >= wanted * len(found)
    assert sum(value < chosen for value in found) * 100 < wanted * len(found)


def test_without_values_there_is_no_percentile() -> None:
    """No request yet: no number."""
    assert percentiles([], (50, 99)) == [None, None]


@pytest.mark.parametrize(
    "name", ["stockml_model_generation", "stockml_symbol_answered", "stockml_bars_stale"]
)
def test_each_configured_symbol_has_its_gauges(served: Served, name: str) -> None:
    """All 13 symbols are there."""
    assert len([each for each in values(served) if each.startswith(f"{name}|")]) == 13


def test_a_scored_forecast_shows_in_the_metrics(home: Home) -> None:
    """Forecasts kept before their outcome and resolved by the bars make `prediction_accuracy`
    and the accuracy route."""
    clock = FakeClock(NOW)
    bars = bars_of(home, "NVDA")
    last, before = bars.dates[-1], bars.dates[-2]
    made_at = datetime.combine(date.fromisoformat(str(before)), time(22), UTC)
    base = float(bars.close[-2])
    up = bars.close[-1] > bars.close[-2]
    forecast = replace(
        FORECAST,
        last_bar=str(before),
        last_close=base,
        next_close=base * (1.001 if up else 0.999),
        target_session=str(last),
    )
    ledger.record(
        home, [ledger.KeptForecast("NVDA", forecast, "yahoo", "service", 1, "ab", made_at)]
    )
    assert ledger.resolve(home, bars, NOW) == 1
    with serving(home, clock) as served:
        assert values(served)["prediction_accuracy"] == 100.0
        found = served.get("/api/v1/predictions/accuracy/NVDA")
        assert (found["predictions_with_actual"], found["direction_accuracy"]) == (1, 100.0)
        error = 100.0 * abs(forecast.next_close / float(bars.close[-1]) - 1.0)
        assert found["average_accuracy_mape"] == pytest.approx(error, rel=0.01)
        row = served.get("/api/v1/predictions/history/NVDA")[-1]
        assert (row["direction_correct"], row["actual_close"]) == (True, float(bars.close[-1]))
        total = served.get("/api/v1/predictions/accuracy")
        assert total["predictions_with_actual"] == 1


def test_the_pace_is_of_the_last_minute() -> None:
    """Requests of the last 60 s divided by 60;
    before a minute has passed, by the time since the start."""
    pace = Pace()
    pace._started = 1000.0
    for second in range(1000, 1010):
        for _ in range(30):
            pace.count(second + 0.5)
    assert pace.per_second(1010.0) == 30.0
    assert pace.per_second(1060.0) == pytest.approx(300 / 60, rel=0.11)
    assert pace.per_second(1100.0) == 0.0
    for second in range(2000, 4000):
        pace.count(float(second))
    assert pace.per_second(3999.0) == 1.0
    assert len(pace._counts) <= 121


def test_a_report_of_ill_health_is_no_failed_request() -> None:
    """503 of health and readiness counts as an answer;
    503 of a prediction is a failure, in the alias too."""
    metrics = ServiceMetrics()
    for route in ("/api/v1/health", "/readyz", "/api/v1/predict/{symbol}"):
        metrics.request(route, "GET", 503, 0.001)
    assert metrics.failures() == 1
    assert b"\napi_errors_total 1.0\n" in metrics.text()
    assert len(metrics.recent) == 3
    assert len(metrics.recent_predictions) == 1
