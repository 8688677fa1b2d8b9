"""Planner: which symbols to train now, in which order, and why not the others; pure functions.

What keeps a symbol from being trained for ever: a cooldown for each symbol and reason;
`new_sessions` newly scored sessions before a performance reason counts again; `chronic`, for a
reason that trainings do not mend; and no more than `yearly_trainings` for performance or drift
in a year. What is chronic or spent is shown and left to the age limit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from engine.core.snapshot import PlannedAction
from engine.core.symbols import Priority
from engine.settings.schema import Settings
from engine.watch.triggers import TRIGGERS, TriggerVerdict

YEAR = timedelta(days=365)
_NAIVE_TOO = "the naive forecast breaks the same limit on the same sessions"


@dataclass(frozen=True, slots=True)
class ReasonHistory:
    """What became of one reason for one symbol."""

    trainings: int = 0
    """Trainings in a row that did not help."""
    at: datetime | None = None
    last_bar: str = ""
    """The symbol's last bar when it was last trained for this reason."""
    failed: bool = False
    """Whether that training failed, was cancelled or lost."""
    sessions: int = 0
    """Sessions newly scored since."""
    chronic: str = ""
    """Why it is chronic; empty while it is not."""
    fired_bar: str = ""
    """The symbol's last bar when it last fired."""
    quiet: int = 0
    """Sessions since then."""


@dataclass(frozen=True, slots=True)
class TrainingCandidate:
    """One symbol as the planner sees it."""

    symbol: str
    priority: Priority
    verdicts: tuple[TriggerVerdict, ...]
    histories: dict[str, ReasonHistory]
    age_days: float | None = None
    trained_to: str = ""
    last_bar: str = ""
    lag_sessions: int = 0
    """Complete sessions that the bars lack."""
    bars_fault: str = ""
    """Why there are no bars; empty when there are."""
    local: bool = False
    """Whether the bars come from a folder or a simulation, which no fetch makes fresher."""
    hold: str = ""
    holder: str = ""
    spent: int = 0
    """Trainings for performance or drift within the last YEAR."""
    newer: str = ""
    """What is said of a model file that a newer stockml made; empty for any other."""


@dataclass(frozen=True, slots=True)
class PlanningContext:
    """When and how the planner is asked."""

    now: datetime
    market_open: bool = False
    closes_at: datetime | None = None
    force: bool = False
    skip_market_hours: bool = False
    next_auto_train: datetime | None = None
    """The next scheduled `auto-train`; a model that passes its age limit before it is taken now."""
    outage: bool = False
    """Whether no symbol at all could be forecast."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do with one symbol, and why."""

    symbol: str
    action: PlannedAction
    reason: str = ""
    text: str = ""
    fired: tuple[TriggerVerdict, ...] = ()
    """The verdicts a training is for."""
    chronic: tuple[TriggerVerdict, ...] = ()
    standing: tuple[str, ...] = ()
    """Reasons that were chronic and do not fire now, but have not stayed away for `new_sessions`
    yet."""


def decide_all(
    candidates: Iterable[TrainingCandidate], context: PlanningContext, settings: Settings
) -> tuple[Decision, ...]:
    """A decision a symbol: those to train first, by priority and then the worst first, the
    others in the given order."""
    decided = [(each, decide(each, context, settings)) for each in candidates]
    train = [pair for pair in decided if pair[1].action is PlannedAction.TRAIN]
    train.sort(key=lambda pair: _order(*pair))
    return tuple(
        decision
        for _, decision in (
            *train,
            *(pair for pair in decided if pair[1].action is not PlannedAction.TRAIN),
        )
    )


def _order(candidate: TrainingCandidate, decision: Decision) -> tuple[float, ...]:
    worst = max((verdict.severity for verdict in decision.fired), default=0.0)
    return (candidate.priority.rank, -worst, -(candidate.age_days or 0.0))


def decide(candidate: TrainingCandidate, context: PlanningContext, settings: Settings) -> Decision:
    """The decision for one symbol: a reason that counts first, then what stands in its way."""
    return replace(_decided(candidate, context, settings), standing=_standing(candidate, settings))


def _decided(
    candidate: TrainingCandidate, context: PlanningContext, settings: Settings
) -> Decision:
    symbol = candidate.symbol
    if candidate.newer:
        text = f"{candidate.newer}; only a person replaces it: `stockml train {symbol}`"
        return Decision(symbol, PlannedAction.NEWER, "", text)
    counting, chronic, cooling = _sorted_out(candidate, context, settings)
    if not counting and not context.force:
        if (
            cooling and candidate.holder
        ):  # the run that the reason started may be the one that is at it
            verdict = cooling[0][0]
            return Decision(
                symbol,
                PlannedAction.BUSY,
                verdict.reason,
                f"{candidate.holder} trains it; {verdict.text}",
                chronic=chronic,
            )
        if cooling:
            return Decision(
                symbol, PlannedAction.COOLDOWN, cooling[0][0].reason, cooling[0][1], chronic=chronic
            )
        if chronic:
            text = _chronic_text(candidate, chronic[0], settings)
            return Decision(symbol, PlannedAction.CHRONIC, chronic[0].reason, text, chronic=chronic)
        held = f"on hold: {candidate.hold}; " if candidate.hold else ""
        return Decision(symbol, PlannedAction.FINE, "", held + _fine(candidate))
    reason = counting[0].reason if counting else "forced"
    text = "; ".join(verdict.text for verdict in counting) or "forced: every symbol is trained"
    blocked = _in_the_way(candidate, context, settings, {verdict.reason for verdict in counting})
    if blocked is not None:
        action, why = blocked
        return Decision(symbol, action, reason, f"{why}; {text}", counting, chronic)
    return Decision(symbol, PlannedAction.TRAIN, reason, text, counting, chronic)


def _sorted_out(
    candidate: TrainingCandidate, context: PlanningContext, settings: Settings
) -> tuple[
    tuple[TriggerVerdict, ...], tuple[TriggerVerdict, ...], list[tuple[TriggerVerdict, str]]
]:
    """The fired verdicts that count, the chronic ones, and those that cool down with the words
    for it."""
    counting, chronic, cooling = [], [], []
    found = (
        *(each for each in candidate.verdicts if each.fired),
        *_ahead(candidate, context, settings),
    )
    for verdict in sorted(found, key=lambda each: list(TRIGGERS).index(each.reason)):
        past = candidate.histories.get(verdict.reason, ReasonHistory())
        if _chronic(verdict, past):
            chronic.append(verdict)
        elif (wait := cooldown(verdict.reason, past, context.now, settings)) and not _renewed(
            candidate, verdict, past, context
        ):
            cooling.append((verdict, f"{wait}; {verdict.text}"))
        elif _spent(candidate, verdict, settings):
            chronic.append(verdict)
        else:
            counting.append(verdict)
    return tuple(counting), tuple(chronic), cooling


def _ahead(
    candidate: TrainingCandidate, context: PlanningContext, settings: Settings
) -> tuple[TriggerVerdict, ...]:
    """The age verdict of a model that is young enough now and too old before the next scheduled
    training."""
    limit, upcoming = settings.thresholds.max_model_age_days, context.next_auto_train
    if upcoming is None or candidate.age_days is None or candidate.age_days > limit:
        return ()
    then = candidate.age_days + (upcoming - context.now).total_seconds() / 86400
    if then <= limit:
        return ()
    text = (
        f"{candidate.age_days:.1f} days old, {then:.1f} at the next scheduled training (limit"
        f" {limit} days)"
    )
    return (
        TriggerVerdict(
            "age", True, text, candidate.age_days, limit, 0, "calendar", "", False, then / limit
        ),
    )


def cooldown(reason: str, past: ReasonHistory, now: datetime, settings: Settings) -> str:
    """Why a fired reason does not count yet, in words; empty when it does."""
    if past.at is None:
        return ""
    trigger, watch = TRIGGERS[reason], settings.watch
    brief = trigger.urgent or past.failed
    wait = timedelta(hours=watch.retry_hours) if brief else timedelta(days=watch.cooldown_days)
    if now - past.at < wait:
        until = (past.at + wait).astimezone()
        return (
            f"trained for it on {past.at.astimezone():%b %d %H:%M}, again from"
            f" {until:%b %d %H:%M} on"
        )
    if trigger.performance and not past.failed and past.sessions < watch.new_sessions:
        return (
            f"only {past.sessions} of {watch.new_sessions} new sessions since it was trained for"
            " this"
        )
    return ""


def _renewed(
    candidate: TrainingCandidate,
    verdict: TriggerVerdict,
    past: ReasonHistory,
    context: PlanningContext,
) -> bool:
    """Whether the model is newer than the training for its age: then that training has done its
    work."""
    if verdict.reason != "age" or candidate.age_days is None or past.at is None:
        return False
    return candidate.age_days * 86400 <= (context.now - past.at).total_seconds() + 1.0


def _in_the_way(
    candidate: TrainingCandidate, context: PlanningContext, settings: Settings, reasons: set[str]
) -> tuple[PlannedAction, str] | None:
    if candidate.hold:
        return PlannedAction.HELD, f"on hold: {candidate.hold}"
    if context.outage:
        return PlannedAction.OUTAGE, "an outage: no symbol could be forecast"
    if candidate.bars_fault:
        return PlannedAction.NO_BARS, f"no fresh bars: {candidate.bars_fault}"
    must = context.force or bool(reasons & {"missing", "corrupt"})
    if candidate.lag_sessions > settings.watch.bar_lag_sessions and not (candidate.local and must):
        return (
            PlannedAction.NO_BARS,
            f"bars end on {candidate.last_bar}, {candidate.lag_sessions} sessions behind",
        )
    if candidate.last_bar and candidate.last_bar <= candidate.trained_to and not must:
        return (
            PlannedAction.NO_NEW_BARS,
            f"no bar since the one it was trained to ({candidate.trained_to})",
        )
    if candidate.holder:
        return PlannedAction.BUSY, f"{candidate.holder} trains it"
    if context.market_open and not context.skip_market_hours:
        closes = f" until {context.closes_at.astimezone():%H:%M}" if context.closes_at else ""
        return PlannedAction.WAITS, f"the market is open{closes}"
    return None


def _chronic(verdict: TriggerVerdict, past: ReasonHistory) -> str:
    """Why a training would not mend a fired reason; empty when it may."""
    return past.chronic or (
        _NAIVE_TOO if verdict.unfixable and TRIGGERS[verdict.reason].performance else ""
    )


def _spent(candidate: TrainingCandidate, verdict: TriggerVerdict, settings: Settings) -> str:
    """Why a reason that comes back, and has cooled down, is not trained for again this year;
    empty when it may be."""
    if not TRIGGERS[verdict.reason].yearly or candidate.spent < settings.watch.yearly_trainings:
        return ""
    return f"trained {candidate.spent} times within a year for performance or drift"


def _standing(candidate: TrainingCandidate, settings: Settings) -> tuple[str, ...]:
    found = []
    for verdict in candidate.verdicts:
        past = candidate.histories.get(verdict.reason, ReasonHistory())
        near = past.trainings and past.fired_bar and past.quiet < settings.watch.new_sessions
        if not verdict.fired and (past.chronic or (near and _spent(candidate, verdict, settings))):
            found.append(verdict.reason)
    return tuple(found)


def _chronic_text(candidate: TrainingCandidate, verdict: TriggerVerdict, settings: Settings) -> str:
    why = _chronic(verdict, candidate.histories.get(verdict.reason, ReasonHistory())) or _spent(
        candidate, verdict, settings
    )
    return f"chronic, left to the age limit ({why}); {verdict.text}"


def _fine(candidate: TrainingCandidate) -> str:
    return next(
        (verdict.text for verdict in candidate.verdicts if verdict.reason == "age"),
        "no trigger fires",
    )


def started(past: ReasonHistory, now: datetime, last_bar: str) -> ReasonHistory:
    """The record of a reason after a training for it was started: one more that is yet to help."""
    return ReasonHistory(
        past.trainings + (0 if past.failed else 1),
        now,
        last_bar,
        chronic=past.chronic,
        fired_bar=past.fired_bar,
    )


def judged(
    past: ReasonHistory, verdict: TriggerVerdict, settings: Settings, last_bar: str = ""
) -> ReasonHistory:
    """The record of a reason after a check on bars up to `last_bar`.

    It is cleared once `new_sessions` passed without the reason, for a figure that hovers around
    its limit has not got well; it is chronic when trainings do not help.
    """
    if not TRIGGERS[verdict.reason].performance:
        return past
    waited = past.at is None or past.sessions >= settings.watch.new_sessions
    if not verdict.fired:
        calm = not past.fired_bar or past.quiet >= settings.watch.new_sessions
        return replace(past, trainings=0, chronic="") if waited and calm else past
    past = replace(past, fired_bar=last_bar or past.fired_bar, quiet=0)
    if past.chronic:
        return past
    if verdict.unfixable:
        return replace(past, chronic=_NAIVE_TOO)
    if waited and past.trainings >= settings.watch.chronic_after:
        return replace(past, chronic=f"{past.trainings} trainings did not help")
    return past


def is_held(until: date | None, today: date) -> bool:
    """Whether a hold that ends with `until` (None: never) still stands on `today`."""
    return until is None or today <= until
