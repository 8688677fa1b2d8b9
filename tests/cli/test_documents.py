"""The trees of --json."""

import json
from dataclasses import replace
from datetime import date

import numpy as np

from engine.cli import documents
from engine.core.records import Job, JobState, Metrics
from engine.market.bars import Bars
from tests.cli.fakes import MODEL, NOW, done, make_run, make_snapshot, trained, untrained

MODEL_KEYS = {
    "generation",
    "digest",
    "trained_at",
    "size_bytes",
    "source",
    "first_bar",
    "last_bar",
    "n_bars",
}
METRIC_KEYS = {
    *("direction_accuracy", "mape", "naive_mape", "mase", "confidence", "n_scored"),
    *("crps", "interval_score80", "interval_score95", "crps_skill"),
}
FORECAST_KEYS = {
    "last_close",
    "next_close",
    "low80",
    "high80",
    "low95",
    "high95",
    "p_up",
    "target_session",
}


def test_status_has_the_promised_keys() -> None:
    """Symbols carry state, model, forecast and last run under the names callers rely on."""
    tree = documents.status_document(make_snapshot(trained("NVDA")))
    symbol = tree["symbols"][0]

    assert {*MODEL_KEYS, *METRIC_KEYS} <= symbol["model"].keys()
    assert FORECAST_KEYS <= symbol["forecast"].keys()
    assert {
        "id": "run-1",
        "state": "done",
        "reason": "manual",
        "ended_at": "2025-08-11T12:00:00.000Z",
    }.items() <= symbol["last_run"].items()
    assert "2025-08-11T12:00:00.000Z" == symbol["model"]["trained_at"]
    assert json.loads(json.dumps(tree, allow_nan=False)) == tree


def test_widths_are_percent_of_the_last_close() -> None:
    """Change and interval widths are percent of the last close."""
    forecast = documents.status_document(make_snapshot(trained("NVDA")))["symbols"][0]["forecast"]

    assert (1.0, 6.0, 12.0) == (
        round(forecast["change"], 9),
        forecast["width80"],
        forecast["width95"],
    )


def test_a_forecast_from_old_bars_is_marked() -> None:
    """The sessions that the bars lack stand beside the forecast, null for bars that are their
    own clock."""
    rows = make_snapshot(trained("NVDA", bars_behind=309), trained("SPY"))

    assert [309, None] == [
        symbol["bars_behind"] for symbol in documents.status_document(rows)["symbols"]
    ]


def test_absent_is_null() -> None:
    """A symbol that never trained has null for model, forecast and last run;
    a missing metric is null."""
    symbol = documents.symbol_tree(untrained("SPY"))
    model = documents.model_tree(replace(MODEL, metrics=Metrics()))

    assert (None, None, None, None) == (
        symbol["model"],
        symbol["forecast"],
        symbol["last_run"],
        symbol["job"],
    )
    assert model["mape"] is None
    assert 0 == model["n_scored"]


def test_run_and_jobs() -> None:
    """A run lists its jobs with state words, seconds, and the figures of both models."""
    tree = documents.run_tree(
        make_run(
            done("NVDA"), Job("SMR", JobState.FAILED, message="no bars", hint="fetch", exit_code=4)
        )
    )

    assert ["done", "failed"] == [job["state"] for job in tree["jobs"]]
    assert 0.973 == tree["jobs"][0]["metrics"]["mase"]
    assert ("fetch", 4, None) == tuple(
        tree["jobs"][1][key] for key in ("hint", "exit_code", "metrics")
    )


def test_bars_in_brief() -> None:
    """Bars tell count, first and last session, splits and warnings; none at all tell null."""
    days = np.array(["2025-08-11", "2025-08-12"], dtype="datetime64[D]")
    ones = np.ones(2)
    bars = Bars(
        "NVDA",
        "yahoo",
        days,
        ones,
        ones,
        ones,
        ones * 7,
        ones,
        ((date(2024, 6, 10), 10.0),),
        fetched_at=NOW,
        warnings=("w",),
    )
    tree = documents.bars_tree(bars)

    assert (2, "2025-08-11", "2025-08-12", 7.0) == (
        tree["n_bars"],
        tree["first_bar"],
        tree["last_bar"],
        tree["last_close"],
    )
    assert [["2024-06-10", 10.0]] == tree["splits"]
    assert documents.bars_tree(bars.until(date(2000, 1, 1)))["last_bar"] is None
