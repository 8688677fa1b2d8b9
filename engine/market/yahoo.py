"""The source yahoo: daily bars through yfinance, kept in our own store (`engine.market.kept`)."""

from __future__ import annotations

import logging
import time
import warnings
from dataclasses import replace
from datetime import date
from functools import cache, partial
from pathlib import Path
from typing import Any

from engine.market import quality
from engine.market.bars import Bars
from engine.market.calendar import exchange_day, previous_session
from engine.market.kept import SourceSilentError, fetch_kept
from engine.market.last_bar import last_bar
from engine.market.request import BarsRequest
from engine.market.rows import Rows
from engine.market.sieve import is_nonsense, sieve
from engine.market.store import folder
from engine.market.throttle import RequestSlot
from engine.market.yahoo_answer import (
    REFUSED,
    NoBars,
    NoBarsYet,
    Unanswered,
    WrongAnswer,
    check_identity,
    classified,
    empty_answer,
    naming,
    rows_of,
)

EXCHANGE = "America/New_York"
# yfinance asks for its cookie with 30 s; several such waits add up to minutes where packets vanish.
TIMEOUT_S = 10.0
_CONTROL = "SPY"


def fetch(request: BarsRequest) -> Bars:
    """The bars up to the last complete session, the newest fetched anew, all of them stored.

    NoDataError when Yahoo gives none and none are stored.
    """
    return fetch_kept(request, _ask)


def _ask(request: BarsRequest, start: date) -> Bars:
    """The bars from `start` on that can be true, asked of Yahoo; SourceSilentError without any."""
    try:
        return _bars(request, _asked(request, start))
    except (Unanswered, NoBars, WrongAnswer) as error:
        raise SourceSilentError(str(error)) from error


def _bars(request: BarsRequest, rows: Rows) -> Bars:
    if is_nonsense(rows):
        raise Unanswered(f"{REFUSED}: its days of {request.symbol} are no sessions of the exchange")
    good, left_out = sieve(rows)
    if not good.days or good.days[0] > request.newest:
        why = f": {left_out[-1][0]}, {left_out[-1][1]}" if left_out else ""
        raise NoBars(f"Yahoo has no bar of a complete session of {request.symbol}{why}")
    return replace(quality.checked_bars(good, newest=request.newest), left_out=left_out)


def _asked(request: BarsRequest, start: date) -> Rows:
    """The rows from `start` on, asked of Yahoo with waits that double between tries."""
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
            note = slot.failed if error.for_everyone else slot.stumbled
            note(str(error))
            raise
        slot.answered(request.symbol)
        return rows


def _request(request: BarsRequest, start: date, slot: RequestSlot) -> Rows:
    """One request: its rows; Unanswered is worth another try, NoBars and WrongAnswer are answers.

    Nobody is called delisted before another symbol has been answered.
    """
    symbol = request.symbol
    try:
        return _rows_since(request, symbol, start, slot)
    except NoBarsYet as error:
        reason = f"{error}{naming(symbol)}"
        if not slot.answers_others(symbol) and not _answers(request, _control(request), slot):
            everyone = f"{REFUSED}: no bars of any symbol ({_unsaid(reason)})"
            raise Unanswered(everyone, for_everyone=True) from error
        guess = ": delisted or renamed?" if error.is_unknown else ""
        raise NoBars(
            f"Yahoo has no bars of {symbol}, and has those of others{guess} ({reason})"
        ) from error


def _unsaid(reason: str) -> str:
    """A reason of Yahoo's without its guess that nothing bears out."""
    return reason.replace(", symbol may be delisted", "")


def _rows_since(request: BarsRequest, symbol: str, start: date, slot: RequestSlot) -> Rows:
    slot.space(request.settings.market.request_spacing_s, time.sleep)
    now = request.clock.now()
    rows = classified(symbol, partial(_history, request, symbol, start))
    if not len(rows):
        raise NoBarsYet(f"none since {start}")
    return replace(rows, fetched_at=now)


def _answers(request: BarsRequest, symbol: str, slot: RequestSlot) -> bool:
    """Whether Yahoo has the last week of another symbol."""
    start = request.newest
    for _ in range(5):
        start = previous_session(start)
    try:
        _rows_since(request, symbol, start, slot)
    except (Unanswered, NoBarsYet, WrongAnswer):
        return False
    slot.answered(symbol)
    return True


def _control(request: BarsRequest) -> str:
    """Another symbol that Yahoo should know: one with stored bars, else the market's."""
    others = [symbol for symbol in request.settings.symbols if symbol != request.symbol]
    source = request.source.name
    kept = (symbol for symbol in others if last_bar(request.home, source, symbol))
    market = _CONTROL if request.symbol != _CONTROL else next(iter(others), "AAPL")
    return next(kept, market)


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


def _history(request: BarsRequest, symbol: str, start: date) -> Rows:
    """Yahoo's rows since `start`, those without a price left out; adjusted for splits alone."""
    yfinance = _prepared(folder(request.home, request.source.name) / ".yfinance")
    # The calendar is New York's: no need to look the zone up (one more request, cached for ever).
    yfinance.cache.get_tz_cache().store(symbol, EXCHANGE)
    ticker = yfinance.Ticker(symbol, session=session())
    try:
        frame = ticker.history(
            start=start, interval="1d", auto_adjust=False, actions=True, timeout=TIMEOUT_S
        )
    except yfinance.exceptions.YFTickerMissingError as error:
        raise empty_answer(error, ticker.history_metadata) from error
    check_identity(symbol, ticker.history_metadata, exchange_day(request.clock.now()))
    return rows_of(symbol, request.source.name, frame)


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
