"""Metrics: no label from outside, the reference's names over the same numbers, percentiles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from engine.service.metrics import Metrics, percentiles
from tests.service.homes import Served

COUNTERS = "api_requests api_errors predictions prediction_errors cache_hits cache_misses stock_data_fetches stock_data_errors"
HISTOGRAMS = "api_request_duration_seconds prediction_latency_seconds stock_data_latency_seconds http_request_duration_seconds"


def values(served: Served) -> dict[str, float]:
    """{name{labels}: value} of a scrape, without the times of creation."""
    text = served.ask("/metrics").body.decode()
    return {
        sample.name + "".join(f"|{key}={value}" for key, value in sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_the_references_names_are_there(served: Served) -> None:
    """Every metric that the reference exports or its dashboards ask for is there; those it never filled are not invented."""
    served.get("/api/v1/predict/NVDA")
    found = values(served)
    assert {f"{name}_total" for name in COUNTERS.split()} <= set(found)
    assert {f"{name}_count" for name in HISTOGRAMS.split()} <= set(found)
    assert {"cache_size", "active_connections", "memory_usage_bytes", "process_cpu_seconds_total"} <= set(found)
    assert found["http_requests_total|status=200"] > 0
    assert found["prediction_requests_total|symbol=NVDA"] > 0
    assert "prediction_accuracy" not in found


def test_an_alias_is_the_sum_of_its_metric(served: Served) -> None:
    """The old names count the same requests as the new ones, bucket by bucket."""
    served.get("/livez")
    found = values(served)
    new = sum(value for name, value in found.items() if name.startswith("stockml_http_requests_total"))
    assert found["api_requests_total"] == new
    assert sum(value for name, value in found.items() if name.startswith("http_requests_total")) == new
    assert found["api_request_duration_seconds_bucket|le=+Inf"] == found["api_request_duration_seconds_count"] == new


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
    metrics = Metrics()
    assert b"prediction_accuracy " not in metrics.text()
    metrics.live_direction = 52.5
    assert b"\nprediction_accuracy 52.5\n" in metrics.text()


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=300), st.sampled_from([1, 50, 95, 99, 100]))
def test_percentiles_are_nearest_ranks(found: list[float], wanted: int) -> None:
    """At least q % of the values are at most the percentile, and the next smaller value would not do."""
    chosen = percentiles(found, (wanted,))[0]
    assert chosen in found
    assert chosen is not None
    assert sum(value <= chosen for value in found) * 100 >= wanted * len(found)
    assert sum(value < chosen for value in found) * 100 < wanted * len(found)


def test_without_values_there_is_no_percentile() -> None:
    """No request yet: no number."""
    assert percentiles([], (50, 99)) == [None, None]


@pytest.mark.parametrize("name", ["stockml_model_generation", "stockml_symbol_answered", "stockml_bars_stale"])
def test_each_configured_symbol_has_its_gauges(served: Served, name: str) -> None:
    """All 13 symbols are there."""
    assert len([each for each in values(served) if each.startswith(f"{name}|")]) == 13
