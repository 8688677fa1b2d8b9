"""The board: what history.db has for the console, read again only when the file changed; no numpy.

`away` tells what ended, fired or was missed since the console was last open; `opened` marks that it was.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from engine.core.clock import Clock, iso, parse_iso
from engine.core.errors import StockmlError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import Alert, Run
from engine.core.text import clean
from engine.watch.alerts import read_alerts
from engine.watch.holds import read_holds
from engine.watch.planner import Action
from engine.watch.schema import SCHEMA, writing

CONSOLE = "console"
_QUIET = (str(Action.FINE),)
_MOST = 20


@dataclass(frozen=True, slots=True)
class Board:
    """What watching knows, by symbol and as a whole."""

    retrain: dict[str, tuple[datetime, str]] = field(default_factory=dict)
    """When the newest decision was made, and what it says; symbols that are fine are left out."""
    holds: dict[str, str] = field(default_factory=dict)
    alerts: tuple[Alert, ...] = ()
    undelivered: int = 0
    checked_at: datetime | None = None
    opened_at: datetime | None = None
    """When the console was last open."""


class BoardReader:
    """Keeps the board while history.db stays as it is."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._key: tuple[int, int, str] | None = None
        self._board = Board()

    def read(self) -> Board:
        """The board, now; StockmlError when the file cannot be read."""
        try:
            found = self._home.history.stat()
        except OSError:
            return Board()
        now = self._clock.now()
        # Holds and silences end with time alone: once a minute is soon enough.
        key = (found.st_mtime_ns, found.st_size, f"{now:%Y%m%d%H%M}")
        if key != self._key:
            with reading(self._home, SCHEMA) as connection:
                self._board = Board() if connection is None else _board(connection, now)
            self._key = key
        return self._board


def _board(connection: sqlite3.Connection, now: datetime) -> Board:
    newest = (
        "SELECT symbol, at, action, reason, text FROM watch_decisions"
        " WHERE id IN (SELECT MAX(id) FROM watch_decisions GROUP BY symbol)"
    )
    retrain = {
        symbol: (parse_iso(at), clean(f"{action} {reason}: {text}", 300))
        for symbol, at, action, reason, text in connection.execute(newest)
        if action not in _QUIET
    }
    checked = connection.execute("SELECT MAX(at) FROM watch_checks").fetchone()[0]
    opened = connection.execute("SELECT at FROM watch_marks WHERE name=?", (CONSOLE,)).fetchone()
    return Board(
        retrain=retrain,
        holds={symbol: str(hold) for symbol, hold in read_holds(connection, now.astimezone().date()).items()},
        alerts=read_alerts(connection, now),
        undelivered=connection.execute("SELECT COUNT(*) FROM watch_outbox WHERE delivered_at IS NULL").fetchone()[0],
        checked_at=parse_iso(checked) if checked else None,
        opened_at=parse_iso(opened[0]) if opened else None,
    )


def opened(home: Home, now: datetime) -> None:
    """Mark that the console is open; called now and then while it is."""
    with writing(home) as connection:
        connection.execute("INSERT OR REPLACE INTO watch_marks (name, at) VALUES (?, ?)", (CONSOLE, iso(now)))


def away(home: Home, board: Board, runs: tuple[Run, ...], missed: tuple[str, ...] = ()) -> tuple[str, ...]:
    """What happened since the console was last open, oldest first: runs that ended, alerts sent, jobs missed."""
    since = board.opened_at
    if since is None:
        return ()
    told: list[tuple[datetime, str]] = []
    for run in runs:
        if run.ended_at is not None and run.ended_at > since:
            words = ", ".join(f"{job.symbol} {job.state}" for job in run.jobs)
            told.append((run.ended_at, f"run {run.id} {run.state} ({run.reason}): {words}"))
    with reading(home, SCHEMA) as connection:
        if connection is not None:
            rows = connection.execute("SELECT at, title FROM watch_outbox WHERE at>? ORDER BY id", (iso(since),))
            told += [(parse_iso(at), title.removeprefix("stockml ")) for at, title in rows]
    told.sort()
    lines = [clean(f"{at.astimezone():%b %d %H:%M} {text}", 300) for at, text in told]
    return (*lines[-_MOST:], *(clean(text, 300) for text in missed))


def safe_read(reader: BoardReader, problems: list[str]) -> Board:
    """The board; what cannot be read is named in `problems`."""
    try:
        return reader.read()
    except StockmlError as error:
        problems.append(f"history cannot be read: {error.message}")
        return Board()


MARK_EVERY = timedelta(minutes=1)
"""How often an open console marks that it is."""
