"""The facts of one symbol."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from engine.core.records import Metrics, ModelInfo
from engine.forecast.status import NO_KEY, Status, StatusKind
from engine.watch import facts
from engine.watch.symbol_inputs import SymbolInputs
from tests.forecast.samples import walk
from tests.helpers import new_home
from tests.watch.replay import packaged
from tests.watch.test_signals import reporting

NOW = datetime(2024, 8, 31, tzinfo=UTC)
BARS = reporting(walk(700))


def test_the_evening_before_a_report_says_nothing_of_the_confidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wider range of a report makes every confidence low: that bar is not counted."""
    days = [str(day) for day in BARS.dates[-6:]][::-1]
    checks = facts.PastChecks(tuple((day, 50.0) for day in days))
    monkeypatch.setattr(facts, "past_checks", lambda *_: checks)
    model = ModelInfo(
        symbol="ABC",
        generation=1,
        digest="ab",
        trained_at=NOW,
        size_bytes=1,
        source="csv:/tests",
        first_bar=str(BARS.dates[0]),
        last_bar=str(BARS.dates[-20]),
        n_bars=len(BARS),
        reason="manual",
        run_id="run-1",
        metrics=Metrics(),
    )
    inputs = SymbolInputs(
        symbol="ABC",
        source="csv:/tests",
        status=Status(NO_KEY, StatusKind.OK, model),
        bars=BARS,
        market=None,
    )
    gathered = facts.facts_of(inputs, new_home(tmp_path), packaged(), NOW, others=True)

    assert [day for day, _ in gathered.confidences] == [
        day for day in days if day != str(BARS.dates[-4])
    ]
