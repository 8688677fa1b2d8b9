"""The console's data from history.db, read only when the file changed, without numpy."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from engine.core.clock import SKEW, Clock, iso, parse_iso
from engine.core.errors import StockmlError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import JobState, Run
from engine.core.snapshot import Alert, Away, PlannedAction, Retrain
from engine.core.text import clean
from engine.watch.alerts import read_alerts
from engine.watch.deliver import is_configured
from engine.watch.holds import read_holds
from engine.watch.schema import SCHEMA, writing
from engine.words import times

if TYPE_CHECKING:
    from engine.schedule.records import JobView

CONSOLE = "console"
_SHOWN = frozenset(PlannedAction) - {PlannedAction.FINE}
MAX_AWAY = 50
"""Newest events shown from the time the console was closed."""


@dataclass(frozen=True, slots=True)
class ConsoleSummary:
    """The state of watching, by symbol and overall."""

    retrain: dict[str, Retrain] = field(default_factory=dict)
    """The newest decision; symbols that are fine are left out."""
    holds: dict[str, str] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    undelivered: int = 0
    checked_at: datetime | None = None


class SummaryReader:
    """Caches the summary until history.db changes."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._key: tuple[int, int, str] | None = None
        self._summary = ConsoleSummary()

    def read(self) -> ConsoleSummary:
        """The summary, now; StockmlError when the file cannot be read."""
        try:
            file = self._home.history.stat()
        except OSError:
            return ConsoleSummary()
        now = self._clock.now()
        # Holds and silences end with time alone: once a minute is soon enough.
        key = (file.st_mtime_ns, file.st_size, f"{now:%Y%m%d%H%M}")
        if key != self._key:
            with reading(self._home, SCHEMA) as connection:
                self._summary = (
                    ConsoleSummary() if connection is None else _summary(connection, now)
                )
            if not is_configured(self._home):  # nobody waits for these messages
                self._summary = replace(self._summary, undelivered=0)
            self._key = key
        return self._summary


def _summary(connection: sqlite3.Connection, now: datetime) -> ConsoleSummary:
    newest = (
        "SELECT symbol, at, action, reason, text FROM watch_decisions"
        " WHERE id IN (SELECT MAX(id) FROM watch_decisions GROUP BY symbol)"
    )
    retrain = {
        symbol: Retrain(PlannedAction(action), clean(reason), clean(text, 600), parse_iso(at))
        for symbol, at, action, reason, text in connection.execute(newest)
        if action in _SHOWN
    }
    query = "SELECT MAX(at) FROM watch_checks WHERE at <= ?"
    checked = connection.execute(query, (iso(now + SKEW),)).fetchone()[0]
    return ConsoleSummary(
        retrain=retrain,
        holds={
            symbol: str(hold)
            for symbol, hold in read_holds(connection, now.astimezone().date()).items()
        },
        alerts=read_alerts(connection, now),
        undelivered=connection.execute(
            "SELECT COUNT(*) FROM watch_outbox WHERE delivered_at IS NULL"
        ).fetchone()[0],
        checked_at=parse_iso(checked) if checked else None,
    )


def opened(home: Home, now: datetime) -> None:
    """Mark that the console is open; called now and then while it is."""
    with writing(home) as connection:
        connection.execute(
            "INSERT OR REPLACE INTO watch_marks (name, at) VALUES (?, ?)", (CONSOLE, iso(now))
        )


def last_open(home: Home) -> datetime | None:
    """When the console was last open; None when it never was."""
    with reading(home, SCHEMA) as connection:
        query = "SELECT at FROM watch_marks WHERE name=?"
        row = connection.execute(query, (CONSOLE,)).fetchone() if connection is not None else None
        return parse_iso(row[0]) if row else None


def away(home: Home, since: datetime, runs: Iterable[Run], jobs: Iterable[JobView] = ()) -> Away:
    """Events since `since`: ended runs, sent alerts and missed jobs."""
    events: list[tuple[datetime, str]] = []
    with reading(home, SCHEMA) as connection:
        if connection is not None:
            rows = connection.execute(
                "SELECT at, title FROM watch_outbox WHERE at>? ORDER BY id", (iso(since),)
            )
            events += [
                (parse_iso(at), f"alert {title.removeprefix('stockml ')}") for at, title in rows
            ]
    events += [(run.ended_at, _ended(run)) for run in runs if run.ended_at is not None]
    events += [
        (max(job.status.missed), _missed(job, job.status.missed, since))
        for job in jobs
        if job.status and job.status.missed
    ]
    recent = sorted((at, text) for at, text in events if at > since)[-MAX_AWAY:]
    lines = (clean(f"{times.moment(at)} {text}", 300) for at, text in recent)
    return Away(since, tuple(lines))


def _missed(job: JobView, slots: tuple[datetime, ...], since: datetime) -> str:
    """One line per missed job, however often it was missed."""
    count = sum(slot > since for slot in slots)
    repeats = f", {count} times" if count > 1 else ""
    reason = f" ({job.reason})" if job.reason else ""
    return f"missed: {job.job.name}{repeats}{reason}"


def _ended(run: Run) -> str:
    """How a run ended: its jobs by outcome, and which are not done."""
    counts = Counter(str(job.state) for job in run.jobs)
    undone = [job.symbol for job in run.jobs if job.state is not JobState.DONE]
    tail = f" ({' '.join(undone)})" if undone and len(undone) < len(run.jobs) else ""
    jobs = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"run {run.id} {run.state}, {run.reason}: {jobs or 'no symbol'}{tail}"


def safe_read(reader: SummaryReader, problems: list[str]) -> ConsoleSummary:
    """The summary, with unreadable parts named in `problems`."""
    try:
        return reader.read()
    except StockmlError as error:
        problems.append(f"history cannot be read: {error.message}")
        return ConsoleSummary()
