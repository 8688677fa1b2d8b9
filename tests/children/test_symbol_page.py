"""The story of a symbol as the console's child tells it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.helpers import ROOT, environment, new_home, stockml


def told(home: Path, symbol: str) -> dict[str, object]:
    """What the child prints."""
    line = [sys.executable, "-m", "engine.children.symbol_page", str(home), symbol]
    done = subprocess.run(
        line, capture_output=True, text=True, env=environment(), cwd=ROOT, timeout=500, check=False
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert isinstance(found, dict)
    return found


def test_record_in_dollars_agrees_with_the_bars(tmp_path: Path) -> None:
    """Each session's actual is the close of that day and its last close that of the day before;
    figures are the model's."""
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=520,
        training__epochs=1,
    )
    assert (
        stockml("train", "NVDA", "--members", "naive,enhanced", "--home", str(home.root)).returncode
        == 0
    )
    found = told(home.root, "NVDA")
    closes = dict(found["closes"])  # type: ignore[call-overload]
    days = list(closes)
    record = [one for one in found["record"] if one[0] in closes and days.index(one[0]) > 0]  # type: ignore[attr-defined]

    assert found["problems"] == []
    assert len(record) >= 40
    for day, before, forecast, low, high, actual in record:
        assert actual == pytest.approx(closes[day], rel=1e-6)
        assert before == pytest.approx(closes[days[days.index(day) - 1]], rel=1e-9)
        assert low < forecast < high
    status = json.loads(stockml("status", "--json", "--home", str(home.root)).stdout)
    row = next(one for one in status["symbols"] if one["symbol"] == "NVDA")
    assert found["figures"]["mape"] == pytest.approx(row["model"]["mape"], rel=1e-6)  # type: ignore[index]
    assert sum(part["n"] for part in found["calibration"]) == row["model"]["n_scored"]  # type: ignore[attr-defined]
    # A limit that was changed since does not judge a confidence that was stated for another one.
    home.settings.write_text(home.settings.read_text().replace("max_mape = 5.0", "max_mape = 0.5"))
    again = told(home.root, "NVDA")
    assert (again["calibration"], again["figures"]) == (found["calibration"], found["figures"])


def test_every_part_is_told_by_one_child(tmp_path: Path) -> None:
    """Live accuracy and the planner's words come with the story;
    what cannot be read is named, the rest stands."""
    home = new_home(tmp_path / "home", market__source="simulated", market__simulated_sessions=300)
    found = told(home.root, "TSLA")
    assert found["live"]["n"] == 0  # type: ignore[index]
    assert found["watch"]["decision"]["reason"] == "missing"  # type: ignore[index]
    home.history.write_bytes(b"not a database")
    broken = told(home.root, "TSLA")
    assert broken["watch"] is None
    assert any("not a database" in text for text in broken["problems"])  # type: ignore[attr-defined]
    assert broken["closes"]


def test_a_symbol_without_a_model_says_so(tmp_path: Path) -> None:
    """No model: an empty record and the words for it."""
    home = new_home(tmp_path / "home", market__source="simulated", market__simulated_sessions=300)
    found = told(home.root, "TSLA")

    assert found["record"] == []
    assert found["problems"] == ["TSLA has no model yet"]
