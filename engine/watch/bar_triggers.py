"""Triggers of the bars: volatility, a single large move, and drift, each against its own past."""

from __future__ import annotations

from engine.settings.schema import Settings
from engine.watch.trigger_facts import Signal, SymbolFacts, TriggerVerdict

MOVE = "move"
"""The name of the large-move signal among those of volatility."""


def volatility(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """Volatility above the limit of its own past."""
    rises = tuple(signal for signal in facts.volatility if signal.name != MOVE)
    return _worst("volatility", rises, quiet="volatility within its past")


def move(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """One session since training that moved far beyond the prior volatility."""
    moves = tuple(signal for signal in facts.volatility if signal.name == MOVE)
    return _worst(
        "move",
        moves,
        quiet="no great move since the training",
        unknown="no session since the training",
    )


def drift(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """Returns, or their size, unlike the reference period's, or a loss of direction."""
    return _worst("drift", facts.drift, quiet="no drift against the reference period")


def _worst(
    reason: str, signals: tuple[Signal, ...], *, quiet: str, unknown: str = "too few bars to judge"
) -> TriggerVerdict:
    """The verdict of the signal that is farthest beyond its limit."""
    if not signals:
        return TriggerVerdict(reason, unknown, basis="bars")
    worst = max(signals, key=lambda signal: signal.ratio)
    return TriggerVerdict(
        reason,
        worst.text if worst.fired else quiet,
        fired=worst.fired,
        value=worst.value,
        limit=worst.limit,
        n=worst.n,
        basis="bars",
        window=worst.window,
        severity=worst.ratio,
    )
