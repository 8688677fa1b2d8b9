"""Old rows of history.db: they go by age, the newest of each kind stay, forecasts are never
touched."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.api import Engine
from engine.core.clock import iso
from engine.core.history import ROWS_KEPT
from engine.core.paths import Home
from engine.schedule.record import begin_run, end_run
from engine.schedule.records import JobOutcome, JobTrigger
from engine.watch.schema import writing
from tests.fake_clock import FakeClock
from tests.helpers import new_home

NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
OLD = NOW - timedelta(days=500)
PREDICTION = (
    "symbol, source, target, made_at, via, generation, digest, last_bar, last_close, next_close,"
    " low80, high80, low95, high95, p_up, confidence"
)


def counts(home: Home) -> dict[str, int]:
    """Rows of every table of checks and of cron."""
    with closing(sqlite3.connect(home.history)) as connection:
        names = [
            name
            for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type='table'")
        ]
        return {
            name: connection.execute(f"SELECT COUNT(*) FROM {name}").fetchone()[0] for name in names
        }


def filled(folder: Path) -> Engine:
    """A home with old and young rows in each table."""
    home = new_home(folder / "home", market__source="simulated")
    for number in range(ROWS_KEPT + 10):
        ended = OLD + timedelta(days=number)
        end_run(
            home,
            begin_run(home, "weekly", JobTrigger.CRON, ended, ended),
            ended,
            0,
            JobOutcome.DONE,
        )
    begin_run(home, "clean", JobTrigger.CRON, OLD, OLD)
    with writing(home) as connection:
        for at in [OLD] * (ROWS_KEPT + 20) + [NOW - timedelta(hours=1)] * 3:
            check = (iso(at), "NVDA", "simulated", "in process", "answered", "", "", "")
            names = "at, symbol, source, via, status, fault, basis, text"
            connection.execute(
                f"INSERT INTO watch_checks ({names}) VALUES (?, ?, ?, ?, ?, ?, ?, ?)", check
            )
        for delivered in (None, iso(OLD)):
            for _ in range(ROWS_KEPT + 5):
                sent = (iso(OLD), "firing", "title", "body", delivered)
                connection.execute(
                    "INSERT INTO watch_outbox (at, kind, title, body, delivered_at) VALUES (?, ?,"
                    " ?, ?, ?)",
                    sent,
                )
        for day in range(ROWS_KEPT + 40):
            made = ("NVDA", "simulated", f"{day}", iso(OLD), "check", 1, "d", "b", *[1.0] * 8)
            connection.execute(
                f"INSERT INTO watch_predictions ({PREDICTION}) VALUES ({', '.join('?' * 16)})", made
            )
    return Engine(home, clock=FakeClock(NOW))


def test_old_rows_go_and_the_newest_of_each_kind_stay(tmp_path: Path) -> None:
    """Runs of cron, checks and delivered messages: the newest 60 of each job and symbol stay,
    what nobody took stays too."""
    engine = filled(tmp_path)
    before = counts(engine.home)
    planned = {
        each.path.name: each.verb
        for each in engine.storage.clean(dry_run=True).actions
        if each.kind == "record"
    }
    assert counts(engine.home) == before
    report = engine.storage.clean()
    after = counts(engine.home)

    assert (before["cron_runs"], after["cron_runs"]) == (ROWS_KEPT + 11, ROWS_KEPT + 1)
    assert (before["watch_checks"], after["watch_checks"]) == (ROWS_KEPT + 23, ROWS_KEPT)
    # The undelivered ones are the older numbers, so none of them is among the newest that stay
    # anyway.
    assert (before["watch_outbox"], after["watch_outbox"]) == (
        2 * ROWS_KEPT + 10,
        2 * ROWS_KEPT + 5,
    )
    assert after["watch_predictions"] == before["watch_predictions"] == ROWS_KEPT + 40
    assert report.problems == ()
    assert planned == {
        each.path.name: each.verb for each in report.actions if each.kind == "record"
    }
    assert planned["history.db:cron_runs"] == "remove"
    assert {each.verb for each in engine.storage.clean().actions if each.kind == "record"} == {
        "keep"
    }


def test_todays_copy_still_has_the_removed_rows(tmp_path: Path) -> None:
    """The rows go only after history.db was copied."""
    engine = filled(tmp_path)
    before = counts(engine.home)["cron_runs"]
    engine.storage.clean()
    (copy,) = (engine.home.data / "daily").glob("history-*.db")
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT COUNT(*) FROM cron_runs").fetchone()[0] == before


def test_a_damaged_history_stops_this_part_alone(tmp_path: Path) -> None:
    """It is named as a problem, nothing is removed from it, and the other parts are done."""
    engine = filled(tmp_path)
    engine.home.history.write_bytes(b"no database at all, whatever its name says" * 20)
    litter = engine.home.models / ".trash-x-0123abcd"
    litter.mkdir(parents=True)
    report = engine.storage.clean()
    assert any(
        problem.startswith("old records: ") and "not a database" in problem
        for problem in report.problems
    )
    assert not litter.exists()


def test_a_home_without_a_history_has_nothing_to_prune(tmp_path: Path) -> None:
    """No file is made to find that out."""
    home = new_home(tmp_path / "home", market__source="simulated")
    assert Engine(home, clock=FakeClock(NOW)).storage.clean().problems == ()
    assert not home.history.exists()
