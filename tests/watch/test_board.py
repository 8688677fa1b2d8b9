"""What the console sees of watching: reasons, holds, alerts, undelivered messages."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from engine.api import Engine
from engine.core.clock import FakeClock
from engine.core.records import State
from engine.watch.alerts import Condition, evaluate
from engine.watch.check import check
from tests.watch.homes import PAIR, SUNDAY, Trainer, simulated_home


def test_the_snapshot_carries_reasons_holds_and_alerts(tmp_path: Path) -> None:
    """A reason stands in its row until a newer model settles it; a hold takes the word of an old or missing model."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    engine, trainer = Engine(home, clock), Trainer(home, clock)
    empty = engine.snapshot()
    assert ("", (), None) == (empty.rows[0].retrain, empty.alerts, empty.checked_at)

    check(home, trainer.settings, PAIR, None, clock, begin=None)
    engine.hold("SPY", "audit")
    evaluate(home, trainer.settings, [Condition("corrupt", "NVDA", True, "broken")], SUNDAY)
    seen = engine.snapshot()
    rows = {row.symbol: row for row in seen.rows}
    assert "train missing: no model yet" == rows["NVDA"].retrain
    assert (State.HELD, "audit") == (rows["SPY"].state, rows["SPY"].hold)
    assert ("corrupt", "NVDA", "firing") == (seen.alerts[0].rule, seen.alerts[0].symbol, seen.alerts[0].state)
    assert (1, SUNDAY) == (seen.undelivered, seen.checked_at)

    clock.advance(timedelta(minutes=5))
    trainer.train("NVDA")
    engine.refresh_status(["NVDA"])
    assert "" == next(row.retrain for row in engine.snapshot().rows if row.symbol == "NVDA")


def test_away_is_told_to_the_next_console_alone(tmp_path: Path) -> None:
    """An alert that rang after the console was last open is told to the one that opens next, until it marks itself."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    Engine(home, clock).mark_open()
    clock.advance(timedelta(hours=1))
    evaluate(home, Engine(home, clock).settings, [Condition("outage", "", True, "no bars")], clock.now())

    assert 1 == len(Engine(home, clock).snapshot().away)
    clock.advance(timedelta(minutes=1))
    Engine(home, clock).mark_open()
    assert () == Engine(home, clock).snapshot().away
