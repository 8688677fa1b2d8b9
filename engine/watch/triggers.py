"""Triggers: the reasons to retrain a model, a row each in TRIGGERS.

Pure functions of what is known of one symbol.

A verdict always comes, fired or not, with value, limit, n and window, so that a person can
follow it. Live scored forecasts are read before held-out figures; the verdict says which. Failed
limits that the naive forecast fails on the same sessions are marked `unfixable`: another training
cannot mend them.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from engine.core.records import Metrics
from engine.settings.schema import Settings

NOTHING = Metrics()
LUCK_WINDOWS = (10, 15, 20, 30, 60)
"""Newest live sessions that are looked at while the whole record is short."""


@dataclass(frozen=True, slots=True)
class Live:
    """Scored live forecasts over all generations; percent as percent."""

    n: int = 0
    mape: float | None = None
    naive_mape: float | None = None
    hits: tuple[bool, ...] = ()
    """Whether the direction was right, oldest first;
    sessions whose close did not move are left out."""
    first: str = ""
    last: str = ""

    @property
    def window(self) -> str:
        return f"{self.first} to {self.last}" if self.n else "no session"


@dataclass(frozen=True, slots=True)
class Signal:
    """One figure of the bars against a limit that its own past sets."""

    name: str
    value: float
    limit: float
    n: int
    window: str
    text: str


@dataclass(frozen=True, slots=True)
class SymbolFacts:
    """What is known of one symbol when its triggers are asked."""

    symbol: str
    model: str = "ok"
    """ok, none, corrupt, foreign or newer (made by a newer stockml: no reason to train, the
    planner leaves it alone)."""
    problem: str = ""
    age_days: float | None = None
    age_sessions: int | None = None
    trained_to: str = ""
    """The model's last bar."""
    last_bar: str = ""
    """The newest bar there is."""
    heldout: Metrics = NOTHING
    live: Live = Live()
    confidences: tuple[tuple[str, float], ...] = ()
    """(last bar, confidence in percent) of each different last bar checked, newest first."""
    naive_within: float | None = None
    """Percent of the newest sessions whose close moved less than max_mape: the naive forecast's
    confidence."""
    failures: int = 0
    """Consecutive checks that failed through the symbol's own model."""
    others_answer: bool = True
    """Whether the service answers and some other symbol was forecast: else it is an outage."""
    volatility: tuple[Signal, ...] = ()
    drift: tuple[Signal, ...] = ()
    earnings: date | None = None
    """The newest release before now."""


@dataclass(frozen=True, slots=True)
class TriggerVerdict:
    """What one trigger says."""

    reason: str
    fired: bool
    text: str
    value: float | None = None
    limit: float | None = None
    n: int = 0
    basis: str = ""
    """live, held-out, bars, checks, file or calendar."""
    window: str = ""
    unfixable: bool = False
    severity: float = 0.0
    """How far beyond its limit, for the order of trainings."""


@dataclass(frozen=True, slots=True)
class Trigger:
    """One reason to retrain."""

    judge: Callable[[SymbolFacts, Settings], TriggerVerdict]
    performance: bool = False
    """Whether it needs newly scored sessions after a training, and can become chronic."""
    yearly: bool = False
    """Whether at most `yearly_trainings` a year are for it and its like: noise alone would go on
    for ever."""
    urgent: bool = False
    """Whether there is no usable model, so that the shorter retry time counts."""


def verdicts(facts: SymbolFacts, settings: Settings) -> tuple[TriggerVerdict, ...]:
    """What every trigger says of one symbol, in the order of TRIGGERS."""
    return tuple(trigger.judge(facts, settings) for trigger in TRIGGERS.values())


def missing(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """No model, or a file that stockml did not write."""
    texts = {
        "none": "no model yet",
        "foreign": "the model file was not written by stockml: it is backed up, then replaced",
    }
    text = texts.get(facts.model, "a model is there")
    return TriggerVerdict("missing", facts.model in texts, text, basis="file", severity=1e6)


def corrupt(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """A model file that cannot be trusted."""
    fired = facts.model == "corrupt"
    texts = {"corrupt": f"the model file is broken: {facts.problem}", "newer": facts.problem}
    text = texts.get(facts.model, "the model file reads well")
    return TriggerVerdict("corrupt", fired, text, basis="file", severity=1e5)


def failures(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """More consecutive failures of the symbol's own model than allowed, while others answer."""
    limit = settings.watch.max_failures
    over = facts.failures > limit
    text = f"{facts.failures} consecutive predictions of its own model failed (limit {limit})"
    if over and not facts.others_answer:
        text += "; no other symbol answers either: an outage, not retrained"
    return TriggerVerdict(
        "failures",
        over and facts.others_answer,
        text,
        facts.failures,
        limit,
        facts.failures,
        "checks",
        "newest checks",
        False,
        1e4,
    )


def age(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """Older than the age limit, in days; sessions stand beside them."""
    limit = settings.thresholds.max_model_age_days
    if facts.age_days is None:
        return TriggerVerdict("age", False, "no age without a model", limit=limit, basis="calendar")
    sessions = f", {facts.age_sessions} sessions" if facts.age_sessions is not None else ""
    fired = facts.age_days > limit
    text = f"{facts.age_days:.1f} days old{sessions} (limit {limit} days)"
    return TriggerVerdict(
        "age",
        fired,
        text,
        facts.age_days,
        limit,
        facts.age_sessions or 0,
        "calendar",
        "",
        False,
        facts.age_days / limit,
    )


def accuracy(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """Direction below its limit: live from `live_min` sessions on, fewer where luck cannot
    explain it, else held out."""
    limit, live = settings.thresholds.min_accuracy, facts.live
    if len(live.hits) >= settings.watch.live_min:
        value = 100.0 * sum(live.hits) / len(live.hits)
        return _accuracy(value < limit, value, limit, len(live.hits), "live", live.window)
    if found := unlucky(live.hits, limit / 100.0, settings.watch.luck_percent / 100.0):
        hits, n = found
        return _accuracy(
            True,
            100.0 * hits / n,
            limit,
            n,
            "live",
            f"the newest {n} sessions to {live.last}, no luck",
        )
    held = facts.heldout
    if held.direction_accuracy is None:
        return TriggerVerdict("accuracy", False, "no direction was scored", limit=limit)
    return _accuracy(
        held.direction_accuracy < limit,
        held.direction_accuracy,
        limit,
        held.n_scored,
        "held-out",
        "at its training",
    )


def _accuracy(
    fired: bool, value: float, limit: float, n: int, basis: str, window: str
) -> TriggerVerdict:
    sign = "<" if fired else "≥"
    text = f"direction {value:.1f} % {sign} {limit:g} % ({basis}, n={n}, {window})"
    return TriggerVerdict(
        "accuracy", fired, text, value, limit, n, basis, window, False, limit / max(value, 1.0)
    )


def unlucky(hits: tuple[bool, ...], share: float, chance: float) -> tuple[int, int] | None:
    """(hits, n) of the shortest newest window that a true share of `share` would show with less
    than `chance`; or None."""
    for n in LUCK_WINDOWS:
        if n > len(hits):
            return None
        count = sum(hits[-n:])
        if count < share * n and binomial_at_most(count, n, share) < chance:
            return count, n
    return None


def binomial_at_most(count: int, n: int, share: float) -> float:
    """P(X ≤ count) of n draws that succeed with probability `share`."""
    return sum(math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(count + 1))


def mape(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """Mean absolute percentage error above its limit;
    unfixable where the naive forecast breaks it on the same sessions."""
    limit, live, held = settings.thresholds.max_mape, facts.live, facts.heldout
    if live.n >= settings.watch.live_min and live.mape is not None:
        return _mape(live.mape, live.naive_mape, limit, live.n, "live", live.window)
    if held.mape is None:
        return TriggerVerdict("mape", False, "no error was scored", limit=limit)
    return _mape(held.mape, held.naive_mape, limit, held.n_scored, "held-out", "at its training")


def _mape(
    value: float, naive: float | None, limit: float, n: int, basis: str, window: str
) -> TriggerVerdict:
    fired = value > limit
    beside = f", naive {naive:.2f} %" if naive is not None else ""
    text = (
        f"MAPE {value:.2f} % {'>' if fired else '≤'} {limit:g} %{beside} ({basis}, n={n}, {window})"
    )
    unfixable = fired and naive is not None and naive > limit
    return TriggerVerdict(
        "mape", fired, text, value, limit, n, basis, window, unfixable, value / limit
    )


def confidence(facts: SymbolFacts, settings: Settings) -> TriggerVerdict:
    """Confidence below its limit on several different last bars in a row."""
    limit, count = settings.thresholds.min_confidence, settings.watch.confidence_bars
    newest = facts.confidences[:count]
    if not newest:
        return TriggerVerdict("confidence", False, "no confidence was checked yet", limit=limit)
    low = [each for each in newest if each[1] < limit]
    fired = len(low) == count
    value = max(each[1] for each in newest)
    bars = ", ".join(f"{each:.1f} % on {bar}" for bar, each in newest)
    text = f"confidence {bars} ({'all' if fired else f'{len(low)} of {count}'} below {limit:g} %)"
    unfixable = fired and facts.naive_within is not None and facts.naive_within < limit
    return TriggerVerdict(
        "confidence",
        fired,
        text,
        value,
        limit,
        len(newest),
        "live",
        newest[0][0],
        unfixable,
        limit / max(value, 1.0),
    )


def volatility(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """Volatility that rose beyond its own past."""
    rises = tuple(each for each in facts.volatility if each.name != "move")
    return _signalled("volatility", rises, "volatility within its past")


def move(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """One session since the training that moved far beyond the volatility before it."""
    moves = tuple(each for each in facts.volatility if each.name == "move")
    return _signalled(
        "move", moves, "no great move since the training", "no session since the training"
    )


def drift(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """Returns or their size distributed otherwise than in the reference period, or a direction
    that was lost."""
    return _signalled("drift", facts.drift, "no drift against the reference period")


def _signalled(
    reason: str, signals: tuple[Signal, ...], quiet: str, unknown: str = "too few bars to tell"
) -> TriggerVerdict:
    if not signals:
        return TriggerVerdict(reason, False, unknown, basis="bars")
    worst = max(signals, key=lambda each: each.value / each.limit)
    fired = worst.value > worst.limit
    text = worst.text if fired else quiet
    severity = worst.value / worst.limit
    return TriggerVerdict(
        reason,
        fired,
        text,
        worst.value,
        worst.limit,
        worst.n,
        "bars",
        worst.window,
        False,
        severity,
    )


def earnings(facts: SymbolFacts, _settings: Settings) -> TriggerVerdict:
    """Earnings released since the model's last bar, once a session after them is known: most
    come after the close."""
    if facts.earnings is None or not facts.trained_to:
        return TriggerVerdict("earnings", False, "no release known", basis="calendar")
    released = facts.earnings.isoformat()
    fired = facts.trained_to <= released < facts.last_bar
    text = (
        f"earnings released on {released}, the model ends on {facts.trained_to}, the bars on"
        f" {facts.last_bar or 'no day'}"
    )
    return TriggerVerdict("earnings", fired, text, basis="calendar", window=released, severity=1.0)


# A new reason is one function, one row here and one in engine.words.triggers.
TRIGGERS: dict[str, Trigger] = {
    "missing": Trigger(missing, urgent=True),
    "corrupt": Trigger(corrupt, urgent=True),
    "failures": Trigger(failures, urgent=True),
    "age": Trigger(age),
    "accuracy": Trigger(accuracy, performance=True, yearly=True),
    "mape": Trigger(mape, performance=True, yearly=True),
    "confidence": Trigger(confidence, performance=True, yearly=True),
    "volatility": Trigger(volatility, performance=True),
    "move": Trigger(move),
    "earnings": Trigger(earnings),
    "drift": Trigger(drift, performance=True, yearly=True),
}
