"""Why a home is WARN or CRIT: each cause with its figure, the worst first."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from engine.core.records import JobState, Level, Run, SymbolState
from engine.core.snapshot import Alert, AlertState, Meter, Subject, SymbolRow
from engine.core.symbols import Priority
from engine.watch.causes import calm_while_training, causes_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
METERS = (Meter("CPU", 99.0, "%", Level.CRIT), Meter("DISK", 85.4, "%", Level.WARN))
LIVE = Run("20261122-120000-000001", "train", "manual", "yahoo", NOW, "cron", JobState.RUNNING, ())


def row(symbol: str, state: SymbolState) -> SymbolRow:
    return SymbolRow(symbol=symbol, company="", priority=Priority.LOW, state=state)


def test_a_cpu_that_training_keeps_busy_is_no_fault() -> None:
    """While a run is live its CPU is OK in meters and causes; without one it is not."""
    ended = replace(LIVE, state=JobState.DONE)

    busy = calm_while_training(METERS, (ended, LIVE))
    idle = calm_while_training(METERS, (ended,))

    assert [Level.OK, Level.WARN] == [meter.level for meter in busy]
    assert busy[0].detail == "busy with a run"
    assert idle == METERS


def test_causes_carry_their_figures_the_worst_first() -> None:
    """A corrupt model comes before a full disk, alerts are counted, problems stand as they are."""
    firing = Alert("mape", "MP", AlertState.FIRING, NOW, "over")
    alerts = (firing, replace(firing, symbol="SMR"), replace(firing, acked=True))
    rows = (row("NVDA", SymbolState.FRESH), row("MP", SymbolState.CORRUPT))

    causes = causes_of(METERS[1:], rows, alerts, ("runs cannot be read: EIO",))

    assert [(cause.level, cause.text) for cause in causes] == [
        (Level.CRIT, "MP CORRUPT"),
        (Level.WARN, "disk 85 %"),
        (Level.WARN, "2 alerts"),
        (Level.WARN, "runs cannot be read: EIO"),
    ]
    assert (causes[0].symbol, causes[1].subject) == ("MP", Subject.HOST)


def test_many_symbols_in_one_state_are_counted() -> None:
    """Four failed symbols are a number, three are names."""
    names = ("A", "B", "C", "D")
    failed = [row(name, SymbolState.FAILED) for name in names]

    assert causes_of((), failed, (), ())[0].text == "4 symbols FAILED"
    assert causes_of((), failed[:3], (), ())[0].text == "A B C FAILED"


def test_a_home_that_is_well_has_no_cause() -> None:
    """Fresh rows, calm meters, acknowledged alerts: nothing."""
    acked = Alert("mape", "MP", AlertState.FIRING, NOW, "over", acked=True)
    calm = Meter("CPU", 9.0, "%", Level.OK)

    assert causes_of((calm,), (row("NVDA", SymbolState.DONE),), (acked,), ()) == ()
