"""The ledger: every forecast kept before its outcome, every outcome kept once it came.

Rows are only ever appended.

who                       function              does
check, API, command       record(home, …)       keeps a forecast whose target session is still open
check                     resolve(home, …)      joins outcomes to complete bars
triggers, `accuracy`      scored(home, …)       the counted forecasts with their newest outcome

Of all forecasts for one session the last one made before it opened counts, so that n counts
sessions. Scores are returns: the forecast's on the closes it was made from, the outcome's on the
closes as they stand now. A split or a correction of the bars re-bases both sides and moves no
score that it should not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.core.clock import iso
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import Forecast
from engine.market.calendar import session_close, session_open
from engine.watch.records import Accuracy
from engine.watch.schema import SCHEMA, writing
from engine.watch.trigger_facts import Live

if TYPE_CHECKING:
    from engine.market.bars import Bars

_COLUMNS = "id, target, last_close, next_close, low80, high80, low95, high95, p_up, confidence"
REVISED = 1e-6
"""Relative change of a close from which an outcome is written anew."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One counted forecast and its outcome;
    prices in dollars on the basis of the forecast, chances in percent."""

    symbol: str
    target: str
    last_close: float
    next_close: float
    low80: float
    high80: float
    low95: float
    high95: float
    p_up: float
    confidence: float
    base: float
    """The close that the forecast was made from, as the bars have it now."""
    actual: float

    @property
    def rebase(self) -> float:
        """From the basis of the forecast to that of the bars now: 0.1 after a split of ten for
        one."""
        return self.base / self.last_close


@dataclass(frozen=True, slots=True)
class KeptForecast:
    """One forecast as it was made."""

    symbol: str
    forecast: Forecast
    source: str
    """Where its bars come from."""
    via: str
    generation: int
    digest: str
    made_at: datetime


def record(home: Home, made: Iterable[KeptForecast]) -> int:
    """Keep forecasts; how many were new.
    One whose target has closed, or that was known already, is left out."""
    rows = [_row(each) for each in made if _ahead(each)]
    if not rows:
        return 0
    with writing(home) as connection:
        before = connection.total_changes
        connection.executemany(
            "INSERT OR IGNORE INTO watch_predictions (symbol, source, target, made_at, via,"
            " generation, digest, last_bar, last_close, next_close, low80, high80, low95, high95,"
            " p_up, confidence) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        return connection.total_changes - before


def _ahead(made: KeptForecast) -> bool:
    """Whether the forecast was made before its outcome could be known."""
    target = made.forecast.target_session
    return made.forecast.last_bar < target and made.made_at < session_close(
        date.fromisoformat(target)
    )


def _row(made: KeptForecast) -> tuple[Any, ...]:
    each = made.forecast
    return (
        *(
            made.symbol,
            made.source,
            each.target_session,
            iso(made.made_at),
            made.via,
            made.generation,
            made.digest,
        ),
        *(each.last_bar, *_prices(each)),
    )


def _prices(each: Forecast) -> tuple[float, ...]:
    return (
        each.last_close,
        each.next_close,
        each.low80,
        each.high80,
        each.low95,
        each.high95,
        each.p_up,
        each.confidence,
    )


def resolve(home: Home, bars: Bars, now: datetime) -> int:
    """Join the outcomes that `bars` know to the counted forecasts of their symbol and source.

    How many rows were new.

    A session counts once it has closed; without the bar of the target, or of the session the
    forecast was made from, there is no outcome.
    """
    closes = dict(zip(bars.dates.astype(str).tolist(), bars.close.tolist(), strict=True))
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return 0
        counted = _counted(connection, bars.symbol, bars.source)
        known = {
            row[0]: (row[1], row[2]) for row in _outcomes(connection, bars.symbol, bars.source)
        }
    rows = []
    for number, made in counted.items():
        base, actual = closes.get(made[1]), closes.get(made[0])
        if base is None or actual is None or session_close(date.fromisoformat(made[0])) > now:
            continue
        if number not in known or _moved(known[number], (base, actual)):
            rows.append((number, iso(now), base, actual))
    if rows:
        with writing(home) as connection:
            # REPLACE: a correction that the source took back must become the newest outcome again.
            connection.executemany(
                "INSERT OR REPLACE INTO watch_outcomes (prediction, scored_at, base, actual) VALUES"
                " (?, ?, ?, ?)",
                rows,
            )
    return len(rows)


def _moved(old: tuple[float, float], new: tuple[float, float]) -> bool:
    return any(abs(a / b - 1.0) > REVISED for a, b in zip(old, new, strict=True))


def _counted(
    connection: sqlite3.Connection, symbol: str, source: str
) -> dict[int, tuple[str, str]]:
    """{id: (target, last bar)} of the last forecast for each session that was made before it
    opened."""
    rows = connection.execute(
        "SELECT id, target, made_at, last_bar FROM watch_predictions WHERE symbol=? AND source=?"
        " ORDER BY id",
        (symbol, source),
    )
    last: dict[str, tuple[int, str]] = {}
    for number, target, made_at, last_bar in rows:
        if made_at < iso(session_open(date.fromisoformat(target))):
            last[target] = (number, last_bar)
    return {number: (target, last_bar) for target, (number, last_bar) in last.items()}


def _outcomes(
    connection: sqlite3.Connection, symbol: str, source: str
) -> list[tuple[int, float, float]]:
    """(prediction, base, actual) of the newest outcome of each forecast."""
    return connection.execute(
        "SELECT prediction, base, actual FROM watch_outcomes WHERE id IN (SELECT MAX(o.id) FROM"
        " watch_outcomes o JOIN watch_predictions p ON p.id = o.prediction WHERE p.symbol=? AND"
        " p.source=? GROUP BY o.prediction)",
        (symbol, source),
    ).fetchall()


def scored(home: Home, symbol: str, source: str) -> tuple[Scored, ...]:
    """The counted forecasts of a symbol that have an outcome, oldest session first;
    () while nothing was kept."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return ()
        counted = _counted(connection, symbol, source)
        outcomes: dict[int, tuple[Any, ...]] = {
            row[0]: row[1:] for row in _outcomes(connection, symbol, source)
        }
        query = f"SELECT {_COLUMNS} FROM watch_predictions WHERE symbol=? AND source=?"  # noqa: S608 - columns of ours
        rows: dict[int, tuple[Any, ...]] = {
            row[0]: row[1:] for row in connection.execute(query, (symbol, source))
        }
    found = [
        Scored(symbol, *rows[number], *outcomes[number]) for number in counted if number in outcomes
    ]
    return tuple(sorted(found, key=lambda each: each.target))


def waiting(home: Home, symbol: str, source: str) -> int:
    """Counted forecasts without an outcome yet."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return 0
        known = {row[0] for row in _outcomes(connection, symbol, source)}
        return sum(number not in known for number in _counted(connection, symbol, source))


def live_of(found: tuple[Scored, ...], window: int) -> Live:
    """What the triggers read of the newest `window` scored sessions."""
    newest = found[-window:]
    if not newest:
        return Live()
    errors = [abs(each.next_close * each.rebase - each.actual) / each.actual for each in newest]
    naive = [abs(each.base - each.actual) / each.actual for each in newest]
    hits = tuple(
        (each.next_close - each.last_close) * (each.actual - each.base) > 0
        for each in newest
        if each.actual != each.base
    )
    return Live(
        n=len(newest),
        mape=100.0 * sum(errors) / len(errors),
        naive_mape=100.0 * sum(naive) / len(naive),
        hits=hits,
        first=newest[0].target,
        last=newest[-1].target,
    )


def accuracy_of(symbol: str, found: tuple[Scored, ...], waiting: int, max_mape: float) -> Accuracy:
    """The live figures of scored forecasts: error, direction with its interval, coverage,
    calibration."""
    if not found:
        return Accuracy(symbol, 0, waiting)
    import numpy as np

    from engine.forecast.metrics import coverage, expected_calibration_error, relative_errors, score

    forecast = np.array([np.log(each.next_close / each.last_close) for each in found])
    target = np.array([np.log(each.actual / each.base) for each in found])
    bounds = {
        name: np.array([np.log(getattr(each, name) / each.last_close) for each in found])
        for name in ("low80", "high80", "low95", "high95")
    }
    stated = np.array([each.confidence / 100.0 for each in found])
    inside = relative_errors(forecast, target) <= max_mape / 100.0
    figures, error = score(forecast, target), expected_calibration_error(stated, inside)
    return Accuracy(
        symbol,
        figures.n,
        waiting,
        found[0].target,
        found[-1].target,
        figures.mape,
        figures.naive_mape,
        figures.mase,
        figures.direction,
        figures.direction_low,
        figures.direction_high,
        figures.moved,
        coverage(bounds["low80"], bounds["high80"], target),
        coverage(bounds["low95"], bounds["high95"], target),
        100.0 * float(stated.mean()),
        100.0 * float(inside.mean()),
        None if error is None else 100.0 * error,
    )
