"""Planner: which symbols to train now, in which order, and why not the others; pure functions.

Limits on retraining: a cooldown per symbol and reason; `new_sessions` newly scored sessions before
a performance reason counts again; `chronic`, for a reason that training does not fix; at most
`yearly_trainings` a year for performance or drift. The age limit still applies to all of them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import KW_ONLY, dataclass, field, replace
from datetime import datetime, timedelta

from engine.core.snapshot import PlannedAction
from engine.core.symbols import Priority
from engine.settings.schema import Settings
from engine.watch.reason_history import NO_HISTORY, ReasonHistory, cooldown, why_chronic
from engine.watch.records import Decision
from engine.watch.trigger_facts import TriggerVerdict
from engine.watch.triggers import ORDER, TRIGGERS
from engine.words import figures, times

YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class TrainingCandidate:
    """One symbol's inputs to the planner."""

    symbol: str
    priority: Priority
    verdicts: tuple[TriggerVerdict, ...]
    histories: dict[str, ReasonHistory]
    _: KW_ONLY
    age_days: float | None = None
    trained_ahead: bool = False
    """Whether it was trained ahead of now, by a wrong clock: its last bar may be to come."""
    trained_to: str = ""
    last_bar: str = ""
    lag_sessions: int = 0
    """Complete sessions that the bars lack."""
    bars_fault: str = ""
    """Why there are no bars; empty when there are."""
    local: bool = False
    """Whether the bars come from a folder or a simulation, which no fetch makes fresher."""
    withheld: str = ""
    """The doubts that make a forecast from these bars meaningless."""
    hold: str = ""
    """Why automatic training is on hold; empty when it is not."""
    holder: str = ""
    """The run that trains it; empty when none does."""
    spent: int = 0
    """Trainings for performance or drift within the last YEAR."""
    newer: str = ""
    """The problem of a model file from a newer stockml; empty for any other."""

    def history(self, reason: str) -> ReasonHistory:
        """The history of a reason."""
        return self.histories.get(reason, NO_HISTORY)


@dataclass(frozen=True, slots=True)
class PlanningContext:
    """The circumstances of a plan."""

    now: datetime
    _: KW_ONLY
    market_open: bool = False
    closes_at: datetime | None = None
    force: bool = False
    skip_market_hours: bool = False
    next_auto_train: datetime | None = None
    """The next scheduled `auto-train`; a model that gets too old before it is trained now."""
    outage: bool = False
    """Whether no symbol at all could be forecast."""


@dataclass(slots=True)
class _FiredReasons:
    """The fired verdicts of one symbol, grouped by their consequence."""

    counting: list[TriggerVerdict] = field(default_factory=list)
    chronic: list[TriggerVerdict] = field(default_factory=list)
    cooling: list[tuple[TriggerVerdict, str]] = field(default_factory=list)
    """Each with why it does not count yet."""


def decide_all(
    candidates: Iterable[TrainingCandidate], context: PlanningContext, settings: Settings
) -> tuple[Decision, ...]:
    """One decision per symbol: trainings by priority, then the worst first; then the others."""
    trained: list[tuple[tuple[float, ...], Decision]] = []
    others: list[Decision] = []
    for candidate in candidates:
        decision = decide(candidate, context, settings)
        if decision.action is PlannedAction.TRAIN:
            trained.append((_order(candidate, decision), decision))
        else:
            others.append(decision)
    trained.sort(key=lambda ordered: ordered[0])
    return (*(decision for _, decision in trained), *others)


def _order(candidate: TrainingCandidate, decision: Decision) -> tuple[float, ...]:
    worst = max((verdict.severity for verdict in decision.fired), default=0.0)
    return (candidate.priority.rank, -worst, -(candidate.age_days or 0.0))


def decide(candidate: TrainingCandidate, context: PlanningContext, settings: Settings) -> Decision:
    """The decision for one symbol: a reason that counts, unless something is in its way."""
    if candidate.newer:
        text = f"{candidate.newer}; only a person replaces it: `stockml train {candidate.symbol}`"
        decision = Decision(candidate.symbol, PlannedAction.NEWER, "", text)
    else:
        fired = _fired_reasons(candidate, context, settings)
        if fired.counting or context.force:
            decision = _with_reason(candidate, context, settings, fired)
        else:
            decision = _without_reason(candidate, settings, fired)
        decision = replace(decision, chronic=tuple(fired.chronic))
    return replace(decision, standing=tuple(_standing(candidate, settings)))


def _with_reason(
    candidate: TrainingCandidate,
    context: PlanningContext,
    settings: Settings,
    fired: _FiredReasons,
) -> Decision:
    """To train, or why a reason that counts has to wait."""
    reason = fired.counting[0].reason if fired.counting else "forced"
    text = "; ".join(verdict.text for verdict in fired.counting)
    text = text or "forced: every symbol is trained"
    reasons = {verdict.reason for verdict in fired.counting}
    action = PlannedAction.TRAIN
    obstacle = _obstacle(candidate, context, settings, reasons)
    if obstacle is not None:
        action, why = obstacle
        text = f"{why}; {text}"
    return Decision(candidate.symbol, action, reason, text, fired=tuple(fired.counting))


def _without_reason(
    candidate: TrainingCandidate, settings: Settings, fired: _FiredReasons
) -> Decision:
    """Why a symbol is left alone: busy, cooling down, chronic, or fine."""
    if fired.cooling:
        verdict, text = fired.cooling[0]
        if candidate.holder:  # perhaps the run that this reason started
            text = f"{candidate.holder} trains it; {verdict.text}"
            return Decision(candidate.symbol, PlannedAction.BUSY, verdict.reason, text)
        return Decision(candidate.symbol, PlannedAction.COOLDOWN, verdict.reason, text)
    if fired.chronic:
        verdict = fired.chronic[0]
        history = candidate.history(verdict.reason)
        why = why_chronic(verdict, history) or _why_spent(candidate, verdict, settings)
        text = f"chronic, left to the age limit ({why}); {verdict.text}"
        return Decision(candidate.symbol, PlannedAction.CHRONIC, verdict.reason, text)
    if candidate.withheld and not candidate.hold:
        text = f"its bars are doubted: {candidate.withheld}"
        return Decision(candidate.symbol, PlannedAction.DOUBT, "", text)
    hold = f"on hold: {candidate.hold}; " if candidate.hold else ""
    ages = (verdict.text for verdict in candidate.verdicts if verdict.reason == "age")
    text = hold + next(ages, "no trigger fires")
    return Decision(candidate.symbol, PlannedAction.FINE, "", text)


def _fired_reasons(
    candidate: TrainingCandidate, context: PlanningContext, settings: Settings
) -> _FiredReasons:
    """Verdicts that fire, or will before the next scheduled training, in the order of TRIGGERS."""
    verdicts = [verdict for verdict in candidate.verdicts if verdict.fired]
    if ahead := _age_ahead(candidate, context, settings):
        verdicts.append(ahead)
    reasons = _FiredReasons()
    for verdict in sorted(verdicts, key=lambda verdict: ORDER[verdict.reason]):
        history = candidate.history(verdict.reason)
        wait = cooldown(verdict.reason, history, context.now, settings)
        if why_chronic(verdict, history):
            reasons.chronic.append(verdict)
        elif wait and not _is_renewed(candidate, verdict, history, context):
            reasons.cooling.append((verdict, f"{wait}; {verdict.text}"))
        elif _why_spent(candidate, verdict, settings):
            reasons.chronic.append(verdict)
        else:
            reasons.counting.append(verdict)
    return reasons


def _age_ahead(
    candidate: TrainingCandidate, context: PlanningContext, settings: Settings
) -> TriggerVerdict | None:
    """The age verdict of a model that gets too old before the next scheduled training."""
    limit = settings.thresholds.max_model_age_days
    upcoming = context.next_auto_train
    age_days = candidate.age_days
    if upcoming is None or age_days is None or age_days > limit:
        return None
    then = age_days + (upcoming - context.now).total_seconds() / 86400
    if then <= limit:
        return None
    return TriggerVerdict(
        "age",
        f"{figures.number(age_days)} days old, {figures.number(then)} at the next scheduled"
        f" training (limit {limit} days)",
        fired=True,
        value=age_days,
        limit=limit,
        basis="calendar",
        severity=then / limit,
    )


def _is_renewed(
    candidate: TrainingCandidate,
    verdict: TriggerVerdict,
    history: ReasonHistory,
    context: PlanningContext,
) -> bool:
    """Whether training for age has published: the model is newer than its start."""
    if verdict.reason != "age" or candidate.age_days is None or history.trained_at is None:
        return False
    return candidate.age_days * 86400 <= (context.now - history.trained_at).total_seconds() + 1.0


def _obstacle(
    candidate: TrainingCandidate, context: PlanningContext, settings: Settings, reasons: set[str]
) -> tuple[PlannedAction, str] | None:
    """The action and the reason that stop a symbol from training now; None if nothing does."""
    if candidate.hold:
        return PlannedAction.HELD, f"on hold: {candidate.hold}"
    if context.outage and not candidate.trained_ahead:
        return PlannedAction.OUTAGE, "an outage: no symbol could be forecast"
    if candidate.bars_fault:
        return PlannedAction.NO_BARS, f"no fresh bars: {candidate.bars_fault}"
    if candidate.withheld:
        return PlannedAction.DOUBT, f"its bars are doubted: {candidate.withheld}"
    must = context.force or bool(reasons & {"missing", "corrupt"})
    lag = candidate.lag_sessions
    if lag > settings.watch.bar_lag_sessions and not (candidate.local and must):
        return PlannedAction.NO_BARS, f"bars end on {candidate.last_bar}, {lag} sessions behind"
    renewable = must or candidate.trained_ahead
    if candidate.last_bar and candidate.last_bar <= candidate.trained_to and not renewable:
        why = f"no bar since the one it was trained to ({candidate.trained_to})"
        return PlannedAction.NO_NEW_BARS, why
    if candidate.holder:
        return PlannedAction.BUSY, f"{candidate.holder} trains it"
    if context.market_open and not context.skip_market_hours:
        closing = context.closes_at
        closes = f" until {times.time_of_day(closing, seconds=False)}" if closing else ""
        return PlannedAction.WAITS, f"the market is open{closes}"
    return None


def _why_spent(candidate: TrainingCandidate, verdict: TriggerVerdict, settings: Settings) -> str:
    """Why a recurring reason is not trained for again this year; empty when it may be."""
    if not TRIGGERS[verdict.reason].yearly or candidate.spent < settings.watch.yearly_trainings:
        return ""
    return f"trained {candidate.spent} times within a year for performance or drift"


def _standing(candidate: TrainingCandidate, settings: Settings) -> Iterator[str]:
    """Chronic or spent reasons that do not fire now, but were not quiet for long enough."""
    for verdict in candidate.verdicts:
        history = candidate.history(verdict.reason)
        recent = history.fired_bar and history.quiet < settings.watch.new_sessions
        spent = history.trainings and recent and _why_spent(candidate, verdict, settings)
        if not verdict.fired and (history.chronic or spent):
            yield verdict.reason
