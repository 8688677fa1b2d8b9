"""The header of several rows that a pandas frame of yfinance has: names, tickers, `Date`."""

from __future__ import annotations

from collections.abc import Sequence

from engine.market.dialects.fault import DialectError
from engine.market.dialects.names import column_of, columns_of
from engine.market.dialects.tickers import is_ticker_of

_LABELS = 3
"""Rows of labels above the row `Date,,,` at most."""


def stacked_header(rows: Sequence[Sequence[str]], symbol: str) -> tuple[list[str], int] | None:
    """The names of the symbol's columns in one row, and the number of the first row of bars.

    None for another header. Columns of other tickers get an empty name.
    """
    for place, row in enumerate(rows[1:], 1):
        if len(row) > 4 and column_of(row[0]) == "date" and not any(row[1:]):
            labels = [list(label[1:]) for label in rows[max(0, place - _LABELS) : place]]
            labels = [label for label in labels if len(label) == len(row) - 1 and any(label)]
            if labels:
                return [row[0], *_names(labels, symbol, place)], place + 1
    return None


def _names(labels: Sequence[list[str]], symbol: str, line: int) -> list[str]:
    """The row of labels that names most columns, without those of other tickers."""
    names = max(labels, key=lambda label: len(columns_of(label)))
    tickers = next((label for label in labels if label is not names), None)
    if tickers is None:
        return names
    own = [is_ticker_of(ticker, symbol) for ticker in tickers]
    if not any(own):
        others = " ".join(dict.fromkeys(tickers))
        raise DialectError(
            f"the columns are of {others}, not of {symbol}", line, f"export the bars of {symbol}"
        )
    return [name if is_own else "" for name, is_own in zip(names, own, strict=True)]
