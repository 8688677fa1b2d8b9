"""Live accuracy over HTTP: the ledger's figures in the reference's shape."""

from __future__ import annotations

import sqlite3
from dataclasses import asdict, dataclass
from typing import Any

from engine.core.history import reading
from engine.core.paths import Home
from engine.core.sources import is_simulated, kind_of
from engine.watch.ledger import accuracy_of, scored, waiting
from engine.watch.records import Accuracy
from engine.watch.schema import SCHEMA

Tree = dict[str, Any]
_HISTORY = (
    "SELECT p.id, p.symbol, p.target, p.next_close, p.last_close, p.confidence, p.made_at, p.via,"
    " p.generation, p.last_bar, p.source, o.base, o.actual, o.scored_at FROM watch_predictions p"
    " LEFT JOIN watch_outcomes o ON o.id = (SELECT MAX(id) FROM watch_outcomes WHERE prediction ="
    " p.id)"
)
_RENAMED = frozenset(
    {"symbol", "n", "waiting", "mape", "confidence", "direction_accuracy", "source"}
)
"""Fields of `Accuracy` that the reference has under names of its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Which rows of the history, newest first: target sessions from `start` to `end`."""

    symbol: str | None
    """None for all symbols."""
    start: str
    end: str
    limit: int
    offset: int


class LiveView:
    """Figures of the ledger, cached until history.db changes; for one caller at a time."""

    def __init__(self, home: Home) -> None:
        self._home = home
        self._cache: dict[tuple[str, str, float], Tree] = {}
        self._file_key: tuple[int, int, int] | None = None

    def accuracy(self, symbol: str, source: str, max_mape: float) -> Tree:
        """One symbol's live figures, None where nothing was scored; StockmlError if unreadable."""
        self._drop_if_changed()
        key = (symbol, source, max_mape)
        if key not in self._cache:
            self._cache[key] = self._accuracy(symbol, source, max_mape)
        return self._cache[key]

    def history(self, page: Page) -> list[Tree]:
        """Kept forecasts, newest first, each with its outcome once there is one."""
        where = "p.target BETWEEN :start AND :end" + (
            " AND p.symbol = :symbol" if page.symbol else ""
        )
        with reading(self._home, SCHEMA) as connection:
            if connection is None:
                return []
            connection.row_factory = sqlite3.Row
            rows = connection.execute(
                f"{_HISTORY} WHERE {where} ORDER BY p.id DESC LIMIT :limit OFFSET :offset",
                asdict(page),
            )
            return [_history_tree(row) for row in rows]

    def _drop_if_changed(self) -> None:
        try:
            status = self._home.history.stat()
            key = (status.st_size, status.st_mtime_ns, status.st_ino)
        except OSError:
            key = None
        if key != self._file_key:
            self._file_key = key
            self._cache.clear()

    def _accuracy(self, symbol: str, source: str, max_mape: float) -> Tree:
        forecasts = scored(self._home, symbol, source)
        figures = accuracy_of(symbol, forecasts, waiting(self._home, symbol, source), max_mape)
        errors = [
            100.0 * abs(row.next_close * row.rebase - row.actual) / row.actual for row in forecasts
        ]
        return {
            "symbol": symbol,
            "total_predictions": figures.n + figures.waiting,
            "predictions_with_actual": figures.n,
            "average_accuracy_mape": figures.mape,
            "direction_accuracy": figures.direction_accuracy,
            "average_confidence": None if figures.confidence is None else figures.confidence / 100,
            "best_accuracy": min(errors, default=None),
            "worst_accuracy": max(errors, default=None),
            "last_prediction_date": figures.last or None,
            **_source_tree(source),
            **_own_figures(figures),
        }


def _own_figures(figures: Accuracy) -> Tree:
    """Figures beyond those of the reference."""
    return {
        name: None if value == "" else value
        for name, value in asdict(figures).items()
        if name not in _RENAMED
    }


def _history_tree(row: sqlite3.Row) -> Tree:
    predicted, last = row["next_close"], row["last_close"]
    base, actual = row["base"], row["actual"]
    tree: Tree = {
        "id": row["id"],
        "symbol": row["symbol"],
        "prediction_date": row["target"],
        "predicted_price": predicted,
        "predicted_direction": _direction(predicted - last),
        "confidence": row["confidence"] / 100.0,
        "actual_close": actual,
        "accuracy_mape": None,
        "direction_correct": None,
        "prediction_timestamp": row["made_at"],
        "actual_price_timestamp": row["scored_at"],
        "as_of": row["last_bar"],
        "base_close": last,
        "generation": row["generation"],
        "via": row["via"],
        **_source_tree(row["source"]),
    }
    if actual is not None:
        tree["accuracy_mape"] = 100.0 * abs(predicted * base / last - actual) / actual
        if actual != base:
            tree["direction_correct"] = (predicted - last) * (actual - base) > 0
    return tree


def _source_tree(source: str) -> Tree:
    """The source of a forecast's bars; a home that changed its source keeps forecasts of both."""
    return {"source": kind_of(source), "simulated": is_simulated(source)}


def _direction(change: float) -> str:
    if change > 0:
        return "up"
    return "down" if change < 0 else "hold"
