"""How often healthy series are retrained for nothing, and how soon a planted break is caught.

On simulated bars.

    python -m tests.watch.noise [SERIES]        the figures as Markdown

Healthy series come from the simulated market itself: volatility clusters, common to all symbols
in part, fat tails and jumps. The stand-in forecaster calls the direction right in `signal` of
all sessions. Every series is trained weekly, so that what is counted comes on top of the age
rule; what is trained for is what the planner decides after each session.
"""

from __future__ import annotations

import sys
from collections import Counter
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import msgspec
import numpy as np

from engine.core.records import Metrics
from engine.core.snapshot import PlannedAction
from engine.core.symbols import Priority
from engine.market.bars import Bars, day
from engine.market.simulated import Character, simulate
from engine.settings.schema import Settings
from engine.watch import signals
from engine.watch.ledger import Scored, live_of
from engine.watch.planner import YEAR, PlanningContext, TrainingCandidate, decide
from engine.watch.reason_history import ReasonHistory, after_check, after_training
from engine.watch.signals import drift_signals, volatility_signals, within_share
from engine.watch.trigger_facts import SymbolFacts, TriggerVerdict
from engine.watch.triggers import TRIGGERS, verdicts
from tests.watch.replay import packaged, sessions_after

_ks = signals.ks


@cache
def _known(some: bytes, others: bytes) -> float:
    return _ks(np.frombuffer(some), np.frombuffer(others))


def remembered(some: np.ndarray, others: np.ndarray) -> float:
    """The same distance, computed once: day by day nearly all windows are those of ten days
    before."""
    return _known(some.tobytes(), others.tobytes())


KINDS = (0.0175, 0.029, 0.042, 0.025)
BEFORE, YEAR_SESSIONS, HALF = 1100, 252, 126
COUNTED = ("accuracy", "mape", "confidence", "volatility", "move", "drift")


@dataclass(frozen=True)
class Look:
    """What every trigger said after the session of one row."""

    row: int
    day: str
    verdicts: tuple[TriggerVerdict, ...]


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
    who = Character(
        KINDS[number % len(KINDS)], "Technology", market_only=False, price=100.0, volume=1e7
    )
    spy = Character(0.0105, "ETF", market_only=True, price=100.0, volume=1e7)
    count = BEFORE + YEAR_SESSIONS
    own = (
        simulate.__wrapped__("NVDA", who, seed).until(day(np.datetime64("2025-12-31"))).tail(count)
    )
    market = simulate.__wrapped__("SPY", spy, seed).until(own.last_date).tail(count)
    draws = np.random.default_rng([seed, 1]).random(count)
    return Series(own, market, draws < signal)


def louder(series: Series, row: int, factor: float = 2.5) -> Series:
    """The same with every move from `row` on `factor` times as great."""
    bars = series.bars
    before = np.concatenate(([bars.close[0]], bars.close[:-1]))
    grow = np.where(np.arange(len(bars)) >= row, factor, 1.0)
    moves = {
        name: grow * np.log(getattr(bars, name) / before)
        for name in ("open", "high", "low", "close")
    }
    close = bars.close[0] * np.exp(np.cumsum(moves["close"]))
    base = np.concatenate(([bars.close[0]], close[:-1]))
    columns = {name: base * np.exp(move) for name, move in moves.items()}
    return replace(series, bars=replace(bars, **columns))


def inverted(series: Series, row: int) -> Series:
    """The same with every call of direction wrong that was right, from `row` on."""
    flip = np.arange(len(series.right)) >= row
    return replace(series, right=series.right ^ flip)


def looks(series: Series, first: int, last: int, settings: Settings) -> list[Look]:
    """What the triggers say after each session from `first` to `last`."""
    offset = BEFORE - settings.watch.live_window
    scored = [_scored(series, row) for row in range(offset, last + 1)]
    found = []
    for row in range(first, last + 1):
        facts = _facts(series, row, row - row % 5, scored[: row - offset + 1], settings)
        found.append(Look(row, str(series.bars.dates[row]), verdicts(facts, settings)))
    return found


def trained(seen: list[Look], settings: Settings) -> list[tuple[int, str]]:
    """(row, reason) of every training beyond the age rule that the planner decides;
    each is noted and started."""
    histories, found = dict[str, ReasonHistory](), list[tuple[datetime, int, str]]()
    for look in seen:
        now = datetime.combine(date.fromisoformat(look.day), time(23), UTC)
        fitting = tuple(verdict for verdict in look.verdicts if verdict.reason in COUNTED)
        for verdict in fitting:
            history = histories.get(verdict.reason, ReasonHistory())
            sessions, quiet = (
                sessions_after(each, now.date()) if each else 0
                for each in (history.last_bar, history.fired_bar)
            )
            histories[verdict.reason] = after_check(
                replace(history, sessions=sessions, quiet=quiet), verdict, settings, look.day
            )
        spent = sum(now - at < YEAR and TRIGGERS[reason].yearly for at, _, reason in found)
        candidate = TrainingCandidate(
            "NVDA", Priority.HIGH, fitting, histories, age_days=1.0, last_bar=look.day, spent=spent
        )
        decision = decide(candidate, PlanningContext(now), settings)
        if decision.action is PlannedAction.TRAIN:
            found.append((now, look.row, decision.reason))
            for verdict in decision.fired:
                histories[verdict.reason] = after_training(histories[verdict.reason], now, look.day)
    return [(row, reason) for _, row, reason in found]


def _scored(series: Series, row: int) -> Scored:
    """The live forecast for the session of `row`: the size of a small move, its sign right or
    wrong."""
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


def _facts(
    series: Series, row: int, trained: int, scored: list[Scored], settings: Settings
) -> SymbolFacts:
    bars, market = series.bars.tail(len(series.bars)), series.market
    end = bars.dates[row]
    bars, market = bars.until(day(end)), market.until(day(end))
    held_rows = np.arange(trained - 119, trained + 1)
    live = live_of(tuple(scored), settings.watch.live_window)
    moves = np.abs(bars.close[held_rows - 1] / bars.close[held_rows] - 1.0)
    error = 100.0 * float(moves.mean())
    # The held-out calls are those of a healthy signal: the record was made before the break.
    held = Metrics(
        120, 100.0 * float(series.right[BEFORE - 120 : BEFORE].mean()), error, error, 1.0, None
    )
    ends = [row - back for back in range(settings.watch.confidence_bars)]
    confidence = [
        within_share(bars.close[: at + 1], settings.thresholds.max_mape, 250) or 100.0
        for at in ends
    ]
    return SymbolFacts(
        "NVDA",
        age_days=1.0,
        trained_to=str(bars.dates[trained]),
        heldout=held,
        live=live,
        confidences=tuple(
            (str(series.bars.dates[at]), each) for at, each in zip(ends, confidence, strict=True)
        ),
        naive_within=within_share(bars.close, settings.thresholds.max_mape),
        volatility=volatility_signals(bars, market, str(bars.dates[trained]), settings.watch),
        drift=drift_signals(bars, live, (held.direction_accuracy, 120), settings.watch, market),
    )


@dataclass(frozen=True)
class Study:
    """What came of many series."""

    healthy: tuple[tuple[str, ...], ...]
    """The reason of every retraining in a year, a series each."""
    unlimited: tuple[tuple[str, ...], ...]
    """The same without the yearly limit."""
    caught: dict[str, tuple[int | None, ...]]
    """Sessions until each planted break was caught, by its kind; None when it was not within 15."""
    weak: dict[str, tuple[int | None, ...]]
    """The same of signals that are too weak to be seen to be lost so soon."""


def study(series: int, broken: int, signal: float = 0.9) -> Study:
    """`series` healthy years;
    `broken` breaks of each kind, at the first session and after half a healthy year."""
    settings, signals.ks = packaged(), remembered
    boundless = msgspec.structs.replace(
        settings, watch=msgspec.structs.replace(settings.watch, yearly_trainings=366)
    )
    healthy, unlimited = [], []
    for number in range(series):
        seen = looks(make(number), BEFORE, BEFORE + YEAR_SESSIONS - 1, settings)
        healthy.append(tuple(reason for _, reason in trained(seen, settings)))
        unlimited.append(tuple(reason for _, reason in trained(seen, boundless)))
        _known.cache_clear()
    caught: dict[str, tuple[int | None, ...]] = {}
    for later, when in ((0, "at once"), (HALF, "after half a healthy year")):
        row = BEFORE + later
        loud = tuple(
            caught_at(louder(make(number), row), row, settings) for number in range(broken)
        )
        lost = tuple(
            caught_at(inverted(make(number, signal), row), row, settings)
            for number in range(broken)
        )
        caught |= {f"volatility x 2.5, {when}": loud, f"direction inverted, {when}": lost}
        _known.cache_clear()
    weak = {
        f"a weak direction ({share:.0%}) inverted": tuple(
            caught_at(inverted(make(number, share), BEFORE), BEFORE, settings)
            for number in range(broken)
        )
        for share in (0.7, 0.6)
    }
    return Study(tuple(healthy), tuple(unlimited), caught, weak)


def caught_at(series: Series, row: int, settings: Settings) -> int | None:
    """Sessions from the break at `row` to the first retraining after it, 1 to 15;
    None when there was none."""
    found = trained(looks(series, BEFORE, row + 14, settings), settings)
    return next((at - row + 1 for at, _ in found if at >= row), None)


def ours(reasons: tuple[str, ...]) -> int:
    """How many of a series' retrainings were for performance or drift."""
    return sum(TRIGGERS[reason].yearly for reason in reasons)


def page(found: Study) -> str:
    """The study in Markdown."""
    count = len(found.healthy)
    counts = Counter(ours(each) for each in found.healthy)
    events = [len(each) - ours(each) for each in found.healthy]
    free = [ours(each) for each in found.unlimited]
    reasons = Counter(reason for each in found.healthy for reason in each)
    spread = ", ".join(f"{counts[number]} had {number}" for number in sorted(counts))
    by_reason = ", ".join(f"{name} {reasons[name]}" for name in sorted(reasons)) or "none"
    lines = [
        (
            f"- {count} healthy series for a year, retrained for performance or drift beyond the"
            f" age rule: at most {max(counts)} a series,"
            f" {sum(map(ours, found.healthy)) / count:.2f} on average ({spread})"
        ),
        (
            f"- without the yearly limit {sum(number > 2 for number in free)} of them would have"
            f" had more than 2, one {max(free)}"
        ),
        (
            f"- for market events (volatility, move) {sum(events) / count:.2f} on average,"
            f" {max(events)} at most; all: {by_reason}"
        ),
    ]
    for name, sessions in (found.caught | found.weak).items():
        hits = sorted(each for each in sessions if each is not None)
        middle = hits[len(hits) // 2] if hits else "-"
        lines.append(
            f"- {name}: {len(hits)} of {len(sessions)} caught within 15 sessions, median {middle}"
        )
    return "\n".join(lines)


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    began = datetime.now(UTC)
    sys.stdout.write(
        page(study(count, max(20, count // 4)))
        + f"\n({(datetime.now(UTC) - began) / timedelta(seconds=1):.0f} s)\n"
    )
