"""Small series of bars for tests."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from engine.market import calendar
from engine.market.bars import Bars
from engine.market.rows import Rows

# Ten sessions around a holiday: 2024-02-19 (Presidents' Day) is none.
DAYS = calendar.sessions_between(date(2024, 2, 12), date(2024, 2, 26))


def values(count: int) -> list[list[float]]:
    """open, high, low, close, volume that can be true, each row its own."""
    return [[10.0 + k, 11.5 + k, 9.5 + k, 10.5 + k, 1000.0 + k] for k in range(count)]


def some_rows(days: tuple[date, ...] = DAYS, changed: dict[int, list[float]] | None = None) -> Rows:
    """Rows of a file, some replaced by number."""
    table = values(len(days))
    for row, new in (changed or {}).items():
        table[row] = new
    lines = tuple(range(2, len(days) + 2))
    return Rows(
        "MP",
        "csv:/bars",
        "/bars/MP.csv",
        days,
        np.array(table, dtype=np.float64).reshape(-1, 5),
        lines,
    )


def some_bars(
    days: tuple[date, ...] = DAYS, scale: float = 1.0, source: str = "yahoo", symbol: str = "MP"
) -> Bars:
    """Bars of the days, every price scaled."""
    columns = np.array(values(len(days))).T
    open_, high, low, close = (np.ascontiguousarray(column * scale) for column in columns[:4])
    return Bars(
        symbol,
        source,
        np.array(days, dtype="datetime64[D]"),
        open_,
        high,
        low,
        close,
        np.array(columns[4]),
    )


def csv_text(days: tuple[date, ...] = DAYS, changed: dict[int, list[float]] | None = None) -> str:
    """The same rows as a CSV text."""
    rows = some_rows(days, changed)
    lines = [
        f"{day},{','.join(f'{value:g}' for value in row)}"
        for day, row in zip(days, rows.values.tolist(), strict=True)
    ]
    return "\n".join(["date,open,high,low,close,volume", *lines]) + "\n"


def csv_folder(folder: Path, text: str, symbol: str = "NVDA") -> str:
    """A folder with one file, and the name of its source."""
    folder.mkdir(exist_ok=True)
    (folder / f"{symbol}.csv").write_text(text)
    return f"csv:{folder}"
