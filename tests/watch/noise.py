"""How often healthy series are retrained for nothing, and how soon a planted break is caught; on simulated bars.

    python -m tests.watch.noise [SERIES]        the figures as Markdown

Healthy series come from the simulated market itself: volatility clusters, common to all symbols in part, fat tails and
jumps. The stand-in forecaster calls the direction right in `signal` of all sessions. Every series is trained weekly, so
that what is counted comes on top of the age rule; cooldown, new sessions and chronic reasons are the planner's own.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace
from datetime import UTC, datetime, time, timedelta
from functools import cache

import numpy as np

from engine.core.config import Settings
from engine.core.records import Metrics
from engine.market.bars import Bars, day
from engine.market.simulated import Character, simulate
from engine.watch import signals
from engine.watch.ledger import Scored, live_of
from engine.watch.planner import Past, cooldown, judged, started
from engine.watch.signals import drift_signals, volatility_signals, within_share
from engine.watch.triggers import Facts, verdicts
from tests.watch.replay import packaged, sessions_after

_ks = signals.ks


@cache
def _known(some: bytes, others: bytes) -> float:
    return _ks(np.frombuffer(some), np.frombuffer(others))


def remembered(some: np.ndarray, others: np.ndarray) -> float:
    """The same distance, computed once: day by day nearly all windows are those of ten days before."""
    return _known(some.tobytes(), others.tobytes())


KINDS = (0.0175, 0.029, 0.042, 0.025)
BEFORE, YEAR = 1100, 252
COUNTED = ("accuracy", "mape", "confidence", "volatility", "move", "drift")


@dataclass(frozen=True)
class Series:
    """One symbol's bars, the market's, and the live calls of direction."""

    bars: Bars
    market: Bars
    right: np.ndarray
    """[n] whether the direction of each session was called."""


def make(number: int, signal: float = 0.52) -> Series:
    """A healthy series with bars for a year after BEFORE sessions."""
    seed = 5000 + number
    who = Character(KINDS[number % len(KINDS)], "Technology", market_only=False, price=100.0, volume=1e7)
    spy = Character(0.0105, "ETF", market_only=True, price=100.0, volume=1e7)
    count = BEFORE + YEAR
    own = simulate.__wrapped__("NVDA", who, seed).until(day(np.datetime64("2025-12-31"))).tail(count)
    market = simulate.__wrapped__("SPY", spy, seed).until(own.last_date).tail(count)
    draws = np.random.default_rng([seed, 1]).random(count)
    return Series(own, market, draws < signal)


def louder(series: Series, row: int, factor: float = 2.5) -> Series:
    """The same with every move from `row` on `factor` times as great."""
    bars = series.bars
    before = np.concatenate(([bars.close[0]], bars.close[:-1]))
    grow = np.where(np.arange(len(bars)) >= row, factor, 1.0)
    moves = {name: grow * np.log(getattr(bars, name) / before) for name in ("open", "high", "low", "close")}
    close = bars.close[0] * np.exp(np.cumsum(moves["close"]))
    base = np.concatenate(([bars.close[0]], close[:-1]))
    columns = {name: base * np.exp(move) for name, move in moves.items()}
    return replace(series, bars=replace(bars, **columns))


def inverted(series: Series, row: int) -> Series:
    """The same with every call of direction wrong that was right, from `row` on."""
    flip = np.arange(len(series.right)) >= row
    return replace(series, right=series.right ^ flip)


def fired(series: Series, first: int, last: int, settings: Settings) -> list[tuple[int, str]]:
    """(row, reason) of every retraining beyond the age rule, checked after each session from `first` to `last`."""
    bars, pasts, found = series.bars, dict[str, Past](), list[tuple[int, str]]()
    scored = [_scored(series, row) for row in range(BEFORE - settings.watch.live_window, last + 1)]
    offset = BEFORE - settings.watch.live_window
    for row in range(first, last + 1):
        now = datetime.combine(day(bars.dates[row]), time(23), UTC)
        trained = row - row % 5
        facts = _facts(series, row, trained, scored[: row - offset + 1], settings)
        for verdict in verdicts(facts, settings):
            if verdict.reason not in COUNTED:
                continue
            past = pasts.get(verdict.reason, Past())
            since = sessions_after(past.last_bar, now.date()) if past.last_bar else 0
            past = judged(replace(past, sessions=since), verdict, settings)
            pasts[verdict.reason] = past
            if (
                verdict.fired
                and not past.chronic
                and not verdict.hopeless
                and not cooldown(verdict.reason, past, now, settings)
            ):
                pasts[verdict.reason] = started(past, now, str(bars.dates[row]))
                found.append((row, verdict.reason))
    return found


def _scored(series: Series, row: int) -> Scored:
    """The live forecast for the session of `row`: the size of a small move, its sign right or wrong."""
    base, actual = float(series.bars.close[row - 1]), float(series.bars.close[row])
    up = (actual > base) == bool(series.right[row])
    return Scored(
        "NVDA",
        str(series.bars.dates[row]),
        base,
        base * (1.001 if up else 0.999),
        base,
        base,
        base,
        base,
        50.0,
        60.0,
        base,
        actual,
    )


def _facts(series: Series, row: int, trained: int, scored: list[Scored], settings: Settings) -> Facts:
    bars, market = series.bars.tail(len(series.bars)), series.market
    end = bars.dates[row]
    bars, market = bars.until(day(end)), market.until(day(end))
    held_rows = np.arange(trained - 119, trained + 1)
    live = live_of(tuple(scored), settings.watch.live_window)
    moves = np.abs(bars.close[held_rows - 1] / bars.close[held_rows] - 1.0)
    error = 100.0 * float(moves.mean())
    # The held-out calls are those of a healthy signal: the record was made before the break.
    held = Metrics(120, 100.0 * float(series.right[BEFORE - 120 : BEFORE].mean()), error, error, 1.0, None)
    ends = [row - back for back in range(settings.watch.confidence_bars)]
    confidence = [within_share(bars.close[: at + 1], settings.thresholds.max_mape, 250) or 100.0 for at in ends]
    return Facts(
        "NVDA",
        age_days=1.0,
        trained_to=str(bars.dates[trained]),
        heldout=held,
        live=live,
        confidences=tuple((str(series.bars.dates[at]), each) for at, each in zip(ends, confidence, strict=True)),
        naive_within=within_share(bars.close, settings.thresholds.max_mape),
        volatility=volatility_signals(bars, market, str(bars.dates[trained]), settings.watch),
        drift=drift_signals(bars, live, (held.direction_accuracy, 120), settings.watch),
    )


@dataclass(frozen=True)
class Study:
    """What came of many series."""

    healthy: tuple[int, ...]
    """Retrainings in a year, a series each."""
    by_reason: dict[str, int]
    caught_louder: tuple[int | None, ...]
    """Sessions until the break was caught; None when it was not within 15."""
    caught_inverted: tuple[int | None, ...]


def study(series: int, broken: int, signal: float = 0.9) -> Study:
    """`series` healthy years, and `broken` breaks of each kind at the year's first session."""
    settings, signals.ks = packaged(), remembered
    healthy, reasons = [], dict[str, int]()
    for number in range(series):
        found = fired(make(number), BEFORE, BEFORE + YEAR - 1, settings)
        healthy.append(len(found))
        _known.cache_clear()
        for _, reason in found:
            reasons[reason] = reasons.get(reason, 0) + 1
    loud = tuple(caught(louder(make(number), BEFORE), settings) for number in range(broken))
    lost = tuple(caught(inverted(make(number, signal), BEFORE), settings) for number in range(broken))
    return Study(tuple(healthy), reasons, loud, lost)


def caught(series: Series, settings: Settings) -> int | None:
    """Sessions from the break to the first retraining, 1 to 15; None when there was none."""
    found = fired(series, BEFORE, BEFORE + 14, settings)
    return found[0][0] - BEFORE + 1 if found else None


def page(found: Study) -> str:
    """The study in Markdown."""
    mean = sum(found.healthy) / len(found.healthy)
    events = sum(count for name, count in found.by_reason.items() if name in ("volatility", "move")) / len(found.healthy)
    over = sum(count > 2 for count in found.healthy)
    reasons = ", ".join(f"{name} {count}" for name, count in sorted(found.by_reason.items())) or "none"
    lines = [
        f"- {len(found.healthy)} healthy series for a year: {mean:.2f} retrainings a symbol-year beyond the age rule"
        f" ({mean - events:.2f} for performance or drift, {events:.2f} for market events;"
        f" {over} series had more than 2, {max(found.healthy)} at most; {reasons})"
    ]
    for name, sessions in (("volatility x 2.5", found.caught_louder), ("direction inverted", found.caught_inverted)):
        hits = sorted(each for each in sessions if each is not None)
        lines.append(
            f"- {name}: {len(hits)} of {len(sessions)} caught within 15 sessions"
            f", median {hits[len(hits) // 2] if hits else '-'}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    began = datetime.now(UTC)
    sys.stdout.write(
        page(study(count, max(20, count // 4))) + f"\n({(datetime.now(UTC) - began) / timedelta(seconds=1):.0f} s)\n"
    )
