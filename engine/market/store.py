"""The bars already fetched: persistent_data/market_data/<source>/<SYM>.csv and <SYM>.json."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from engine.core.clock import iso, parse_iso
from engine.core.closings import extra_closings
from engine.core.errors import FileError, NoDataError, UsageError
from engine.core.files import has_bytes, write_atomic
from engine.core.paths import Home
from engine.core.reading import damaged, read_json
from engine.core.sources import parse_source
from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.market import quality
from engine.market.bars import Bars
from engine.market.csv_file import read_rows

HEADER = "date,open,high,low,close,volume"
_FETCH = "remove it; bars are fetched again"
FORMAT = 1


class BarFacts(msgspec.Struct, frozen=True, kw_only=True):
    """The facts in the file beside the bars of one symbol."""

    v: int = FORMAT
    symbol: str
    source: str
    fetched_at: str | None = None
    since: date | None = None
    """The day from which bars were asked for; the first bar may be later."""
    compared_at: str | None = None
    """When the whole series was last compared with the source's."""
    rows: int = 0
    first_bar: date | None = None
    last_bar: date | None = None
    splits: tuple[tuple[date, float], ...] = ()
    dividends: tuple[tuple[date, float], ...] = ()
    left_out: tuple[tuple[date, str], ...] = ()
    """Rows that the source gives and that cannot be true, with the reason."""


def folder(home: Home, source: str) -> Path:
    """Where the bars of a source are kept; sources never share a file."""
    return home.market / parse_source(source).key


def bars_path(home: Home, source: str, symbol: str) -> Path:
    """The file of a symbol's bars; UsageError for a text that is no symbol."""
    if not SYMBOL.fullmatch(symbol):
        raise UsageError(
            f"not a symbol: {clean(symbol, 40)!r}", "A to Z first, then up to nine of A-Z 0-9 . -"
        )
    return folder(home, source) / f"{symbol}.csv"


class BarStore:
    """Bars on disk, each file replaced whole or not at all."""

    def __init__(self, home: Home) -> None:
        self.home = home

    def read(self, source: str, symbol: str) -> Bars | None:
        """The stored bars, or None; NoDataError naming file and line when they are damaged."""
        path = bars_path(self.home, source, symbol)
        try:
            rows = read_rows(path, symbol, source)
        except FileNotFoundError:
            return None
        facts = self.facts(source, symbol)
        fetched_at = self._moment(path, facts.fetched_at)
        rows = replace(rows, splits=facts.splits, dividends=facts.dividends, fetched_at=fetched_at)
        # A day that the settings name as closed since the row was stored is no damage.
        open_days = [row for row, day in enumerate(rows.days) if day not in extra_closings()]
        bars = quality.checked_bars(rows.take(open_days))
        return replace(bars, left_out=facts.left_out)

    def compared_at(self, source: str, symbol: str) -> datetime | None:
        """When the whole stored series was last compared with the source's."""
        path = bars_path(self.home, source, symbol)
        return self._moment(path, self.facts(source, symbol).compared_at)

    def _moment(self, path: Path, text: str | None) -> datetime | None:
        try:
            return parse_iso(text) if text else None
        except ValueError as error:
            wrong = damaged(path.with_suffix(".json"), clean(str(error), 120))
            raise NoDataError(wrong.message, _FETCH) from error

    def facts(self, source: str, symbol: str) -> BarFacts:
        """The facts beside the bars, empty without a file; NoDataError when it is damaged."""
        path = bars_path(self.home, source, symbol).with_suffix(".json")
        try:
            facts = read_json(path, BarFacts)
        except FileNotFoundError:
            return BarFacts(symbol=symbol, source=source)
        except FileError as error:
            raise NoDataError(error.message, error.hint or _FETCH) from error
        if facts.v > FORMAT:
            raise NoDataError(
                f"{path} has format {facts.v}, newer than {FORMAT}",
                "update stockml, or remove the file",
            )
        return facts

    def write(
        self, bars: Bars, since: date | None = None, compared_at: datetime | None = None
    ) -> None:
        """Keep `bars`; an unchanged file is not touched, so that its time shows a change."""
        path = bars_path(self.home, bars.source, bars.symbol)
        facts = BarFacts(
            symbol=bars.symbol,
            source=bars.source,
            fetched_at=iso(bars.fetched_at) if bars.fetched_at else None,
            since=since,
            compared_at=iso(compared_at) if compared_at else None,
            rows=len(bars),
            first_bar=bars.first_date,
            last_bar=bars.last_date,
            splits=bars.splits,
            dividends=bars.dividends,
            left_out=bars.left_out,
        )
        plain: Any = msgspec.to_builtins(facts)
        _write_changed(path, csv_bytes(bars))
        _write_changed(
            path.with_suffix(".json"),
            (json.dumps(plain, indent=1, allow_nan=False) + "\n").encode(),
        )


def _write_changed(path: Path, data: bytes) -> None:
    if not has_bytes(path, data):
        write_atomic(path, data, name="bars")


def csv_bytes(bars: Bars) -> bytes:
    """The bars as the CSV text that reads back to the very same numbers."""
    columns = (bars.dates, bars.open, bars.high, bars.low, bars.close, bars.volume)
    lines = [HEADER]
    for day, *prices, volume in zip(*(column.tolist() for column in columns), strict=True):
        shares = str(int(volume)) if volume.is_integer() else repr(volume)
        lines.append(",".join((str(day), *map(repr, prices), shares)))
    return ("\n".join(lines) + "\n").encode("ascii")
