"""The source yahoo: daily bars through yfinance, kept in our own store.

what the store holds      what is asked for
nothing, or too little    the whole history
bars                      the last `refetch_sessions` again and what came after
a split re-based them     the whole history again
Yahoo does not answer     nothing; the stored bars serve, with a warning of their age
"""

from __future__ import annotations

import logging
import re
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.errors import NoDataError
from engine.core.text import clean
from engine.market import quality, refresh
from engine.market.bars import Bars
from engine.market.request import BarsRequest
from engine.market.rows import Rows
from engine.market.store import BarStore, folder
from engine.market.throttle import RequestSlot

EXCHANGE = "America/New_York"
# yfinance asks for its cookie with 30 s; several such waits add up to minutes where packets vanish.
TIMEOUT_S = 10.0
_CURL = re.compile(r"Failed to perform, curl: \(\d+\) ")
_PRICES = ["Open", "High", "Low", "Close", "Volume"]


class Unanswered(Exception):  # noqa: N818 - not a fault of the caller: Yahoo gave no usable answer
    """Yahoo was not reached, was busy or answered nonsense: worth another try."""


class NoBars(Exception):  # noqa: N818
    """Yahoo answered that it has no such bars."""


@dataclass(frozen=True, slots=True)
class StoredPart:
    """The stored bars, whether they reach back as far as needed, and what is wrong with them."""

    bars: Bars | None = None
    reaches_back: bool = False
    notes: tuple[str, ...] = ()


def fetch(request: BarsRequest) -> Bars:
    """The bars up to the last complete session, the newest fetched anew, all of them stored.

    NoDataError when Yahoo gives none and none are stored, or when a bar cannot be true.
    """
    store = BarStore(request.home)
    held = _stored_part(store, request)
    try:
        bars = _refreshed(request, held)
    except (Unanswered, NoBars) as reason:
        return _stand_in(request, held, reason)
    notes = held.notes
    try:
        store.write(bars, request.start)
    except OSError as error:
        notes = (*notes, f"{request.symbol}: bars could not be kept: {error.strerror}")
    return _finished(request, bars, notes)


def _stored_part(store: BarStore, request: BarsRequest) -> StoredPart:
    try:
        bars = store.read(request.source.name, request.symbol)
        since = store.facts(request.source.name, request.symbol).since
    except NoDataError as error:
        note = f"{request.symbol}: the stored bars are damaged: {error.message}"
        return StoredPart(notes=(note,))
    return StoredPart(bars, since is not None and since <= request.start)


def _refreshed(request: BarsRequest, held: StoredPart) -> Bars:
    if held.bars is not None and held.reaches_back:
        refetch_sessions = request.settings.market.refetch_sessions
        fresh = _ask(request, refresh.resume_day(held.bars, refetch_sessions))
        if not refresh.is_rebased(held.bars, fresh):
            return refresh.merge(held.bars, fresh)
    return _ask(request, request.start)


def _stand_in(request: BarsRequest, held: StoredPart, reason: Exception) -> Bars:
    """The stored bars with their age, or NoDataError: simulated ones never stand in."""
    bars = held.bars.since(request.start) if held.bars is not None else None
    if not bars:
        hint = (
            "try later, or name another source: --source csv:DIR; `stockml demo` shows a simulated"
            " market"
        )
        why = "; ".join((str(reason), *held.notes)) if held.notes else f"{reason}; none are stored"
        raise NoDataError(f"no bars of {request.symbol}: {why}", hint) from reason
    age = _age(request.clock.now(), bars.fetched_at)
    note = f"{request.symbol}: {reason}; bars stored {age} are used, up to {bars.last_date}"
    return _finished(request, bars, (note,))


def _finished(request: BarsRequest, bars: Bars, notes: tuple[str, ...]) -> Bars:
    """The bars in use with all warnings; NoDataError where all are before the `min_date`."""
    used = bars.since(request.start)
    if not used:
        hint = f"correct symbols.{request.symbol}.min_date"
        raise NoDataError(
            f"Yahoo's bars of {request.symbol} end on {bars.last_date}, and none is used before"
            f" {request.start}",
            hint,
        )
    used = quality.with_missing_warning(used, request.newest)
    return replace(used, warnings=(*notes, *used.warnings))


def _age(now: datetime, then: datetime | None) -> str:
    if then is None:
        return "at an unknown time"
    seconds = max(0.0, (now - then).total_seconds())
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "a moment ago"


def _ask(request: BarsRequest, start: date) -> Bars:
    """The checked bars from `start` on, asked of Yahoo with waits that double between tries."""
    from tenacity import (
        Retrying,
        retry_if_exception_type,
        stop_after_attempt,
        wait_exponential,
        wait_random,
    )

    market = request.settings.market
    with RequestSlot(folder(request.home, request.source.name) / ".turn", request.clock) as slot:
        if slot.paused:
            raise Unanswered(f"{slot.failure} (moments ago)")
        retrying = Retrying(
            retry=retry_if_exception_type(Unanswered),
            stop=stop_after_attempt(slot.tries or market.request_tries),
            wait=wait_exponential(multiplier=market.request_spacing_s, max=60)
            + wait_random(0, market.request_spacing_s),
            sleep=time.sleep,
            reraise=True,
        )
        try:
            rows = retrying(partial(_request, request, start, slot))
        except Unanswered as error:
            slot.failed(str(error))
            raise
        slot.answered()
    return quality.checked_bars(rows, newest=request.newest)


def _request(request: BarsRequest, start: date, slot: RequestSlot) -> Rows:
    """One request: its rows; Unanswered is worth another try, NoBars is an answer."""
    slot.space(request.settings.market.request_spacing_s, time.sleep)
    now = request.clock.now()
    rows = _classifying(request.symbol, partial(_history, request, start))
    if not len(rows):
        raise NoBars(f"Yahoo has no bars since {start}")
    return replace(rows, fetched_at=now)


def _classifying(symbol: str, ask: Callable[[], Rows]) -> Rows:
    """What `ask` returns; its error becomes Unanswered or NoBars for an operator to read."""
    from peewee import PeeweeException  # what yfinance keeps its caches with
    from yfinance import exceptions

    try:
        return ask()
    except exceptions.YFRateLimitError as error:
        raise Unanswered("Yahoo limits our requests (429)") from error
    except exceptions.YFTickerMissingError as error:
        raise NoBars(f"Yahoo has no bars: {clean(str(error), 160)}") from error
    except (
        exceptions.YFException,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        ArithmeticError,
    ) as error:
        detail = f"{type(error).__name__}: {clean(str(error), 160)}"
        raise Unanswered(f"Yahoo's answer about {symbol} cannot be read ({detail})") from error
    except PeeweeException as error:
        raise Unanswered(
            "yfinance's cache .yfinance beside the stored bars is unusable"
            f" ({clean(str(error), 160)})"
        ) from error
    except OSError as error:
        # curl says its number before, and a manual page behind, what an operator wants to read.
        detail = _CURL.sub("", clean(str(error), 160)).partition(" See http")[0].rstrip(".")
        raise Unanswered(
            f"Yahoo could not be reached ({type(error).__name__}: {detail})"
        ) from error


@cache
def session() -> Any:
    """A browser-like HTTP session whose waits are at most TIMEOUT_S; tests put a fake in place."""
    try:
        from curl_cffi import requests

        http: Any = requests.Session(impersonate="chrome")
    except ImportError:
        import requests as plain

        http = plain.Session()
    unlimited = http.request

    def with_timeout(*arguments: Any, **options: Any) -> Any:
        return unlimited(*arguments, **{**options, "timeout": TIMEOUT_S})

    http.request = with_timeout
    return http


def _history(request: BarsRequest, start: date) -> Rows:
    """Yahoo's rows since `start`, those without a price left out; adjusted for splits alone."""
    yfinance = _prepared(folder(request.home, request.source.name) / ".yfinance")
    # The calendar is New York's: no need to look the zone up (one more request, cached for ever).
    yfinance.cache.get_tz_cache().store(request.symbol, EXCHANGE)
    ticker = yfinance.Ticker(request.symbol, session=session())
    frame = ticker.history(
        start=start, interval="1d", auto_adjust=False, actions=True, timeout=TIMEOUT_S
    )
    zone = ticker.history_metadata.get("exchangeTimezoneName")
    if len(frame) and zone != EXCHANGE:
        raise NoDataError(
            f"{request.symbol} is traded in {clean(str(zone), 40)}",
            "only symbols of the US exchanges have a calendar here",
        )
    return _rows(request, frame)


@cache
def _prepared(caches: Path) -> Any:
    """yfinance with errors that are raised, its caches under our home and nothing printed."""
    import yfinance

    yfinance.config.debug.hide_exceptions = False
    # yfinance asks for warnings about itself to be printed: they are for its authors.
    warnings.filterwarnings("ignore", category=DeprecationWarning, module="^yfinance")
    logging.getLogger("yfinance").setLevel(logging.CRITICAL)  # what it logs is raised too
    caches.mkdir(parents=True, exist_ok=True, mode=0o700)
    yfinance.set_tz_cache_location(str(caches))
    return yfinance


def _rows(request: BarsRequest, frame: Any) -> Rows:
    days = tuple(frame.index.date)
    values = np.empty((0, 5))
    if days:
        values = frame[_PRICES].to_numpy(dtype=np.float64).reshape(len(days), len(_PRICES))
    rows = Rows(
        request.symbol,
        request.source.name,
        "Yahoo",
        days,
        values,
        splits=_events(frame, "Stock Splits"),
        dividends=_events(frame, "Dividends"),
    )
    priced = np.isfinite(values[:, :4]).all(axis=1) & (values[:, :4] != 0).any(axis=1)
    return rows.take([int(row) for row in np.flatnonzero(priced)])


def _events(frame: Any, name: str) -> tuple[tuple[date, float], ...]:
    if name not in frame:
        return ()
    column = frame[name]
    return tuple((stamp.date(), float(value)) for stamp, value in column[column != 0].items())
