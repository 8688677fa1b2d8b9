"""Metrics: every name is kept, and no label comes from outside."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest
from prometheus_client.parser import text_string_to_metric_families

from engine.core.paths import Home
from engine.service.metrics import ServiceMetrics
from engine.watch import ledger
from tests.cli.fakes import FORECAST
from tests.fake_clock import FakeClock
from tests.service.homes import NOW, Served, bars_of, serving

NAMES = """
stockml_bar_fetch_errors_total stockml_bar_fetch_seconds stockml_bar_fetches_total
stockml_bars_stale|symbol stockml_cache_hits_total stockml_cache_misses_total stockml_cache_size
stockml_forecast_seconds stockml_http_active_requests stockml_http_refused_total|why
stockml_http_request_duration_seconds|route stockml_http_requests_total|method|route|status
stockml_ledger_predictions_total stockml_ledger_waiting stockml_live_direction_percent
stockml_model_generation|symbol stockml_model_loads_total|symbol stockml_model_refused|symbol
stockml_model_reload_failures_total|symbol stockml_prediction_errors_total|symbol
stockml_predictions_total|symbol stockml_symbol_answered|symbol
process_cpu_seconds_total process_max_fds process_open_fds process_resident_memory_bytes
process_start_time_seconds process_virtual_memory_bytes
"""
"""Every metric with its labels, a histogram once."""


def values(served: Served) -> dict[str, float]:
    """{name{labels}: value} of a scrape, without the times of creation."""
    text = served.ask("/metrics").body.decode()
    return {
        sample.name
        + "".join(f"|{key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_many_symbols_are_one_total() -> None:
    """Above 200 symbols no series bears a symbol's name; a sum that says nothing is left out."""
    metrics = ServiceMetrics()
    for symbol in ("NVDA", "TSLA"):
        metrics.answering.labels(symbol).set(1)
        metrics.predictions.labels(symbol).inc(3)
        metrics.generation.labels(symbol).set(7)
    whole, summary = metrics.text(200).decode(), metrics.text(201).decode()
    assert 'stockml_symbol_answered{symbol="NVDA"} 1.0' in whole
    assert "stockml_symbol_answered 2.0\n" in summary
    assert "stockml_predictions_total 6.0\n" in summary
    assert "{symbol=" not in summary and "stockml_model_generation " not in summary
    assert "stockml_cache_size 0.0" in summary


def test_every_metric_keeps_its_name_and_its_labels() -> None:
    """Panels and alert rules ask for these: none goes, and a new one is added here."""
    metrics = ServiceMetrics()
    metrics.live_direction.percent = 50.0
    metrics.refused.labels("rate").inc()
    metrics.record_request("/livez", "GET", 200, 0.001)
    for labelled in vars(metrics).values():
        if getattr(labelled, "_labelnames", ()) == ("symbol",):
            labelled.labels("NVDA")
    exported = {
        "|".join((name.removesuffix("_count"), *sorted(sample.labels)))
        for family in text_string_to_metric_families(metrics.text().decode())
        for sample in family.samples
        if not (name := sample.name).endswith(("_bucket", "_sum"))
    }
    assert exported == set(NAMES.split())


def test_strangers_create_no_series(served: Served) -> None:
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
    """`stockml_live_direction_percent` appears with the first scored forecast."""
    metrics = ServiceMetrics()
    assert b"stockml_live_direction_percent" not in metrics.text()
    metrics.live_direction.percent = 52.5
    assert b"\nstockml_live_direction_percent 52.5\n" in metrics.text()


@pytest.mark.parametrize(
    "name", ["stockml_model_generation", "stockml_symbol_answered", "stockml_bars_stale"]
)
def test_each_configured_symbol_has_its_gauges(served: Served, name: str) -> None:
    """All 13 symbols are there."""
    assert len([series for series in values(served) if series.startswith(f"{name}|")]) == 13


def test_a_scored_forecast_shows_in_metrics_and_accuracy(home: Home) -> None:
    """Forecasts recorded before their outcome and resolved by the bars count in both places."""
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
        assert values(served)["stockml_live_direction_percent"] == 100.0
        figures = served.get("/api/v1/predictions/accuracy/NVDA")
        assert (figures["predictions_with_actual"], figures["direction_accuracy"]) == (1, 100.0)
        error = 100.0 * abs(forecast.next_close / float(bars.close[-1]) - 1.0)
        assert figures["average_accuracy_mape"] == pytest.approx(error, rel=0.01)
        row = served.get("/api/v1/predictions/history/NVDA")[-1]
        assert (row["direction_correct"], row["actual_close"]) == (True, float(bars.close[-1]))
        total = served.get("/api/v1/predictions/accuracy")
        assert total["predictions_with_actual"] == 1


def test_a_report_of_ill_health_is_no_failed_request() -> None:
    """503 of health and readiness counts as an answer, 503 of a prediction as a failure."""
    metrics = ServiceMetrics()
    for route in ("/api/v1/health", "/readyz", "/api/v1/predict/{symbol}"):
        metrics.record_request(route, "GET", 503, 0.001)
    assert metrics.failures() == 1
    assert len(metrics.recent.all) == 3
    assert len(metrics.recent.predictions) == 1
