"""Daily bars of one symbol, as arrays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from engine.core.doubts import Doubt
from engine.market.reports import ReportDates

Floats = NDArray[np.float64]
Dates = NDArray[np.datetime64]
COLUMNS = ("dates", "open", "high", "low", "close", "volume")


@dataclass(frozen=True, slots=True, eq=False)
class Bars:
    """Complete sessions, oldest first: split-adjusted, not dividend-adjusted.

    Prices in dollars, volume in shares.
    """

    symbol: str
    source: str
    """The source's full name: "yahoo", "csv:/abs/dir" or "simulated"."""
    dates: Dates
    """[n] datetime64[D], strictly increasing exchange sessions."""
    open: Floats
    high: Floats
    low: Floats
    close: Floats
    volume: Floats
    splits: tuple[tuple[date, float], ...] = ()
    """(session, ratio): 10.0 for ten new shares for one."""
    dividends: tuple[tuple[date, float], ...] = ()
    """(session, dollars a share)."""
    fetched_at: datetime | None = None
    left_out: tuple[tuple[date, str], ...] = ()
    """(day, reason) of rows that the source gives and that cannot be true."""
    warnings: tuple[str, ...] = ()
    """What was dropped or is missing."""
    doubts: tuple[Doubt, ...] = ()
    """The open ones: they go with every forecast from these bars."""
    accepted: tuple[Doubt, ...] = ()
    """Those that the operator accepted."""
    reports: ReportDates | None = None
    """What is known of the symbol's reports; None: nothing."""

    def __len__(self) -> int:
        return len(self.dates)

    def with_warnings(self, *texts: str) -> Self:
        """The bars with more warnings."""
        return replace(self, warnings=(*self.warnings, *texts))

    @property
    def first_date(self) -> date:
        return day(self.dates[0])

    @property
    def last_date(self) -> date:
        return day(self.dates[-1])

    def _rows(self, rows: slice | NDArray[np.bool_]) -> Self:
        columns: dict[str, Any] = {name: _own_rows(getattr(self, name), rows) for name in COLUMNS}
        return replace(self, **columns)

    @property
    def nbytes(self) -> int:
        """The bytes of the columns."""
        return sum(getattr(self, name).nbytes for name in COLUMNS)

    def where(self, rows: NDArray[np.bool_]) -> Self:
        """The bars of the rows that are flagged."""
        return self._rows(rows)

    def since(self, start: date) -> Self:
        """The bars from `start` on."""
        first = int(np.searchsorted(self.dates, np.datetime64(start, "D")))
        return self._rows(slice(first, None))

    def until(self, end: date) -> Self:
        """The bars up to and including `end`."""
        stop = int(np.searchsorted(self.dates, np.datetime64(end, "D"), side="right"))
        return self._rows(slice(None, stop))

    def tail(self, count: int) -> Self:
        """The newest `count` bars."""
        return self._rows(slice(max(0, len(self) - count), None))


def _own_rows(column: NDArray[Any], rows: slice | NDArray[np.bool_]) -> NDArray[Any]:
    """The rows as an array of their own: a view keeps the whole column, 16 times the simulated."""
    chosen = column[rows]
    return chosen if chosen.base is None else chosen.copy()


def day(moment: np.datetime64) -> date:
    """The calendar day of a datetime64."""
    return date.fromisoformat(str(moment.astype("datetime64[D]")))


def data_hash(bars: Bars) -> str:
    """SHA-256 of sessions and values: equal for equal bars on every machine, from any source."""
    digest = hashlib.sha256(bars.dates.astype("datetime64[D]").astype("<i8").tobytes())
    for column in (bars.open, bars.high, bars.low, bars.close, bars.volume):
        digest.update(np.ascontiguousarray(column, "<f8").tobytes())
    return digest.hexdigest()
