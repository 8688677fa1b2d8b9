"""Automatic training end to end: a real run by reason, then a check that scores, rings nothing
and trains nothing."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

from engine.core.clock import parse_iso
from engine.market.calendar import session_open
from tests.helpers import new_home, stockml


def test_auto_train_trains_by_reason_and_the_check_finds_it_well(tmp_path: Path) -> None:
    """The manifest keeps the symbol's own reason; the second call has nothing to do;
    a check writes one line of JSON."""
    home = new_home(tmp_path / "home", market__source="simulated", training__members=["enhanced"])
    words = ("--symbols", "SPY", "--home", str(home.root))
    ran = stockml("auto-train", "--skip-market-hours", *words, timeout=240)
    assert 0 == ran.returncode, ran.stderr
    status = json.loads(stockml("status", "--json", "--home", str(home.root)).stdout)
    spy = next(each for each in status["symbols"] if each["symbol"] == "SPY")
    assert "missing: no model yet" == spy["model"]["reason"]

    again = stockml("auto-train", "--skip-market-hours", *words, "--json")
    assert [] == json.loads(again.stdout)["runs"]
    checked = stockml("performance", "--no-train", *words)
    assert 0 == checked.returncode, checked.stderr
    (written,) = (home.logs / "monitoring" / "performance_history.jsonl").read_text().splitlines()
    line = json.loads(written)
    assert ("SPY", "simulated", 1) == (line["symbol"], line["source"], line["generation"])
    accuracy = json.loads(stockml("accuracy", "SPY", "--json", "--home", str(home.root)).stdout)
    # A forecast made after its session opened is not scored: none waits then.
    opened = session_open(date.fromisoformat(spy["forecast"]["target_session"]))
    before_open = parse_iso(line["timestamp"]) < opened
    assert (1 if before_open else 0) == accuracy["symbols"][0]["waiting"]
