"""Volatility and drift signals, each against a limit from the symbol's past; never price levels.

True ranges measure a day's size with a third of a close's noise. A rise is tested alone and
relative to the market, so a storm that every symbol shares must be greater. Moves and returns are
in units of the volatility forecast before them, the scale of the intervals. A session that reacts
to a known report is no event: its range counts as the one forecast without the report, its move
and return not at all. KS distances are tested against those within the reference period: healthy
series break the textbook limit several times a year.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.forecast.dataset import CONTEXT
from engine.forecast.features import RANGE, Floats, lagged, log_returns, mean, true_range
from engine.forecast.metrics import wilson
from engine.forecast.scale import Booleans, session_facts, volatility, widenings
from engine.market.bars import Bars, Dates
from engine.settings.schema import WatchSettings
from engine.watch.figure_triggers import beyond_chance
from engine.watch.trigger_facts import Live, Signal
from engine.words.figures import number, percent, signed

HISTORY = 500
"""Sessions of a statistic's own past that set its limit."""
FEWEST = 120
_STEP = 10
"""Sessions between two distances of the reference period; neighbours are nearly equal."""
_TINY = 1e-6


def volatility_signals(
    bars: Bars, market: Bars | None, trained_to: str, limits: WatchSettings
) -> tuple[Signal, ...]:
    """Volatility rises, alone and against the market, and the greatest move; () with few bars."""
    count = limits.volatility_sessions
    before = limits.volatility_before
    scaled = scaled_sessions(bars, market)
    ranges = np.where(scaled.reacts, scaled.usual_range, true_range(bars))
    logs = np.log(np.maximum(ranges, _TINY))
    own = _rise(logs, count, before)
    signals = [_against_past("rise", own, limits.volatility_sigma, count, bars, "volatility")]
    if market is not None and market.symbol != bars.symbol:
        series = _rise(logs - _aligned(bars, market), count, before)
        name = f"volatility against {market.symbol}'s"
        signals.append(
            _against_past("market", series, limits.volatility_market_sigma, count, bars, name)
        )
    signals.append(_greatest_move(bars, scaled, trained_to, limits.gap_sigma))
    return tuple(signal for signal in signals if signal is not None)


@dataclass(frozen=True, slots=True, eq=False)
class ScaledSessions:
    """What was forecast of each session at the close before it; [n] each, NaN in the warm-up."""

    sigma: Floats
    usual_range: Floats
    """The true range to be expected without a report."""
    reacts: Booleans
    """Whether the session reacts to a known report."""


def scaled_sessions(bars: Bars, market: Bars | None) -> ScaledSessions:
    """The sessions of `bars` in the scale of the intervals."""
    facts = session_facts(bars.dates, bars.reports)
    sigma = volatility(bars, bars if bars.symbol in CONTEXT else market, facts)
    widened = np.where(facts.known & (facts.report == 1.0), widenings(bars.dates), 1.0)
    return ScaledSessions(
        lagged(sigma, 1), lagged(RANGE * sigma / widened, 1), facts.reaction == 1.0
    )


def report_eves(bars: Bars) -> frozenset[str]:
    """The last bars before a session that reacts to a known report."""
    facts = session_facts(bars.dates, bars.reports)
    return frozenset(bars.dates[facts.report == 1.0].astype(str).tolist())


def _aligned(bars: Bars, market: Bars) -> Floats:
    """The market's log ranges on the sessions of `bars`; NaN where it lacks one."""
    ranges = np.log(np.maximum(true_range(market), _TINY))
    at = np.minimum(np.searchsorted(market.dates, bars.dates), len(market) - 1)
    return np.where(market.dates[at] == bars.dates, ranges[at], np.nan)


def _rise(logs: Floats, count: int, before: int) -> Floats:
    """[n] mean log range of the newest `count` sessions less that of the `before` ones."""
    return np.asarray(mean(logs, count) - lagged(mean(logs, before), count))


def _against_past(
    name: str, series: Floats, sigma: float, count: int, bars: Bars, subject: str
) -> Signal | None:
    past = series[: max(0, len(series) - count)][-HISTORY:]
    past = past[np.isfinite(past)]
    if len(past) < FEWEST or not np.isfinite(series[-1]):
        return None
    limit = float(np.median(past) + sigma * past.std())
    value = float(series[-1])
    if limit <= 0.0:
        return None
    window = f"{bars.dates[-count]} to {bars.dates[-1]}"
    times = f"{subject} {number(np.exp(value), 2)} times that of the sessions before"
    text = f"{times} (limit {number(np.exp(limit), 2)}, n={count}, {window})"
    return Signal(name, value, limit, count, window, text)


def _greatest_move(
    bars: Bars, scaled: ScaledSessions, trained_to: str, sigma: float
) -> Signal | None:
    """The greatest move or gap after `trained_to`, in sigmas of the forecast made before it."""
    with np.errstate(divide="ignore", invalid="ignore"):
        gap = np.log(bars.open) - lagged(np.log(bars.close), 1)
        moves = np.maximum(np.abs(log_returns(bars.close)), np.abs(gap)) / scaled.sigma
    fresh = (bars.dates > np.datetime64(trained_to or "1970-01-01", "D")) & np.isfinite(moves)
    fresh &= ~scaled.reacts
    if not trained_to or not fresh.any():
        return None
    row = int(np.argmax(np.where(fresh, moves, -1.0)))
    change = 100.0 * float(bars.close[row] / bars.close[row - 1] - 1.0)
    session = str(bars.dates[row])
    text = (
        f"moved {signed(change, 1)} % on {session}: {number(moves[row])} sigma of its own past"
        f" (limit {sigma:g})"
    )
    return Signal("move", float(moves[row]), sigma, 1, session, text)


def drift_signals(
    bars: Bars,
    live: Live,
    heldout: tuple[float | None, int],
    limits: WatchSettings,
    market: Bars | None = None,
) -> tuple[Signal, ...]:
    """KS distances of returns and their size, and direction below `heldout` (percent, n)."""
    scaled = scaled_sessions(bars, market)
    returns = log_returns(bars.close) / scaled.sigma
    counted = np.isfinite(returns) & ~scaled.reacts
    returns, dates = returns[counted], bars.dates[counted]
    signals = [
        _distance("returns", returns, limits, dates),
        _distance("size of returns", np.abs(returns), limits, dates),
        _lost_direction(live, heldout, limits),
    ]
    return tuple(signal for signal in signals if signal is not None)


def _distance(name: str, values: Floats, limits: WatchSettings, dates: Dates) -> Signal | None:
    count, reference = limits.drift_sessions, limits.drift_reference
    ends = list(range(len(values), count + reference, -_STEP))[: 1 + (count + HISTORY) // _STEP]
    distances = [
        ks(values[end - count : end], values[end - count - reference : end - count]) for end in ends
    ]
    past = np.array(distances[1 + count // _STEP :])
    if len(past) < FEWEST // _STEP:
        return None
    limit = max(float(past.mean() + limits.drift_sigma * past.std()), critical(count, reference))
    window = f"{dates[-count]} to {dates[-1]}"
    sign, verb = (">", "differ") if distances[0] > limit else ("≤", "do not differ")
    text = f"the {name} of the newest {count} sessions {verb} from the {reference} before"
    distance = f"KS {number(distances[0], 3)} {sign} {number(limit, 3)}"
    return Signal(name, distances[0], limit, count, window, f"{text}: {distance} ({window})")


def ks(some: Floats, others: Floats) -> float:
    """The greatest distance between two empirical distributions (Smirnov 1948)."""
    points = np.concatenate((some, others))
    first = np.searchsorted(np.sort(some), points, side="right") / len(some)
    second = np.searchsorted(np.sort(others), points, side="right") / len(others)
    return float(np.abs(first - second).max())


def critical(n: int, m: int, alpha: float = 0.01) -> float:
    """The KS distance that two large samples of one distribution exceed with chance `alpha`."""
    return float(np.sqrt(-0.5 * np.log(alpha / 2) * (n + m) / (n * m)))


def _lost_direction(
    live: Live, heldout: tuple[float | None, int], limits: WatchSettings
) -> Signal | None:
    """Live hits below the lower end of the held-out accuracy's interval."""
    accuracy, n = heldout
    if accuracy is None or not live.hits:
        return None
    low, _ = wilson(round(accuracy / 100.0 * n), n)
    if low is None:
        return None
    unlucky = beyond_chance(live.hits, low, limits.luck_percent / 100.0)
    if unlucky is None:
        return None
    hits, count = unlucky
    value = 100.0 * hits / count
    floor = 100.0 * low
    text = (
        f"direction {percent(value)} on the newest {count} live sessions to {live.last}, held out"
        f" {percent(accuracy)} (n={n})"
    )
    # As a miss rate, so that greater is worse as with the others.
    return Signal(
        "direction",
        max(100.0 - value, 1.0),
        100.0 - floor,
        count,
        f"newest {count} to {live.last}",
        text,
    )


def within_share(close: NDArray[np.float64], percent: float, count: int = 60) -> float | None:
    """Percent of newest sessions that moved at most `percent`: the naive forecast's confidence."""
    if len(close) <= count:
        return None
    moved = np.abs(close[-count - 1 : -1] / close[-count:] - 1.0)
    return 100.0 * float(np.mean(moved <= percent / 100.0))
