"""The ledger keeps every forecast before its outcome is known, then the outcome; append-only.

who                       function              does
check, API, command       record(home, …)       keeps a forecast whose target session is still open
check                     resolve(home, …)      joins outcomes to complete bars
triggers, `accuracy`      scored(home, …)       the counted forecasts with their newest outcome

Only the last forecast made before a session opens counts, so n counts sessions. Scores are
returns, the forecast's on the closes of its time and the outcome's on the current ones, so a split
or a revision of the bars leaves them right.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from engine.core.clock import iso
from engine.core.history import reading, record_of
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
"""Relative change of a close that makes a new outcome row."""


@dataclass(frozen=True, slots=True)
class Scored:
    """One counted forecast and its outcome; dollars on the basis of the forecast, percent."""

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
    """The close that the forecast was made from, in current bars."""
    actual: float

    @property
    def rebase(self) -> float:
        """Factor from the forecast's price basis to the current one: 0.1 after a 10-for-1 split."""
        return self.base / self.last_close


@dataclass(frozen=True, slots=True)
class KeptForecast:
    """One forecast as it was made."""

    symbol: str
    forecast: Forecast
    source: str
    """The source of its bars."""
    via: str
    generation: int
    digest: str
    made_at: datetime


def record(home: Home, forecasts: Iterable[KeptForecast]) -> int:
    """Record forecasts with their doubts, without known ones and closed targets.

    Return how many were new.
    """
    rows = [_row(kept) for kept in forecasts if _before_outcome(kept)]
    if not rows:
        return 0
    with writing(home) as connection:
        before = connection.total_changes
        connection.executemany(
            "INSERT OR IGNORE INTO watch_predictions (symbol, source, target, made_at, via,"
            " generation, digest, last_bar, last_close, next_close, low80, high80, low95, high95,"
            " p_up, confidence, doubts) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )
        return connection.total_changes - before


def _before_outcome(kept: KeptForecast) -> bool:
    """Whether the forecast was made before its outcome could be known."""
    target = kept.forecast.target_session
    closes_at = session_close(date.fromisoformat(target))
    return kept.forecast.last_bar < target and kept.made_at < closes_at


def _row(kept: KeptForecast) -> tuple[Any, ...]:
    forecast = kept.forecast
    return (
        kept.symbol,
        kept.source,
        forecast.target_session,
        iso(kept.made_at),
        kept.via,
        kept.generation,
        kept.digest,
        forecast.last_bar,
        forecast.last_close,
        forecast.next_close,
        forecast.low80,
        forecast.high80,
        forecast.low95,
        forecast.high95,
        forecast.p_up,
        forecast.confidence,
        "; ".join(f"{doubt.key}: {doubt.text}" for doubt in forecast.doubts),
    )


def resolve(home: Home, bars: Bars, now: datetime) -> int:
    """Join outcomes of closed sessions in `bars` to counted forecasts; return how many are new."""
    closes = dict(zip(bars.dates.astype(str).tolist(), bars.close.tolist(), strict=True))
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return 0
        counted = _counted(connection, bars.symbol, bars.source)
        known = {
            row[0]: (row[1], row[2]) for row in _outcomes(connection, bars.symbol, bars.source)
        }
    rows = []
    for number, (target, made_on) in counted.items():
        base = closes.get(made_on)
        actual = closes.get(target)
        if base is None or actual is None or session_close(date.fromisoformat(target)) > now:
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
    """{id: (target, last bar)} of the last forecast made before each session opened."""
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
    """The counted forecasts of a symbol that have an outcome, oldest session first."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return ()
        counted = _counted(connection, symbol, source)
        outcomes: dict[int, tuple[Any, ...]] = {
            row[0]: row[1:] for row in _outcomes(connection, symbol, source)
        }
        table = "watch_predictions WHERE symbol=? AND source=?"
        query = f"SELECT {_COLUMNS} FROM {table}"  # noqa: S608 - columns of ours
        rows: dict[int, tuple[Any, ...]] = {
            row[0]: row[1:] for row in connection.execute(query, (symbol, source))
        }
        forecasts = [
            _scored((symbol, *rows[number], *outcomes[number]))
            for number in counted
            if number in outcomes
        ]
        return tuple(sorted(forecasts, key=lambda forecast: forecast.target))


def _scored(row: tuple[Any, ...]) -> Scored:
    """The record of a row; ValueError for a price that is none."""
    record = record_of(Scored, dict(zip(Scored.__dataclass_fields__, row, strict=True)))
    if not all(price > 0.0 for price in (record.last_close, record.base, record.actual)):
        raise ValueError(f"a price of {record.symbol} for {record.target} is not above nought")
    return record


def sources_of(home: Home, symbol: str) -> tuple[str, ...]:
    """The sources of which forecasts or checks of a symbol are kept."""
    query = (
        "SELECT source FROM watch_predictions WHERE symbol=:symbol UNION"
        " SELECT source FROM watch_checks WHERE symbol=:symbol"
    )
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return ()
        return tuple(str(row[0]) for row in connection.execute(query, {"symbol": symbol}))


def waiting(home: Home, symbol: str, source: str) -> int:
    """Counted forecasts without an outcome yet."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return 0
        known = {row[0] for row in _outcomes(connection, symbol, source)}
        return sum(number not in known for number in _counted(connection, symbol, source))


def live_of(forecasts: tuple[Scored, ...], window: int) -> Live:
    """The triggers' facts from the newest `window` scored sessions."""
    newest = forecasts[-window:]
    if not newest:
        return Live()
    errors = [abs(row.next_close * row.rebase - row.actual) / row.actual for row in newest]
    naive_errors = [abs(row.base - row.actual) / row.actual for row in newest]
    return Live(
        n=len(newest),
        mape=100.0 * sum(errors) / len(errors),
        naive_mape=100.0 * sum(naive_errors) / len(naive_errors),
        hits=tuple(
            (row.next_close - row.last_close) * (row.actual - row.base) > 0
            for row in newest
            if row.actual != row.base
        ),
        first=newest[0].target,
        last=newest[-1].target,
    )


def accuracy_of(
    symbol: str, forecasts: tuple[Scored, ...], waiting: int, max_mape: float
) -> Accuracy:
    """The live figures of scored forecasts: error, direction, coverage, calibration."""
    if not forecasts:
        return Accuracy(symbol, 0, waiting)
    import numpy as np

    from engine.forecast.metrics import coverage, expected_calibration_error, relative_errors, score

    forecast = np.array([np.log(row.next_close / row.last_close) for row in forecasts])
    target = np.array([np.log(row.actual / row.base) for row in forecasts])
    bounds = {
        name: np.array([np.log(getattr(row, name) / row.last_close) for row in forecasts])
        for name in ("low80", "high80", "low95", "high95")
    }
    stated = np.array([row.confidence / 100.0 for row in forecasts])
    inside = relative_errors(forecast, target) <= max_mape / 100.0
    figures = score(forecast, target)
    error = expected_calibration_error(stated, inside)
    return Accuracy(
        symbol,
        figures.n,
        waiting,
        first=forecasts[0].target,
        last=forecasts[-1].target,
        mape=figures.mape,
        naive_mape=figures.naive_mape,
        mase=figures.mase,
        direction_accuracy=figures.direction,
        direction_low=figures.direction_low,
        direction_high=figures.direction_high,
        moved=figures.moved,
        coverage80=coverage(bounds["low80"], bounds["high80"], target),
        coverage95=coverage(bounds["low95"], bounds["high95"], target),
        confidence=100.0 * float(stated.mean()),
        kept=100.0 * float(inside.mean()),
        ece=None if error is None else 100.0 * error,
    )
