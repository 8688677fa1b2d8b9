"""Getting bars: `fetch_bars` asks the source, `stored_bars` never touches the network."""

from __future__ import annotations

import traceback
from dataclasses import replace
from importlib import import_module
from pathlib import Path

from engine.core.clock import Clock
from engine.core.errors import NoDataError, StockmlError
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.core.text import clean
from engine.market import quality
from engine.market.bars import Bars
from engine.market.doubts import find_doubts
from engine.market.report_dates import report_dates
from engine.market.request import BarsRequest, SourceAbsentError
from engine.market.store import BarStore
from engine.settings.schema import Settings


def fetch_bars(
    home: Home,
    settings: Settings,
    source: str,
    symbol: str,
    clock: Clock,
    *,
    accept_rebase: bool = False,
) -> Bars:
    """The bars of `symbol` from `source`, checked, from the `min_date` on, and stored.

    Where Yahoo cannot be reached, or is on another base that no split explains and `accept_rebase`
    does not take, the stored bars stand in, with a warning. NoDataError when there are none,
    UsageError for an unknown source, StockmlError for whatever nobody foresaw.
    """
    request = BarsRequest(home, settings, parse_source(source), symbol, clock, accept_rebase)
    try:
        bars: Bars = import_module(request.source.module).fetch(request)
    except StockmlError:
        raise
    except Exception as error:  # one symbol's surprise must not end the work of the others
        raise StockmlError(*_surprise(symbol, error)) from error
    return doubted(request, bars if request.source.needs_network else _stored(request, bars))


def _surprise(symbol: str, error: Exception) -> tuple[str, str]:
    """What an unforeseen error of one symbol's bars was and where, and the next step."""
    frames = traceback.extract_tb(error.__traceback__)
    place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
    text = f"{type(error).__name__}: {clean(str(error), 160)} at {place}"
    return f"the bars of {symbol} could not be made out: {text}", "report it to stockml's authors"


def doubted(request: BarsRequest, bars: Bars) -> Bars:
    """The bars with the report dates, and with doubts, those that the operator accepted apart."""
    now = request.clock.now()
    reports = report_dates(request.home, request.settings, request.source.name, request.symbol, now)
    bars = replace(bars, reports=reports)
    if request.source.simulated:
        return bars
    raised = (*bars.doubts, *find_doubts(bars))
    closed = request.settings.market.accepted_of(request.symbol)
    return replace(
        bars,
        doubts=tuple(doubt for doubt in raised if doubt.key not in closed),
        accepted=tuple(doubt for doubt in raised if doubt.key in closed),
    )


def _stored(request: BarsRequest, bars: Bars) -> Bars:
    """The bars, stored for the console; a full disk costs a warning, not the bars."""
    try:
        BarStore(request.home).write(bars, request.min_date)
    except OSError as error:
        return bars.with_warnings(f"{bars.symbol}: bars could not be kept: {error.strerror}")
    return bars


def _stored_copy(request: BarsRequest, absent: SourceAbsentError) -> Bars:
    """The bars as the folder had them last; `absent` where they were never stored."""
    bars = BarStore(request.home).read(request.source.name, request.symbol)
    bars = bars.since(request.min_date) if bars and request.min_date else bars
    bars = bars.until(request.newest) if bars else None
    if not bars:
        raise absent
    return bars.with_warnings(
        f"{request.symbol}: {absent.message}; its stored copy is used, up to {bars.last_date}"
    )


def stored_bars(home: Home, settings: Settings, source: str, symbol: str, clock: Clock) -> Bars:
    """The bars of `symbol` without the network: stored ones, or a folder as it is now.

    Where the folder or its file is gone (a disk that is not mounted), the stored copy serves, with
    a warning. NoDataError when there are none or a bar cannot be true, UsageError for an unknown
    source.
    """
    request = BarsRequest(home, settings, parse_source(source), symbol, clock)
    if not request.source.needs_network:
        try:
            return fetch_bars(home, settings, source, symbol, clock)
        except SourceAbsentError as error:
            return doubted(request, _stored_copy(request, error))
    bars = BarStore(home).read(request.source.name, symbol)
    bars = bars.since(request.start).until(request.newest) if bars else None
    if not bars:
        hint = f"fetch them: stockml data fetch {symbol}; or name another source: --source csv:DIR"
        raise NoDataError(
            f"no stored bars of {symbol} from {request.source.name} since {request.start}", hint
        )
    return doubted(request, quality.with_missing_warning(bars, request.newest))
