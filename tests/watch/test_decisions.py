"""The record of reasons and decisions in history.db."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from engine.core.paths import Home
from engine.core.snapshot import PlannedAction
from engine.watch import decisions
from engine.watch.planner import PlanningContext
from engine.watch.reason_history import ReasonHistory
from engine.watch.records import Decision
from engine.watch.schema import SCHEMA, writing
from engine.watch.trigger_facts import TriggerVerdict
from tests.watch.homes import SUNDAY


def record_decision(home: Home, reason: str, run: str, days_ago: int) -> None:
    """A training of NVDA decided some days ago; without a run it was only announced."""
    decision = Decision(
        "NVDA", PlannedAction.TRAIN, reason, "words", (TriggerVerdict(reason, "words", fired=True),)
    )
    decisions.record_decisions(
        home,
        [decision],
        PlanningContext(SUNDAY - timedelta(days=days_ago)),
        {"NVDA": run} if run else {},
    )


def test_trainings_within_a_year_are_counted(tmp_path: Path) -> None:
    """Trainings for performance or drift of the last 365 days count, but no failed or unstarted."""
    home = Home(tmp_path)
    assert decisions.yearly_trainings(home, SUNDAY, lambda *_: False)["NVDA"] == 0
    for reason, run, days in (
        ("accuracy", "run-1", 364),
        ("drift", "run-2", 30),
        ("drift", "run-failed", 20),
        ("mape", "", 10),
        ("age", "run-3", 9),
        ("volatility", "run-4", 8),
        ("confidence", "run-5", 366),
    ):
        record_decision(home, reason, run, days)
    spent = decisions.yearly_trainings(home, SUNDAY, lambda run, _: run == "run-failed")
    assert (spent["NVDA"], spent["SPY"]) == (2, 0)


def test_a_reason_is_kept_with_the_bar_on_which_it_last_fired(tmp_path: Path) -> None:
    """What is written is read again: trainings, chronic words, and the sessions since it last
    fired."""
    home = Home(tmp_path)
    history = ReasonHistory(
        2,
        SUNDAY,
        "2025-06-02",
        sessions=40,
        chronic="2 trainings did not help",
        fired_bar="2025-08-01",
        quiet=5,
    )
    decisions.write_histories(home, "NVDA", {}, {"accuracy": history})
    sessions = {"2025-06-02": 40, "2025-08-01": 5}
    assert decisions.read_histories(home, "NVDA", sessions.__getitem__, lambda *_: False) == {
        "accuracy": history
    }


def test_a_file_of_the_format_before_is_read_and_brought_up(tmp_path: Path) -> None:
    """Looking needs no column that an older stockml did not write;
    the next write adds it and keeps the rows."""
    home = Home(tmp_path)
    home.history.parent.mkdir(parents=True)
    with closing(sqlite3.connect(home.history)) as connection:
        for statement in SCHEMA.steps[0]:
            connection.execute(statement)
        connection.execute(
            "CREATE TABLE history_formats (owner TEXT PRIMARY KEY, format INTEGER NOT NULL)"
        )
        connection.execute("INSERT INTO history_formats VALUES ('watch', 1)")
        connection.execute(
            "INSERT INTO watch_reasons VALUES ('NVDA', 'drift', 1, NULL, '2025-06-02', '', 'old"
            " words')"
        )
        connection.commit()
    before = decisions.read_histories(home, "NVDA", lambda _: 40, lambda *_: False)
    assert before == {
        "drift": ReasonHistory(1, None, "2025-06-02", sessions=40, chronic="old words")
    }
    with writing(home):
        pass
    assert decisions.read_histories(home, "NVDA", lambda _: 40, lambda *_: False) == before
