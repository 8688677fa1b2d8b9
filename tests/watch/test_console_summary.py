"""What the console sees of watching: reasons, holds, alerts, undelivered messages."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from engine.api import Engine
from engine.core.records import SymbolState
from engine.schedule.jobs import JOBS
from engine.schedule.records import JobStatus, JobView, ScheduleState
from engine.watch.alert_rules import Condition
from engine.watch.alerts import evaluate
from engine.watch.check import check
from engine.watch.console_summary import away, last_open, opened
from tests.fake_clock import FakeClock
from tests.watch.homes import PAIR, SUNDAY, Trainer, simulated_home


def test_the_snapshot_carries_reasons_holds_and_alerts(tmp_path: Path) -> None:
    """A reason stands in its row until a newer model settles it;
    a hold takes the word of an old or missing model."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    engine, trainer = Engine(home, clock), Trainer(home, clock)
    empty = engine.watch.snapshot()
    assert (None, (), None) == (empty.rows[0].retrain, empty.alerts, empty.checked_at)

    check(home, trainer.settings, PAIR, None, clock, begin=None)
    engine.watch.hold("SPY", "audit")
    evaluate(home, trainer.settings, [Condition("corrupt", "NVDA", True, "broken")], SUNDAY)
    seen = engine.watch.snapshot()
    rows = {row.symbol: row for row in seen.rows}
    assert "train missing: no model yet" == str(rows["NVDA"].retrain)
    assert (SymbolState.HELD, "audit") == (rows["SPY"].state, rows["SPY"].hold)
    assert ("corrupt", "NVDA", "firing") == (
        seen.alerts[0].rule,
        seen.alerts[0].symbol,
        seen.alerts[0].state,
    )
    assert (0, SUNDAY) == (seen.undelivered, seen.checked_at), (
        "no receiver is configured: nobody waits for it"
    )
    home.secrets.write_text('[alerts]\nurls = ["json://127.0.0.1:1/"]\n')
    home.secrets.chmod(0o644)
    clock.advance(timedelta(minutes=1))
    assert 1 == engine.watch.snapshot().undelivered, (
        "the file is not safe to use, and somebody waits"
    )

    clock.advance(timedelta(minutes=5))
    trainer.train("NVDA")
    engine.models.refresh_status(["NVDA"])
    assert None is next(row.retrain for row in engine.watch.snapshot().rows if row.symbol == "NVDA")


def test_away_is_told_to_the_next_console_alone(tmp_path: Path) -> None:
    """An alert that rang after the console was last open is told to the one that opens next,
    until it marks itself."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    Engine(home, clock).watch.mark_open()
    clock.advance(timedelta(hours=1))
    evaluate(
        home,
        Engine(home, clock).settings.current,
        [Condition("outage", "", True, "no bars")],
        clock.now(),
    )

    found = Engine(home, clock).watch.away()
    assert SUNDAY == found.since
    assert "alert firing: no symbol can be forecast" in found.lines[0]
    assert found == Engine(home, clock).watch.away()
    clock.advance(timedelta(minutes=1))
    Engine(home, clock).watch.mark_open()
    assert () == Engine(home, clock).watch.away().lines


def _missed(name: str, slots: tuple[datetime, ...], reason: str) -> JobView:
    status = JobStatus(ScheduleState.MISSED, slots[0], slots)
    return JobView(JOBS[name], status=status, reason=reason)


def test_missed_jobs_are_told_once_a_job(tmp_path: Path) -> None:
    """Slots without a run since the console was last open are counted in one line with the
    reason; older ones are not."""
    home = simulated_home(tmp_path / "home")
    assert None is last_open(home)
    opened(home, SUNDAY)
    assert SUNDAY == last_open(home)
    slots = tuple(SUNDAY + timedelta(hours=hours) for hours in (12, 6, -6))
    summary = away(
        home,
        SUNDAY,
        (),
        [
            _missed("performance", slots, "cron was down"),
            _missed("weekly", (SUNDAY - timedelta(days=1),), "long ago"),
        ],
    )

    (line,) = summary.lines
    assert line.endswith("missed: performance, 2 times (cron was down)")


def test_a_hold_that_was_lifted_no_longer_explains_its_row(tmp_path: Path) -> None:
    """A decision that names a hold goes with the hold;
    a firing alert makes the worst word WARN until it is acknowledged."""
    home, clock = simulated_home(tmp_path / "home"), FakeClock(SUNDAY)
    engine = Engine(home, clock)
    engine.watch.hold("NVDA", "audit")
    check(home, engine.settings.current, PAIR, None, clock, begin=None)
    assert "held missing: on hold: audit; no model yet" == str(
        engine.watch.snapshot().rows[0].retrain
    )
    clock.advance(timedelta(minutes=1))
    engine.watch.unhold("NVDA")
    assert None is engine.watch.snapshot().rows[0].retrain
