"""Holds stop automatic training of a symbol: `hold SYM --until DATE --reason R`, `unhold SYM`."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import date

from engine.core.clock import Clock, iso
from engine.core.errors import UsageError
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.text import clean
from engine.watch.schema import SCHEMA, writing


@dataclass(frozen=True, slots=True)
class Hold:
    """Automatic training of a symbol is on hold."""

    symbol: str
    reason: str
    since: str
    until: date | None

    def __str__(self) -> str:
        return f"{self.reason}{f' (until {self.until})' if self.until else ''}"


def hold(home: Home, symbol: str, reason: str, until: date | None, clock: Clock) -> Hold:
    """Stop automatic training through `until`; UsageError for a past day or an empty reason."""
    now = clock.now()
    if until is not None and until < now.astimezone().date():
        raise UsageError(f"--until {until} is over", "name today or a later day")
    reason = clean(" ".join(reason.split()), 200)  # `clean` would join the words of two lines
    if not reason:
        raise UsageError("a hold needs a reason", '--reason "waiting for the audit"')
    with writing(home) as connection:
        row = (iso(now), symbol, until.isoformat() if until else None, reason)
        connection.execute(
            "INSERT INTO watch_holds (at, symbol, until, reason, held) VALUES (?, ?, ?, ?, 1)", row
        )
    return Hold(symbol, reason, iso(now), until)


def unhold(home: Home, symbol: str, clock: Clock) -> None:
    """Let automatic training of `symbol` continue; UsageError when it is not on hold."""
    if symbol not in holds(home, clock):
        raise UsageError(f"{symbol} is not on hold", "`stockml auto-train --dry-run` shows what is")
    with writing(home) as connection:
        row = (iso(clock.now()), symbol)
        connection.execute(
            "INSERT INTO watch_holds (at, symbol, until, reason, held) VALUES (?, ?, NULL, '', 0)",
            row,
        )


def holds(home: Home, clock: Clock) -> dict[str, Hold]:
    """The holds in force now, by symbol."""
    with reading(home, SCHEMA) as connection:
        return {} if connection is None else read_holds(connection, clock.now().astimezone().date())


def read_holds(connection: sqlite3.Connection, today: date) -> dict[str, Hold]:
    """The holds in force on `today`, by symbol: the newest row of each symbol counts."""
    rows = connection.execute(
        "SELECT symbol, reason, at, until, held FROM watch_holds WHERE id IN (SELECT MAX(id) FROM"
        " watch_holds GROUP BY symbol)"
    )
    in_force = {}
    for symbol, reason, at, until, held in rows:
        last_day = date.fromisoformat(until) if until else None
        if held and (last_day is None or today <= last_day):
            in_force[symbol] = Hold(symbol, reason, at, last_day)
    return in_force
