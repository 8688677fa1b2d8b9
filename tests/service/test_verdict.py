"""One asked prediction, judged and in words: the guide's limits, faults with a next step,
strangers told apart."""

from __future__ import annotations

from typing import Any

import pytest

from engine.client.records import ServiceReply
from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.core.records import Level
from engine.service.verdict import answer_lines, latency_line, response_error, response_level
from engine.settings.load import load
from engine.settings.schema import ResourceSettings
from tests.service.homes import Served


@pytest.fixture
def limits(template: Home) -> ResourceSettings:
    return load(template, {}).resources


def test_the_verdict_follows_the_guides_limits(limits: ResourceSettings) -> None:
    """OK up to 5 s, WARN above, CRIT above 10 s or without an answer."""
    assert response_level(ServiceReply(200, 5.0, {}), limits) is Level.OK
    assert response_level(ServiceReply(200, 5.1, {}), limits) is Level.WARN
    assert response_level(ServiceReply(200, 10.1, {}), limits) is Level.CRIT
    assert response_level(ServiceReply(503, 0.1, {}), limits) is Level.CRIT
    assert response_level(ServiceReply(0, 0.1, {}, "gone"), limits) is Level.CRIT


def test_a_real_answer_in_words(served: Served, limits: ResourceSettings) -> None:
    """A real prediction has no fault;
    its words hold status, latency, limits, prices and what they stand on."""
    tree = served.get("/api/v1/predict/NVDA")
    reply = ServiceReply(200, 0.0041, tree)
    assert response_error(reply) is None
    assert (
        latency_line("NVDA", reply, limits)
        == "NVDA OK · HTTP 200 in 4.1 ms (WARN above 5 s, CRIT 10 s)"
    )
    first, second = answer_lines(reply)
    assert f"{tree['current_price']:.2f} → {tree['predicted_price']:.2f} for 2026-07-01" in first
    assert "generation 1 · bars of 2026-06-30 from yahoo" in second
    first, second = answer_lines(
        ServiceReply(
            200, 0.0041, {**tree, "source": "simulated", "simulated": True, "cached": False}
        )
    )
    assert first.endswith(" SIMULATED")
    assert second.endswith(" from simulated")


@pytest.mark.parametrize(
    "tree", [{}, {"predicted_price": 1.0}, {"interval": []}, {"current_price": "x", "interval": {}}]
)
def test_a_strangers_answer_is_no_prediction(tree: dict[str, Any]) -> None:
    """A success of another program on the port is a fault in words, never a traceback."""
    found = response_error(ServiceReply(200, 0.01, tree))
    assert found is not None
    assert "no prediction" in found.message
    assert "another program" in found.hint


def test_faults_have_a_next_step() -> None:
    """Silence names the command that starts a service; missing bars end as no data."""
    silent = response_error(ServiceReply(0, 1.0, {}, "nothing listens there"))
    assert silent is not None
    assert "stockml serve" in silent.hint
    missing = response_error(
        ServiceReply(
            503, 0.1, {"type": "urn:stockml:problem:no-data", "detail": "no stored bars of SPY"}
        )
    )
    assert isinstance(missing, NoDataError)
    assert "HTTP 503: no stored bars of SPY" in missing.message
