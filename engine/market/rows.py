"""Bars as a source gave them, not yet believed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime

import numpy as np

from engine.market.bars import Floats

COLUMNS = ("open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows of one symbol in the order they came; NaN where the source left a field empty."""

    symbol: str
    source: str
    origin: str
    """What a message names: a file, or "Yahoo"."""
    days: tuple[date, ...]
    values: Floats
    """[n, 5]: open, high, low, close in dollars, volume in shares."""
    lines: tuple[int, ...] = ()
    """The line of each row in the file; empty where there is no file."""
    splits: tuple[tuple[date, float], ...] = ()
    dividends: tuple[tuple[date, float], ...] = ()
    fetched_at: datetime | None = None
    notes: tuple[str, ...] = ()
    """What the reader left out, by name."""

    def __len__(self) -> int:
        return len(self.days)

    def where(self, row: int) -> str:
        """The place of a row, for a message."""
        if self.lines:
            return f"{self.origin} line {self.lines[row]}"
        return f"{self.origin}, {self.symbol} {self.days[row]}"

    def take(self, rows: list[int]) -> Rows:
        """The rows of these numbers, in this order."""
        return replace(
            self,
            days=tuple(self.days[row] for row in rows),
            values=self.values[np.array(rows, dtype=np.intp)],
            lines=tuple(self.lines[row] for row in rows) if self.lines else (),
        )
