"""Live accuracy over HTTP: the ledger's figures in the reference's shape.

Read again only when history.db changed.
"""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from engine.core.history import reading
from engine.core.paths import Home
from engine.core.sources import is_simulated, kind_of
from engine.watch.ledger import accuracy_of, scored, waiting
from engine.watch.schema import SCHEMA

Tree = dict[str, Any]
_HISTORY = (
    "SELECT p.id, p.symbol, p.target, p.next_close, p.last_close, p.confidence, p.made_at, p.via,"
    " p.generation, p.last_bar, p.source, o.base, o.actual, o.scored_at FROM watch_predictions p"
    " LEFT JOIN watch_outcomes o ON o.id = (SELECT MAX(id) FROM watch_outcomes WHERE prediction ="
    " p.id)"
)


@dataclass(frozen=True, slots=True)
class Page:
    """Which rows of the history: a symbol or all, target sessions from `start` to `end`, newest
    first."""

    symbol: str | None
    start: str
    end: str
    limit: int
    offset: int


class LiveView:
    """Figures of the ledger, kept until the file changes; for one caller at a time."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._kept: dict[tuple[str, str, float], Tree] = {}
        self._key: tuple[int, int, int] | None = None

    def accuracy(self, symbol: str, source: str, max_mape: float) -> Tree:
        """The live figures of one symbol; None where nothing was scored.
        StockmlError when the file cannot be read."""
        self._follow()
        wanted = (symbol, source, max_mape)
        if wanted not in self._kept:
            self._kept[wanted] = self._accuracy(symbol, source, max_mape)
        return self._kept[wanted]

    def history(self, page: Page) -> list[Tree]:
        """Kept forecasts, newest first, each with its outcome once there is one."""
        where = "p.target BETWEEN ? AND ?" + (" AND p.symbol = ?" if page.symbol else "")
        given: list[Any] = [
            page.start,
            page.end,
            *([page.symbol] if page.symbol else []),
            page.limit,
            page.offset,
        ]
        with reading(self._home, SCHEMA) as connection:
            if connection is None:
                return []
            connection.row_factory = sqlite3.Row
            rows = connection.execute(
                f"{_HISTORY} WHERE {where} ORDER BY p.id DESC LIMIT ? OFFSET ?", given
            )
            return [_row(found) for found in rows]

    def _follow(self) -> None:
        try:
            found = self._home.history.stat()
            key = (found.st_size, found.st_mtime_ns, found.st_ino)
        except OSError:
            key = None
        if key != self._key:
            self._key = key
            self._kept.clear()

    def _accuracy(self, symbol: str, source: str, max_mape: float) -> Tree:
        rows = scored(self._home, symbol, source)
        open_ones = waiting(self._home, symbol, source)
        found = accuracy_of(symbol, rows, open_ones, max_mape)
        errors = [
            100.0 * abs(each.next_close * each.rebase - each.actual) / each.actual for each in rows
        ]
        figures = asdict(found)
        del (
            figures["symbol"],
            figures["n"],
            figures["waiting"],
            figures["mape"],
            figures["confidence"],
            figures["direction_accuracy"],
            figures["source"],
        )
        return {
            "symbol": symbol,
            "total_predictions": found.n + open_ones,
            "predictions_with_actual": found.n,
            "average_accuracy_mape": found.mape,
            "direction_accuracy": found.direction_accuracy,
            "average_confidence": None if found.confidence is None else found.confidence / 100.0,
            "best_accuracy": min(errors, default=None),
            "worst_accuracy": max(errors, default=None),
            "last_prediction_date": found.last or None,
            **_marked(source),
            **{name: None if value == "" else value for name, value in figures.items()},
        }


def _row(found: sqlite3.Row) -> Tree:
    predicted, last = found["next_close"], found["last_close"]
    base, actual = found["base"], found["actual"]
    tree: Tree = {
        "id": found["id"],
        "symbol": found["symbol"],
        "prediction_date": found["target"],
        "predicted_price": predicted,
        "predicted_direction": _direction(predicted - last),
        "confidence": found["confidence"] / 100.0,
        "actual_close": actual,
        "accuracy_mape": None,
        "direction_correct": None,
        "prediction_timestamp": found["made_at"],
        "actual_price_timestamp": found["scored_at"],
        "as_of": found["last_bar"],
        "base_close": last,
        "generation": found["generation"],
        "via": found["via"],
        **_marked(found["source"]),
    }
    if actual is not None:
        rebased = predicted * base / last
        tree["accuracy_mape"] = 100.0 * abs(rebased - actual) / actual
        tree["direction_correct"] = (
            None if actual == base else (predicted - last) * (actual - base) > 0
        )
    return tree


def _marked(source: str) -> Tree:
    """Where the bars of a forecast come from: a home that changed its source keeps the forecasts
    of both."""
    return {"source": kind_of(source), "simulated": is_simulated(source)}


def _direction(change: float) -> str:
    return "up" if change > 0 else "down" if change < 0 else "hold"
