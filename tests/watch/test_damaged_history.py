"""history.db damaged in any way is one named problem of whoever reads it, and no other fault."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from engine.core.errors import FaultKind, FileError, StockmlError
from engine.core.paths import Home
from engine.schedule.jobs import JOBS
from engine.schedule.record import read_history
from engine.service.live import LiveView, Page
from engine.watch import alerts, deliver, ledger
from engine.watch.alert_rules import Condition
from engine.watch.check import check
from engine.watch.console_summary import SummaryReader, away, last_open, opened
from engine.watch.decisions import read_histories, yearly_trainings
from engine.watch.facts import others_answer, past_checks
from engine.watch.health_clock import recorded_ahead
from engine.watch.health_data import growth
from engine.watch.holds import hold, holds
from engine.watch.report import last_checks
from tests.fake_clock import FakeClock
from tests.helpers import ROOT
from tests.watch.homes import PAIR, SUNDAY, Trainer, simulated_home

CLOCK = FakeClock(SUNDAY + timedelta(days=3))
PAGE = Page(symbol=None, start="2020-01-01", end="2030-01-01", limit=100, offset=0)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home whose history has rows of every kind."""
    home = simulated_home(tmp_path_factory.mktemp("damage") / "home")
    clock = FakeClock(SUNDAY)
    trainer = Trainer(home, clock)
    for _ in range(3):
        check(home, trainer.settings, PAIR, None, clock, begin=trainer)
        clock.advance(timedelta(days=1))
    hold(home, "NVDA", "waiting for the audit", None, clock)
    alerts.evaluate(home, trainer.settings, [Condition("disk", "", True, "full")], SUNDAY)
    alerts.silence(home, "disk", "", timedelta(days=30), SUNDAY)
    opened(home, SUNDAY)
    return home


@pytest.fixture
def home(whole: Home, tmp_path: Path) -> Home:
    """A home with a copy of that history alone."""
    copied = simulated_home(tmp_path / "home")
    copied.data.mkdir(exist_ok=True)
    copied.history.write_bytes(whole.history.read_bytes())
    return copied


def readers(home: Home) -> dict[str, Callable[[], object]]:
    """Everything that reads history.db, by name."""
    now = CLOCK.now()
    view = LiveView(home)
    return {
        "alerts": lambda: alerts.alert_list(home, now),
        "holds": lambda: holds(home, CLOCK),
        "checks": lambda: last_checks(home),
        "outbox": lambda: deliver.outbox(home),
        "histories": lambda: read_histories(home, "NVDA", lambda _: 1, lambda *_: False),
        "yearly": lambda: yearly_trainings(home, now, lambda *_: False),
        "scored": lambda: ledger.scored(home, "NVDA", "simulated"),
        "waiting": lambda: ledger.waiting(home, "NVDA", "simulated"),
        "past checks": lambda: past_checks(home, "NVDA", "simulated"),
        "others": lambda: others_answer(home, "NVDA"),
        "growth": lambda: list(growth(home, now)),
        "ahead": lambda: list(recorded_ahead(home, now)),
        "summary": lambda: SummaryReader(home, CLOCK).read(),
        "opened": lambda: last_open(home),
        "away": lambda: away(home, SUNDAY, ()),
        "schedule": lambda: read_history(home, tuple(JOBS)),
        "live history": lambda: view.history(PAGE),
        "live accuracy": lambda: view.accuracy("NVDA", "simulated", 5.0),
        "silence": lambda: alerts.silence(home, "disk", "", timedelta(hours=1), now),
        "evaluate": lambda: alerts.evaluate(
            home, Trainer(home, CLOCK).settings, [Condition("disk", "", True)], now
        ),
    }


def faults(home: Home) -> list[StockmlError]:
    """Read everything; each fault must be one of ours."""
    raised = []
    for read in readers(home).values():
        try:
            read()
        except StockmlError as error:
            raised.append(error)
    return raised


def test_a_whole_history_is_read(home: Home) -> None:
    """The readers themselves find nothing wrong."""
    assert faults(home) == []


def test_an_undecodable_schema_is_one_named_problem(home: Home) -> None:
    """A byte that is not UTF-8 in the schema makes SQLite's own message undecodable: every reader
    names the file and the repair."""
    sample = ROOT.parent / "shared" / "data" / "hostile" / "text" / "history.db_2.bin"
    if not sample.exists():
        pytest.skip(f"no sample at {sample.name}")
    home.history.write_bytes(sample.read_bytes())
    raised = faults(home)
    assert len(raised) == len(readers(home))
    assert all("history.db" in each.message for each in raised)
    assert all("stockml doctor --repair" in each.hint for each in raised)


def test_any_flipped_bytes_are_a_named_fault(home: Home) -> None:
    """Sixty files with bytes changed, cut or zeroed: each reader answers, or names the
    file."""
    whole = home.history.read_bytes()
    chance = random.Random(14)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 40))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        home.history.write_bytes(data)
        home.history.with_name("history.db-journal").unlink(missing_ok=True)
        for error in faults(home):
            assert "history.db" in error.message


@pytest.mark.parametrize(
    ("table", "column", "value"),
    [
        ("watch_checks", "at", "no moment"),
        ("watch_checks", "confidence", "much"),
        ("watch_alerts", "state", "humming"),
        ("watch_alerts", "since", "9999-99-99"),
        ("watch_silences", "until", "soon"),
        ("watch_holds", "until", "0001-13-01"),
        ("watch_outbox", "tries", "three"),
        ("watch_reasons", "at", "yesterday"),
        ("watch_reasons", "trainings", "x" * 1_000_000),
        ("watch_predictions", "target", "2026-02-30"),
        ("watch_predictions", "made_at", b"\xff\xfe"),
        ("watch_decisions", "at", ""),
        ("watch_marks", "at", "-1"),
        ("watch_host", "home_bytes", "big"),
    ],
)
def test_a_row_that_makes_no_sense_is_damage(
    home: Home, table: str, column: str, value: object
) -> None:
    """A moment, a number or a word that none of ours would write is damage where it is read."""
    with closing(sqlite3.connect(home.history)) as connection, connection:
        connection.execute(f"UPDATE {table} SET {column} = ?", (value,))
    for error in faults(home):
        assert isinstance(error, FileError)
        assert error.kind is FaultKind.DAMAGED
