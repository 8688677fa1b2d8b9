"""Triggers of the figures: direction accuracy, error and confidence.

Live scores go before held-out figures, and the verdict names its basis. A failed limit that the
naive forecast also fails is `unfixable`: training cannot help.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from engine.settings.schema import Settings
from engine.watch.trigger_facts import SymbolFacts, TriggerVerdict
from engine.words import figures

LUCK_WINDOWS = (10, 15, 20, 30, 60)
"""Windows of newest live sessions that are tested while the record is short."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Figure:
    """One figure and what it was measured on."""

    value: float
    n: int
    basis: str
    window: str

    def __str__(self) -> str:
        return f"({self.basis}, n={self.n}, {self.window})"


def accuracy(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """Direction below its limit: live from `live_min` sessions or beyond chance, else held out."""
    limit = settings.thresholds.min_accuracy
    figure = _direction(facts, settings)
    if figure is None:
        return TriggerVerdict("accuracy", "no direction was scored", limit=limit)
    fired = figure.value < limit
    sign = "<" if fired else "≥"
    return TriggerVerdict(
        "accuracy",
        f"direction {figures.percent(figure.value)} {sign} {limit:g} % {figure}",
        fired=fired,
        value=figure.value,
        limit=limit,
        n=figure.n,
        basis=figure.basis,
        window=figure.window,
        severity=limit / max(figure.value, 1.0),
    )


def _direction(facts: SymbolFacts, settings: Settings) -> _Figure | None:
    live = facts.live
    direction = live.direction_accuracy
    if direction is not None and len(live.hits) >= settings.watch.live_min:
        return _Figure(value=direction, n=len(live.hits), basis="live", window=live.window)
    share = settings.thresholds.min_accuracy / 100.0
    chance_level = settings.watch.luck_percent / 100.0
    if unlucky := beyond_chance(live.hits, share, chance_level):
        hits, n = unlucky
        window = f"the newest {n} sessions to {live.last}, no luck"
        return _Figure(value=100.0 * hits / n, n=n, basis="live", window=window)
    heldout = facts.heldout
    if heldout.direction_accuracy is None:
        return None
    return _Figure(
        value=heldout.direction_accuracy,
        n=heldout.n_scored,
        basis="held-out",
        window="at its training",
    )


def beyond_chance(
    hits: tuple[bool, ...], share: float, chance_level: float
) -> tuple[int, int] | None:
    """(hits, n) of the shortest newest window less likely than `chance_level` at `share`."""
    for n in LUCK_WINDOWS:
        if n > len(hits):
            return None
        count = sum(hits[-n:])
        if count < share * n and binomial_at_most(count, n, share) < chance_level:
            return count, n
    return None


def binomial_at_most(count: int, n: int, share: float) -> float:
    """P(X ≤ count) of n draws that succeed with probability `share`."""
    return sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(count + 1))


def mape(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """Mean absolute percentage error above its limit."""
    limit = settings.thresholds.max_mape
    figure, naive = _error(facts, settings)
    if figure is None:
        return TriggerVerdict("mape", "no error was scored", limit=limit)
    fired = figure.value > limit
    sign = ">" if fired else "≤"
    beside = f", naive {figures.percent(naive, 2)}" if naive is not None else ""
    return TriggerVerdict(
        "mape",
        f"MAPE {figures.percent(figure.value, 2)} {sign} {limit:g} %{beside} {figure}",
        fired=fired,
        value=figure.value,
        limit=limit,
        n=figure.n,
        basis=figure.basis,
        window=figure.window,
        unfixable=fired and naive is not None and naive > limit,
        severity=figure.value / limit,
    )


def _error(facts: SymbolFacts, settings: Settings) -> tuple[_Figure | None, float | None]:
    """The error, and the naive forecast's on the same sessions."""
    live = facts.live
    heldout = facts.heldout
    if live.n >= settings.watch.live_min and live.mape is not None:
        figure = _Figure(value=live.mape, n=live.n, basis="live", window=live.window)
        return figure, live.naive_mape
    if heldout.mape is None:
        return None, None
    figure = _Figure(
        value=heldout.mape, n=heldout.n_scored, basis="held-out", window="at its training"
    )
    return figure, heldout.naive_mape


def confidence(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """Confidence below its limit on several different last bars in a row."""
    limit = settings.thresholds.min_confidence
    count = settings.watch.confidence_bars
    newest = facts.confidences[:count]
    if not newest:
        return TriggerVerdict("confidence", "no confidence was checked yet", limit=limit)
    low = sum(percent < limit for _, percent in newest)
    fired = low == count
    highest = max(percent for _, percent in newest)
    bars = ", ".join(f"{figures.percent(percent)} on {bar}" for bar, percent in newest)
    share = "all" if fired else f"{low} of {count}"
    naive = facts.naive_within
    return TriggerVerdict(
        "confidence",
        f"confidence {bars} ({share} below {limit:g} %)",
        fired=fired,
        value=highest,
        limit=limit,
        n=len(newest),
        basis="live",
        window=newest[0][0],
        unfixable=fired and naive is not None and naive < limit,
        severity=limit / max(highest, 1.0),
    )
