"""One CSV file of daily bars: fast where it is in stockml's own shape, else as any dialect."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np

from engine.market.dialects.content import shown_path, unpacked_bytes
from engine.market.dialects.dates import FIRST_YEAR
from engine.market.dialects.reading import read_dialect
from engine.market.rows import COLUMNS, Rows

HEADER = ",".join(("date", *COLUMNS))
"""The first line of a file in stockml's own shape."""
_OWN_HEADER = f"{HEADER}\n".encode()


def read_rows(
    path: Path, symbol: str, source: str, start: date | None = None, *, links: bool = False
) -> Rows:
    """The rows of a file from `start` on, in the order of the file, without `fetched_at`.

    `links`: the file may be a link. Raises FileNotFoundError, and NoDataError naming file and
    line for no date or no number.
    """
    raw = unpacked_bytes(path, links=links)
    rows = own_rows(raw, path, symbol, source, start)
    return read_dialect(path, raw, symbol, source, start).rows if rows is None else rows


def own_rows(
    raw: bytes, path: Path, symbol: str, source: str, start: date | None = None
) -> Rows | None:
    """The rows of a file in stockml's own shape; None for another one, or where a row is broken.

    Its lines are `2024-02-20,48.14,48.46,46.94,47.48,4744983`.
    """
    if not raw.startswith(_OWN_HEADER) or not raw.isascii() or b"_" in raw:
        return None
    days: list[date] = []
    numbers: list[float] = []
    try:
        for line in raw.decode("ascii").splitlines()[1:]:
            day, *row = line.split(",")
            if len(row) != len(COLUMNS) or day[7] != "-":
                return None
            days.append(date.fromisoformat(day))
            numbers += map(float, row)
        values = np.array(numbers).reshape(len(days), len(COLUMNS))
    except (ValueError, IndexError):
        return None
    if not days or min(days).year < FIRST_YEAR or not np.isfinite(values).all():
        return None
    rows = Rows(
        symbol, source, shown_path(path), tuple(days), values, lines=tuple(range(2, len(days) + 2))
    )
    return rows.take([row for row, day in enumerate(days) if not start or day >= start])
