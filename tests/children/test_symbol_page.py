"""What a child answers of one symbol."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.api import Engine
from engine.children.messages import SymbolDetails
from engine.core.errors import UsageError
from engine.core.paths import Home
from tests.helpers import new_home, python_path, stockml


@pytest.fixture(autouse=True)
def _this_tree(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", python_path())


def details_of(home: Home, symbol: str) -> SymbolDetails:
    """What the child answers."""
    return Engine(home).children.show_symbol(symbol)


def test_record_in_dollars_agrees_with_the_bars(tmp_path: Path) -> None:
    """Each session's actual is the close of that day and its last close that of the day before;
    figures are the model's."""
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=520,
        training__epochs=1,
    )
    training = stockml("train", "NVDA", "--members", "naive,enhanced", "--home", str(home.root))
    assert training.returncode == 0
    details = details_of(home, "NVDA")
    closes = {close.day: close.price for close in details.model.closes}
    days = list(closes)
    record = [
        session
        for session in details.model.record
        if session.day in closes and days.index(session.day) > 0
    ]

    assert details.problems == ()
    assert len(record) >= 40
    for session in record:
        assert session.actual == pytest.approx(closes[session.day], rel=1e-6)
        before = days[days.index(session.day) - 1]
        assert session.last_close == pytest.approx(closes[before], rel=1e-9)
        assert session.low80 < session.forecast < session.high80
    status = json.loads(stockml("status", "--json", "--home", str(home.root)).stdout)
    row = next(row for row in status["symbols"] if row["symbol"] == "NVDA")
    assert details.model.figures["mape"] == pytest.approx(row["model"]["mape"], rel=1e-6)
    assert sum(part.n for part in details.model.calibration) == row["model"]["n_scored"]
    # A limit that was changed since does not judge a confidence that was stated for another one.
    home.settings.write_text(home.settings.read_text().replace("max_mape = 5.0", "max_mape = 0.5"))
    again = details_of(home, "NVDA").model
    assert (again.calibration, again.figures) == (
        details.model.calibration,
        details.model.figures,
    )


def test_every_part_is_told_by_one_child(tmp_path: Path) -> None:
    """Live accuracy and the planner's words come with the record;
    what cannot be read is named, the rest stands."""
    home = new_home(tmp_path / "home", market__source="simulated", market__simulated_sessions=300)
    details = details_of(home, "TSLA")
    assert details.live is not None
    assert details.live.n == 0
    assert details.retrain is not None
    assert details.retrain.reason == "missing"
    home.history.write_bytes(b"not a database")
    broken = details_of(home, "TSLA")
    assert broken.retrain is None
    assert any("not a database" in text for text in broken.problems)
    assert broken.model.closes


def test_a_symbol_without_a_model_says_so(tmp_path: Path) -> None:
    """No model: an empty record and the words for it; an unknown symbol is refused."""
    home = new_home(tmp_path / "home", market__source="simulated", market__simulated_sessions=300)
    details = details_of(home, "TSLA")

    assert details.model.record == ()
    assert details.problems == ("TSLA has no model yet",)
    with pytest.raises(UsageError):
        details_of(home, "NOPE")
