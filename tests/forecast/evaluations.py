"""Evaluations of random sessions, which the tests of documents and reports share."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np

from engine.core.errors import StockmlError
from engine.core.records import Metrics, ModelInfo
from engine.forecast.calibration import StatedForecasts
from engine.forecast.evaluate import LIVE, Evaluation
from engine.forecast.record import ForecastRecord

NOW = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)


def evaluation(
    symbol: str, count: int = 60, seed: int = 1, source: str = "yahoo", why: str = "because"
) -> Evaluation:
    """An evaluation of random sessions."""
    draw = np.random.default_rng(seed)
    target = 0.02 * draw.standard_normal(count)
    forecast = 0.001 * draw.standard_normal(count)
    half = np.full(count, 0.03)
    record = ForecastRecord(
        dates=np.datetime64("2026-06-01", "D") + np.arange(count),
        forecast=forecast,
        target=target,
        scale=half / 2,
        half80=half,
        half95=2.0 * half,
        confidence=draw.uniform(0.5, 1.0, count),
        p_up=draw.uniform(0.4, 0.6, count),
        crps=np.full(count, 1.1),
        report_day=(np.arange(count) % 30 == 0).astype(float),
        members={"naive": np.zeros(count), "enhanced": 2.0 * forecast},
        baselines={
            "constant": StatedForecasts(
                forecast=np.zeros(count),
                half80=half,
                half95=2.1 * half,
                confidence=np.full(count, 0.9),
                p_up=np.full(count, 0.5),
                crps=np.full(count, 1.2),
            )
        },
    )
    return Evaluation(
        model=_model(symbol, source),
        source=source,
        part=LIVE,
        why=why,
        record=record,
        before=100.0 * np.exp(np.cumsum(target) - target),
        indexed=False,
        tolerance=0.05,
    )


def _model(symbol: str, source: str) -> ModelInfo:
    return ModelInfo(
        symbol=symbol,
        generation=3,
        digest="ab" * 32,
        trained_at=NOW,
        size_bytes=9000,
        source=source,
        first_bar="2020-01-02",
        last_bar="2026-05-29",
        n_bars=1500,
        reason="manual",
        run_id="run-1",
        metrics=Metrics(),
        weights=(("naive", 0.6), ("enhanced", 0.4)),
    )


EVALUATIONS: dict[str, Evaluation | StockmlError] = {
    "NVDA": evaluation("NVDA"),
    "SPY": evaluation("SPY", 40, 2),
}
