"""The source `simulated`: a market that does not exist, for demos; always marked SIMULATED.

Each session k since 1990-01-02 draws from streams that only the seed, the symbol and k decide,
so a longer series begins with the shorter one bar by bar, and the same seed gives the same
market (for one numpy version). The series ends at the last complete session of the clock. A log
return is

    volatility · exp(h_k) · (market + sector + own shock, each Student-t with 4 degrees of
    freedom) + jump + drift

where h is a slow AR(1) (volatility clusters), partly common to all symbols. SPY is the market
alone. No past bar helps to tell the next direction: an honest model scores no better than chance
here.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

import numpy as np

from engine.core.closings import extra_closings
from engine.core.errors import NoDataError
from engine.market import calendar
from engine.market.bars import Bars, Dates, Floats
from engine.market.request import BarsRequest
from engine.market.simulated_reports import simulated_reactions

# Daily volatility by kind, as measured on real symbols (SPY 1.05 %, AAPL 1.8 %, NVDA 3 %, MP 5 %).
_VOLATILITY = {"etf": 0.0105, "large cap": 0.0175, "tech": 0.029, "specialized": 0.042}
_OTHER = 0.025
# Shares of a symbol's variance: the market's, its sector's, the rest its own.
_MARKET, _SECTOR = 0.35, 0.20
_FREEDOM = 4.0
# Stationary sd of h 0.33 (common) and 0.25 (own): autocorrelation of |r| is 0.1 to 0.3, as in life.
_PERSISTENCE, _COMMON_SD, _OWN_SD = 0.98, 0.066, 0.05
_JUMP_RATE, _JUMP_SIZE = 0.006, 3.5
_DRIFT = 0.0003
# A reaction session of real symbols is 2.5 times as wide; the market's share of it is not.
_REACTION = 3.6
_OVERNIGHT = 0.35
_TICK = 0.0001


@dataclass(frozen=True, slots=True)
class Character:
    """What makes one symbol's series its own."""

    volatility: float
    sector: str
    market_only: bool
    price: float
    """Close of the anchor session, in dollars."""
    volume: float
    """Shares on an ordinary day."""


def fetch(request: BarsRequest) -> Bars:
    """At most `simulated_sessions` bars of a symbol, up to the last complete session."""
    market = request.settings.market
    last = calendar.last_complete_session(request.clock.now(), market.settle_minutes)
    configured = request.settings.symbols.get(request.symbol)
    sector, kind = (configured.sector, configured.kind) if configured else ("", "")
    bars = simulate(
        request.symbol,
        character(request.symbol, sector, kind, market.simulated_seed),
        market.simulated_seed,
    )
    closed = np.array(sorted(extra_closings()), dtype="datetime64[D]")
    bars = bars.where(~np.isin(bars.dates, closed)).until(last).tail(market.simulated_sessions)
    if request.min_date:
        bars = bars.since(request.min_date)
    if not len(bars):
        raise NoDataError(
            f"the simulated market has no bars of {request.symbol} up to {last}",
            "check the clock and min_date",
        )
    return bars


def character(symbol: str, sector: str, kind: str, seed: int) -> Character:
    """The character of a symbol: volatility by kind, all else drawn from seed and symbol."""
    draw = _stream(seed, "character", symbol)
    volatility = _VOLATILITY.get(kind, _OTHER)
    if kind != "etf":
        volatility *= float(np.exp(0.2 * draw.standard_normal()))
    price = float(np.exp(draw.uniform(np.log(8.0), np.log(450.0))))
    volume = float(np.exp(draw.uniform(np.log(2e6), np.log(9e7))))
    return Character(volatility, sector.partition(" (")[0], kind == "etf", price, volume)


@lru_cache(maxsize=4)
def simulate(symbol: str, nature: Character, seed: int) -> Bars:
    """All the bars the calendar allows, [~9800]; prices are anchored in 2024."""
    n = len(_days())
    log_vol = _clusters(seed, "market", n, _COMMON_SD) + (
        0.0 if nature.market_only else _clusters(seed, symbol, n, _OWN_SD)
    )
    returns = (
        nature.volatility * np.exp(log_vol) * _shocks(seed, symbol, nature, n)
        + _jumps(seed, symbol, nature, n)
        + _DRIFT
    )
    path = np.cumsum(returns)
    close = nature.price * np.exp(path - path[_anchor()])
    return _bars(symbol, seed, nature, close, log_vol=log_vol, returns=returns)


@lru_cache(maxsize=1)
def _days() -> Dates:
    first, last = calendar.covered_from().toordinal(), calendar.covered_until().toordinal()
    days = map(date.fromordinal, range(first, last + 1))
    return np.array([day for day in days if calendar.in_table(day)], dtype="datetime64[D]")


def _anchor() -> int:
    return int(np.searchsorted(_days(), np.datetime64("2024-01-02")))


def _stream(seed: int, *names: str) -> np.random.Generator:
    return np.random.Generator(
        np.random.PCG64([seed & 0xFFFFFFFF, *(zlib.crc32(name.encode()) for name in names)])
    )


def _student(seed: int, n: int, *names: str) -> Floats:
    """[n] fat-tailed shocks with a standard deviation of one."""
    shocks: Floats = _stream(seed, "shock", *names).standard_t(_FREEDOM, n) * np.sqrt(
        (_FREEDOM - 2) / _FREEDOM
    )
    return shocks


@lru_cache(maxsize=8)
def _clusters(seed: int, name: str, n: int, sd: float) -> Floats:
    """[n] log volatility around its mean: AR(1), so that calm and rough times last."""
    level, out = 0.0, np.empty(n)
    variance = sd * sd / (1.0 - _PERSISTENCE * _PERSISTENCE)
    for k, step in enumerate(_stream(seed, "clusters", name).standard_normal(n).tolist()):
        level = _PERSISTENCE * level + sd * step
        out[k] = level
    # Less its variance, so that the mean of exp(2h), and with it the volatility request for, stays
    # one.
    return out - variance


def _reaction(symbol: str, seed: int) -> Floats:
    """[n] times that a session's own shock is larger: REACTION after a report, else 1."""
    days = np.array(sorted(simulated_reactions(symbol, seed)), dtype="datetime64[D]")
    return np.where(np.isin(_days(), days), _REACTION, 1.0)


def _shocks(seed: int, symbol: str, nature: Character, n: int) -> Floats:
    market = _student(seed, n, "market")
    if nature.market_only:
        return market
    own = np.sqrt(1.0 - _MARKET - _SECTOR) * _student(seed, n, "own", symbol)
    own = own * _reaction(symbol, seed)
    sector = np.sqrt(_SECTOR) * _student(seed, n, "sector", nature.sector)
    shocks: Floats = np.sqrt(_MARKET) * market + sector + own
    return shocks


def _jumps(seed: int, symbol: str, nature: Character, n: int) -> Floats:
    """[n] rare moves of several standard deviations, up or down: contracts, lawsuits, rumours."""
    draw = _stream(seed, "jumps", symbol).standard_normal((n, 2))
    rate, size = (_JUMP_RATE / 4, 0.5) if nature.market_only else (_JUMP_RATE, 1.0)
    happens = _normal_cdf(draw[:, 0]) < rate
    jumps: Floats = np.where(happens, size * _JUMP_SIZE * nature.volatility * draw[:, 1], 0.0)
    return jumps


def _normal_cdf(values: Floats) -> Floats:
    from math import erf, sqrt

    return np.array([0.5 * (1.0 + erf(value / sqrt(2.0))) for value in values.tolist()])


def _bars(
    symbol: str, seed: int, nature: Character, close: Floats, *, log_vol: Floats, returns: Floats
) -> Bars:
    """Opens with a gap, a range around open and close, volume that grows with the move."""
    draw = _stream(seed, "session", symbol).standard_normal((len(close), 4))
    sd = nature.volatility * np.exp(log_vol)
    before = np.concatenate(([close[0]], close[:-1]))
    open_ = before * np.exp(_OVERNIGHT * returns + 0.3 * sd * draw[:, 0])
    high = np.maximum(open_, close) * np.exp(0.4 * sd * np.abs(draw[:, 1]))
    low = np.minimum(open_, close) * np.exp(-0.4 * sd * np.abs(draw[:, 2]))
    move = np.minimum(np.abs(returns) / nature.volatility, 6.0)
    return Bars(
        symbol=symbol,
        source="simulated",
        dates=_days(),
        open=_ticks(open_),
        high=_ticks(high),
        low=_ticks(low),
        close=_ticks(close),
        volume=np.rint(nature.volume * np.exp(0.3 * draw[:, 3] + 0.25 * move)),
    )


def _ticks(price: Floats) -> Floats:
    """Prices in hundredths of a cent, never zero; rounding keeps low ≤ open, close ≤ high."""
    return np.maximum(np.round(price, 4), _TICK)
