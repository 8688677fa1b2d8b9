"""The keys of the documents of forecasting: what other readers rely on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from engine.core.clock import SystemClock
from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.forecast import status as derived
from engine.forecast.backtest import BacktestRequest
from engine.forecast.calibration import Calibrator, roll
from engine.forecast.evaluation_document import document, sessions
from engine.forecast.fit import Candidate, fit_symbol
from engine.forecast.scoreboard import scoreboard
from engine.forecast.status import Status, StatusKey, StatusKind
from engine.forecast.walk import ENSEMBLE, Walk
from engine.vault.manifest import model_info
from tests.forecast.evaluations import evaluation
from tests.forecast.samples import QUICK, settings, walk

POINTS = {"mape", "mase", "direction", "direction_low", "direction_high"}
STATEMENTS = {
    *("coverage80", "width80", "coverage95", "width95"),
    *("ece", "brier", "ece_up", "brier_up"),
}
SCORES = {"crps", "interval_score80", "interval_score95"}
METRICS = {
    *("n_scored", "direction_accuracy", "mape", "naive_mape", "mase", "confidence"),
    *(*SCORES, "crps_skill"),
}
REPORT_DAYS = {
    *("n", "coverage80", "coverage80_low", "coverage80_high", "coverage95", "coverage95_low"),
    *("coverage95_high", "interval_score95"),
}


@pytest.fixture(scope="module")
def candidate() -> Iterator[Candidate]:
    yield fit_symbol(walk(420), {}, settings(holdout_sessions=60), ("naive", "enhanced"), QUICK)


def test_an_evaluation_keeps_its_keys() -> None:
    """The document, its entries, rows, bins and problems, and the sessions of the report."""
    tree = document(
        {"NVDA": evaluation("NVDA"), "SPY": NoDataError("SPY has no model", "train it")},
        SystemClock(),
    )
    assert set(tree) == {"evaluated_at", "simulated", "pooled", "symbols", "problems"}
    assert set(tree["pooled"]) == {"n", "rows", "reliability", "week"}
    assert set(tree["pooled"]["reliability"]) == {"confidence", "p_up"}
    assert all(set(part) == {"stated", "observed", "n"} for part in _bins(tree))
    entry = tree["symbols"][0]
    assert set(entry) == {
        *("symbol", "part", "why", "first", "last", "n", "rows", "tolerance", "weights"),
        *("generation", "digest", "trained_at", "last_bar", "source", "simulated", "week"),
    }
    assert set(entry["rows"]) == {"ensemble", "naive", "constant", "enhanced", "always_up"}
    scored = SCORES | {"report_days", "skill"}
    assert set(entry["rows"]["ensemble"]) == POINTS | STATEMENTS | scored | {"confidence", "kept"}
    others = ("naive", "enhanced", "always_up", "constant")
    assert all(set(entry["rows"][name]) == POINTS | scored for name in others)
    assert set(entry["rows"]["constant"]["report_days"]) == REPORT_DAYS
    assert set(entry["rows"]["ensemble"]["skill"]["constant"]) == SCORES
    assert set(tree["problems"][0]) == {"symbol", "message", "hint", "exit_code"}
    assert set(sessions(evaluation("NVDA"))[0]) == {
        *("session", "last_close", "forecast", "actual", "low80", "high80", "low95", "high95"),
        *("confidence", "p_up"),
    }


def _bins(tree: dict[str, Any]) -> list[dict[str, Any]]:
    return [part for parts in tree["pooled"]["reliability"].values() for part in parts]


def test_a_backtest_keeps_its_keys() -> None:
    """The request, the tables, their rows and bins."""
    request = BacktestRequest(
        symbols=("NVDA",),
        source="simulated",
        first=date(2026, 1, 5),
        last=date(2026, 2, 2),
        retrain_every=5,
        members=("naive",),
        epochs=1,
    )
    assert set(msgspec.to_builtins(request)) == {
        *("symbols", "source", "first", "last", "retrain_every", "members", "epochs"),
        "baselines",
    }
    draw = np.random.default_rng(1)
    target = 0.02 * draw.standard_normal(30)
    forecasts = {name: 0.001 * draw.standard_normal(30) for name in (ENSEMBLE, "naive", "drift")}
    scale = np.full(30, 0.02)
    start = Calibrator(draw.standard_normal(100))
    table = scoreboard(
        [
            Walk(
                symbol="NVDA",
                dates=np.datetime64("2026-01-05", "D") + np.arange(30),
                target=target,
                scale=scale,
                forecasts=forecasts,
                stated={
                    name: roll(start, forecast, target, scale, 0.05)[0]
                    for name, forecast in forecasts.items()
                },
                weights={"naive": 1.0},
            )
        ],
        0.05,
    )
    assert set(table) == {"pooled", "symbols"}
    assert set(table["pooled"]) == {"n", "rows", "reliability", "week"}
    assert set(table["symbols"][0]) == {
        *("symbol", "n", "rows", "reliability", "first", "last", "skipped", "weights"),
        "week",
    }
    assert set(table["pooled"]["rows"]) == {ENSEMBLE, "naive", "drift", "always_up"}
    keys = POINTS | STATEMENTS | SCORES | {"report_days", "skill"}
    assert all(set(row) == keys for row in table["pooled"]["rows"].values())
    assert set(table["pooled"]["reliability"][0]) == {"stated", "observed", "n"}


def test_a_manifest_keeps_its_keys(candidate: Candidate) -> None:
    """Its fields, the settings of the fit and the figures."""
    manifest = msgspec.to_builtins(candidate.manifest("2026-01-05T12:00:00Z"))
    assert set(manifest) == {
        *("format", "symbol", "generation", "digest", "created_at", "reason", "run_id", "parent"),
        *("source", "first_bar", "last_bar", "n_bars", "data_hash", "feature_names", "config"),
        *("seed", "versions", "metrics", "champion", "weights", "accept_worse", "restored_from"),
    }
    assert set(manifest["config"]) == {
        *("members", "epochs", "batch_size", "sequence_length", "patience", "early_stopping"),
        *("max_mape", "scale", "train_rows", "validation_rows", "heldout_rows"),
    }
    assert set(manifest["metrics"]) == METRICS | (STATEMENTS - {"ece_up"}) | {
        *("direction_low", "direction_high", "mase_naive", "mase_enhanced"),
        *("report_days_n", "report_days_coverage80", "report_days_coverage95"),
        "report_days_interval_score95",
    }


def test_a_status_keeps_its_keys(tmp_path: Path, candidate: Candidate) -> None:
    """What is stored of a symbol, with its model, figures and forecast."""
    home = Home(tmp_path)
    info = replace(model_info(candidate.manifest("2026-01-05T12:00:00Z"), 9), symbol="NVDA")
    key = StatusKey(1, 2, 3, "2026-01-05", 100.0)
    derived.write(home, "NVDA", Status(key, StatusKind.OK, info, candidate.forecast))
    tree = json.loads(home.status("NVDA").read_text())
    assert set(tree) == {
        *("v", "key", "kind", "model", "forecast", "problem", "source"),
        *("last_generation", "last_source", "doubts", "withheld", "recent"),
    }
    assert set(tree["key"]) == {
        *("size", "mtime_ns", "inode", "last_bar", "last_close", "bars_mtime_ns", "accepted"),
        "reports",
    }
    assert set(tree["model"]) == {
        *("symbol", "generation", "digest", "trained_at", "size_bytes", "source", "first_bar"),
        *("last_bar", "n_bars", "reason", "run_id", "metrics", "weights"),
    }
    assert set(tree["model"]["metrics"]) == METRICS
    assert set(tree["forecast"]) == {
        *("last_bar", "last_close", "next_close", "low80", "high80", "low95", "high95"),
        *("p_up", "confidence", "target_session", "report", "report_known", "doubts"),
        *("tolerance", "p_up_tells", "horizon", "reports_within"),
    }
