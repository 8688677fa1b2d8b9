"""Every served forecast is in the ledger once for each symbol, generation and bar."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.service import recorder
from engine.service.metrics import ServiceMetrics
from engine.service.recorder import Recorder
from engine.watch import ledger
from engine.watch.ledger import KeptForecast
from tests.cli.fakes import FORECAST
from tests.helpers import wait_for
from tests.service.homes import NOW, publish, serving

MADE = datetime.fromisoformat(f"{FORECAST.last_bar}T23:00:00+00:00")


def rows(home: Home) -> list[tuple[str, int, str, str]]:
    """The rows written so far: none while the service has the file made but not yet its tables."""
    if not home.history.exists():
        return []
    with closing(sqlite3.connect(home.history)) as connection:
        if not connection.execute(
            "SELECT 1 FROM sqlite_master WHERE name = 'watch_predictions'"
        ).fetchone():
            return []
        return connection.execute(
            "SELECT symbol, generation, last_bar, via FROM watch_predictions ORDER BY id"
        ).fetchall()


def test_each_symbol_generation_and_bar_enters_once(home: Home) -> None:
    """Ten answers are one row; a new generation is another; a restart of the service adds none."""
    with serving(home) as served:
        for _ in range(10):
            served.get("/api/v1/predict/NVDA")
            served.post("/api/v1/cache/clear")
        wait_for(lambda: rows(home), what="the first row")
        publish(home, "NVDA", 2, seed=4)
        wait_for(lambda: served.get("/api/v1/predict/NVDA")["generation"] == 2, what="generation 2")
        served.get("/api/v1/predict?symbols=TSLA,NVDA")
    with serving(home) as served:
        served.get("/api/v1/predict/NVDA")
    bar = "2026-06-30"
    wanted = sorted(
        [("NVDA", 1, bar, "service"), ("NVDA", 2, bar, "service"), ("TSLA", 1, bar, "service")]
    )
    wait_for(
        lambda: len(rows(home)) >= len(wanted), what="all rows"
    )  # the writer has its own thread
    assert sorted(rows(home)) == wanted


def test_history_and_accuracy_tell_of_them(home: Home) -> None:
    """A kept forecast shows in history with the reference's fields;
    without an outcome nothing is scored."""
    with serving(home) as served:
        told = served.get("/api/v1/predict/NVDA")
        wait_for(lambda: served.get("/api/v1/predictions/history/NVDA"), what="the row")
        row = served.get("/api/v1/predictions/history")[0]
        assert (row["symbol"], row["predicted_price"], row["actual_close"]) == (
            "NVDA",
            told["predicted_price"],
            None,
        )
        assert row["prediction_date"] == told["target_session"]
        assert served.get("/api/v1/predictions/history/TSLA") == []
        assert served.get("/api/v1/predictions/history?end_date=2020-01-01") == []
        assert served.get("/api/v1/predictions/history?offset=1") == []
        found = served.get("/api/v1/predictions/accuracy/NVDA")
        assert (
            found["total_predictions"],
            found["predictions_with_actual"],
            found["direction_accuracy"],
        ) == (1, 0, None)


def test_forecasts_of_a_simulated_market_are_marked(home: Home, tmp_path: Path) -> None:
    """In a home that changed its source each kept forecast tells its own, without a folder;
    the figures tell theirs."""
    made = [
        KeptForecast("NVDA", FORECAST, source, "check", 1, source, MADE)
        for source in ("simulated", f"csv:{tmp_path}", "yahoo")
    ]
    assert ledger.record(home, made) == 3
    with serving(home) as served:
        told = [
            (row["source"], row["simulated"])
            for row in served.get("/api/v1/predictions/history/NVDA")
        ]
        assert told == [("yahoo", False), ("csv", False), ("simulated", True)]
        found = served.get("/api/v1/predictions/accuracy/NVDA")
        assert (found["source"], found["simulated"], found["total_predictions"]) == (
            "yahoo",
            False,
            1,
        )


def test_a_disk_that_refuses_costs_no_answer_and_no_row(
    monkeypatch: pytest.MonkeyPatch, home: Home
) -> None:
    """While the ledger cannot be written answers go out and wait; once it can, they are written."""
    monkeypatch.setattr(recorder, "RETRY_S", 0.05)
    home.history.mkdir(parents=True)
    with serving(home) as served:
        assert served.get("/api/v1/predict/NVDA")["symbol"] == "NVDA"
        wait_for(lambda: served.ask("/api/v1/health").status == 206, what="degraded health")
        wait_for(
            lambda: b"stockml_ledger_waiting 1.0" in served.ask("/metrics").body,
            what="one that waits",
        )
        home.history.rmdir()
        wait_for(lambda: [row[0] for row in rows(home)] == ["NVDA"], what="the row")


def test_what_waits_is_written_at_the_end(tmp_path: Path) -> None:
    """Closing writes what is queued; a writer that fails to the end does not hang the stop."""
    taken: list[KeptForecast] = []
    one, two = (
        KeptForecast(name, FORECAST, "yahoo", "service", 1, "ab", NOW) for name in ("NVDA", "TSLA")
    )

    def write(batch: Sequence[KeptForecast]) -> None:
        raise StockmlError("full")

    failing = Recorder(write, ServiceMetrics())
    failing._queue.append(one)
    failing.start()
    failing.close()
    assert failing.fault == "full"
    good = Recorder(taken.extend, ServiceMetrics())
    good._queue.extend([one, two])
    good.start()
    good.close()
    assert taken == [one, two]
