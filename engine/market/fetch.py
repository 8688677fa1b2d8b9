"""The two doors to bars: `fetch_bars` asks the source, `stored_bars` never touches the network."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module

from engine.core.clock import Clock
from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.market import quality
from engine.market.bars import Bars
from engine.market.request import BarsRequest, SourceAbsentError
from engine.market.store import BarStore
from engine.settings.schema import Settings


def fetch_bars(home: Home, settings: Settings, source: str, symbol: str, clock: Clock) -> Bars:
    """The bars of `symbol` asked of `source`, checked, from the symbol's `min_date` on, and kept
    in the store.

    Where Yahoo cannot be reached the stored bars stand in, with a warning that tells their age.
    Raises NoDataError when there are none or a bar cannot be true, UsageError for an unknown
    source.
    """
    asked = BarsRequest(home, settings, parse_source(source), symbol, clock)
    bars: Bars = import_module(asked.source.module).fetch(asked)
    return bars if asked.source.needs_network else _kept(asked, bars)


def _kept(asked: BarsRequest, bars: Bars) -> Bars:
    """The bars, kept in the store for the console;
    a disk that is full costs a warning, not the bars."""
    try:
        BarStore(asked.home).write(bars, asked.min_date)
    except OSError as error:
        return replace(
            bars,
            warnings=(*bars.warnings, f"{bars.symbol}: bars could not be kept: {error.strerror}"),
        )
    return bars


def _copy(asked: BarsRequest, absent: SourceAbsentError) -> Bars:
    """The bars as the folder had them last; `absent` where they were never kept."""
    bars = BarStore(asked.home).read(asked.source.name, asked.symbol)
    bars = bars.since(asked.min_date) if bars and asked.min_date else bars
    if not bars:
        raise absent
    warning = f"{asked.symbol}: {absent.message}; its stored copy is used, up to {bars.last_date}"
    return replace(bars, warnings=(*bars.warnings, warning))


def stored_bars(home: Home, settings: Settings, source: str, symbol: str, clock: Clock) -> Bars:
    """The bars of `symbol` without the network: the store for yahoo.

    A folder or the simulation is read as it is now.

    Where the folder or its file is gone (a disk that is not mounted), the copy in the store
    serves, with a warning. Raises NoDataError when there are none or a bar cannot be true,
    UsageError for an unknown source.
    """
    asked = BarsRequest(home, settings, parse_source(source), symbol, clock)
    if not asked.source.needs_network:
        try:
            return fetch_bars(home, settings, source, symbol, clock)
        except SourceAbsentError as error:
            return _copy(asked, error)
    bars = BarStore(home).read(asked.source.name, symbol)
    bars = bars.since(asked.start) if bars else None
    if not bars:
        hint = f"fetch them: stockml data fetch {symbol}; or name another source: --source csv:DIR"
        raise NoDataError(
            f"no stored bars of {symbol} from {asked.source.name} since {asked.start}", hint
        )
    return quality.with_missing_warning(bars, asked.newest)
