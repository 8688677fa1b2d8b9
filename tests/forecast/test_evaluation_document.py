"""The document of an evaluation: figures that add up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from engine.core.clock import SystemClock
from engine.forecast.evaluation_document import document, scored_of
from engine.forecast.metrics import relative_errors
from tests.forecast.evaluations import EVALUATIONS, evaluation


def test_pooled_figures_are_over_symbol_sessions() -> None:
    """The pooled row is that of all sessions together, not a mean of means;
    n, coverage and kept are counted."""
    tree = document(EVALUATIONS, SystemClock())
    records = [scored.record for scored in scored_of(EVALUATIONS)]
    target = np.concatenate([record.target for record in records])
    forecast = np.concatenate([record.forecast for record in records])
    ours = tree["pooled"]["rows"]["ensemble"]
    assert tree["pooled"]["n"] == 100
    errors, naive = relative_errors(forecast, target), relative_errors(np.zeros(100), target)
    assert ours["mase"] == pytest.approx(errors.mean() / naive.mean())
    assert ours["kept"] == pytest.approx(100.0 * np.mean(errors <= 0.05))
    assert ours["coverage80"] == pytest.approx(100.0 * np.mean(np.abs(target - forecast) <= 0.03))
    assert tree["pooled"]["rows"]["naive"]["mase"] == 1.0
    assert tree["pooled"]["rows"]["always_up"]["direction"] == pytest.approx(
        100.0 * np.mean(target > 0)
    )
    assert sum(part["n"] for part in tree["pooled"]["reliability"]["confidence"]) == 100


def test_the_figures_separate_a_good_forecaster_from_a_bad_one() -> None:
    """Somebody who knows half of each move has a MASE near one half and calls every direction
    right."""
    random = evaluation("NVDA")
    knowing = replace(random, record=replace(random.record, forecast=0.5 * random.record.target))
    ours = document({"NVDA": knowing}, SystemClock())["symbols"][0]["rows"]["ensemble"]
    assert ours["mase"] == pytest.approx(0.5, abs=0.02)
    assert ours["direction"] == 100.0
