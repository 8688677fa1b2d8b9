"""A clock that was 400 days ahead once: what it dated triggers, is named, and holds nobody back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from engine.api import Engine
from engine.core.paths import Home
from engine.core.records import Level, SymbolState
from engine.core.snapshot import PlannedAction
from engine.watch import alerts
from engine.watch.alert_rules import Condition
from engine.watch.check import check
from engine.watch.health import health
from engine.watch.records import Item
from tests.fake_clock import FakeClock
from tests.watch.homes import PAIR, SUNDAY, Trainer, simulated_home
from tests.watch.test_health import scheduled

AHEAD = SUNDAY + timedelta(days=400)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that was trained, checked and silenced by a clock that was ahead."""
    home = simulated_home(tmp_path / "home")
    clock = FakeClock(AHEAD)
    check(home, Trainer(home, clock).settings, PAIR, None, clock, begin=Trainer(home, clock))
    alerts.silence(home, "disk", "", timedelta(hours=2), AHEAD)
    alerts.evaluate(home, Trainer(home, clock).settings, [Condition("disk", "", True)], AHEAD)
    Engine(home, clock).models.refresh_status()
    return home


def engine_at(home: Home, clock: FakeClock | None = None) -> Engine:
    """The engine of the home once the clock is right again, its statuses fresh."""
    engine = Engine(home, clock or FakeClock(SUNDAY))
    engine.models.refresh_status()
    return engine


def clock_items(engine: Engine) -> list[Item]:
    items = health(
        engine.home,
        engine.settings.current,
        engine.watch.snapshot(),
        SUNDAY,
        scheduled(),
        lambda _: "simulated",
    )
    return [item for item in items if item.name == "clock"]


def test_a_model_from_ahead_is_of_unknown_age(home: Home) -> None:
    """Its row is STALE without an age, and it is a WARN in health; so are the checks."""
    engine = engine_at(home)
    row = engine.watch.snapshot().row("NVDA")
    assert row is not None
    assert (row.state, row.age_days) == (SymbolState.STALE, None)
    items = clock_items(engine)
    assert all(item.level is Level.WARN for item in items)
    texts = " ".join(item.text for item in items)
    assert "NVDA SPY" in texts
    assert "2 checks" in texts
    assert "1 silence, to" in texts


def test_it_triggers_and_the_training_heals_it(home: Home) -> None:
    """The next check trains both, whatever their last bar, their cooldown and their yearly share;
    then neither row nor health speaks of the clock's models, and nothing is trained again."""
    clock = FakeClock(SUNDAY)
    trainer = Trainer(home, clock)
    report = check(home, trainer.settings, PAIR, None, clock, begin=trainer)
    assert {each.action for each in report.plan.decisions} == {PlannedAction.TRAIN}
    assert "its age is unknown" in dict(trainer.requests[0].reasons)["NVDA"]
    engine = engine_at(home, clock)
    row = engine.watch.snapshot().row("NVDA")
    assert row is not None
    assert (row.state, row.age_days) == (SymbolState.FRESH, 0.0)
    assert not [item for item in clock_items(engine) if "NVDA" in item.text]
    clock.advance(timedelta(hours=1))
    check(home, trainer.settings, PAIR, None, clock, begin=trainer)
    assert len(trainer.requests) == 1


def test_silences_end_and_alerts_repeat(home: Home) -> None:
    """A silence of two hours does not last 400 days, and an alert sent ahead of now is sent."""
    settings = Trainer(home, FakeClock(SUNDAY)).settings
    (alert,) = [each for each in alerts.alert_list(home, SUNDAY) if each.rule == "disk"]
    assert not alert.silenced
    (message,) = alerts.evaluate(home, settings, [Condition("disk", "", True)], SUNDAY)
    assert "disk" in message.body or "disk" in message.title
    later = SUNDAY + timedelta(minutes=1)
    assert alerts.evaluate(home, settings, [Condition("disk", "", True)], later) == ()


def test_a_right_clock_has_no_item(tmp_path: Path) -> None:
    """Nothing ahead, nothing said: not for the seconds that two right clocks differ either."""
    home = simulated_home(tmp_path / "home")
    clock = FakeClock(SUNDAY + timedelta(seconds=20))
    check(home, Trainer(home, clock).settings, PAIR, None, clock, begin=Trainer(home, clock))
    assert clock_items(engine_at(home)) == []


def test_a_backup_from_ahead_is_named(home: Home) -> None:
    """A backup and its date are in the words of health."""
    Engine(home, FakeClock(AHEAD)).backups.create()
    (item,) = [item for item in clock_items(engine_at(home)) if "backup_" in item.text]
    assert item.level is Level.WARN
