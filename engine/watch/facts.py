"""Facts of one symbol for triggers and planner, from model, bars, ledger and checks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from engine.core.clock import days_since, is_ahead
from engine.core.doubts import withheld_reason
from engine.core.history import reading
from engine.core.paths import Home
from engine.core.records import Metrics
from engine.core.sources import is_simulated, parse_source
from engine.market.calendar import exchange_day, iter_sessions
from engine.market.report_dates import report_dates
from engine.market.staleness import bars_behind
from engine.settings.schema import Settings
from engine.watch import ledger
from engine.watch.decisions import Histories, JobFailed, read_histories
from engine.watch.planner import TrainingCandidate
from engine.watch.schema import SCHEMA
from engine.watch.symbol_inputs import SymbolInputs
from engine.watch.trigger_facts import Live, ModelFile, Signal, SymbolFacts, TriggerVerdict
from engine.words import times

PAST_CHECKS = 60
"""Newest checks of a symbol that are read."""


@dataclass(frozen=True, slots=True)
class PastChecks:
    """Results of one symbol's earlier checks."""

    confidences: tuple[tuple[str, float], ...] = ()
    """(last bar, confidence), newest first."""
    failures: int = 0
    """Newest checks in a row that its own model failed."""


def past_checks(home: Home, symbol: str, source: str) -> PastChecks:
    """The confidence on each different last bar, and the failures since the last success."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return PastChecks()
        rows = connection.execute(
            "SELECT last_bar, confidence, fault FROM watch_checks WHERE symbol=? AND source=?"
            " ORDER BY id DESC LIMIT ?",
            (symbol, source, PAST_CHECKS),
        ).fetchall()
        confidences: dict[str, float] = {}
        for last_bar, confidence, _ in rows:
            if last_bar and confidence is not None:
                confidences.setdefault(str(last_bar), float(confidence))
    failures = 0
    for _, _, fault in rows:
        if fault != "model":
            break
        failures += 1
    return PastChecks(tuple(confidences.items()), failures)


def others_answer(home: Home, symbol: str) -> bool:
    """Whether the newest check of some other symbol was answered; True before the first check."""
    with reading(home, SCHEMA) as connection:
        if connection is None:
            return True
        rows = connection.execute(
            "SELECT fault FROM watch_checks WHERE id IN (SELECT MAX(id) FROM watch_checks WHERE"
            " symbol<>? GROUP BY symbol)",
            (symbol,),
        ).fetchall()
    return not rows or any(fault == "" for (fault,) in rows)


def facts_of(
    inputs: SymbolInputs, home: Home, settings: Settings, now: datetime, others: bool | None = None
) -> SymbolFacts:
    """The facts of one symbol; `others` None reads from the checks whether other symbols answer."""
    symbol = inputs.symbol
    status = inputs.status
    model = status.model if status else None
    scored = ledger.scored(home, symbol, inputs.source)
    live = ledger.live_of(scored, settings.watch.live_window)
    heldout = model.metrics if model else Metrics()
    checks = past_checks(home, symbol, inputs.source)
    signals = _signals(inputs, live, heldout, settings)
    return SymbolFacts(
        symbol=symbol,
        model=ModelFile(status.kind) if status else ModelFile.NONE,
        problem=status.problem if status else "",
        age_days=days_since(model.trained_at, now) if model else None,
        age_sessions=_sessions_since(model.trained_at, now) if model else None,
        trained_ahead=_if_ahead(model.trained_at, now) if model else "",
        trained_to=inputs.trained_to,
        last_bar=inputs.last_bar,
        heldout=heldout,
        live=live,
        confidences=tuple(
            (bar, confidence)
            for bar, confidence in checks.confidences
            if bar not in signals.report_eves
        ),
        naive_within=signals.naive_within,
        failures=checks.failures,
        others_answer=others_answer(home, symbol) if others is None else others,
        volatility=signals.volatility,
        drift=signals.drift,
        earnings=_newest_release(inputs, home, settings, now),
    )


def _newest_release(
    inputs: SymbolInputs, home: Home, settings: Settings, now: datetime
) -> date | None:
    """The day of the newest report that came out; those of a simulated market are no reason."""
    if not settings.watch.earnings or is_simulated(inputs.source):
        return None
    dates = report_dates(home, settings, inputs.source, inputs.symbol, now)
    newest = dates.newest_release(exchange_day(now))
    return newest.day if newest else None


@dataclass(frozen=True, slots=True)
class _BarSignals:
    """Signals of the bars; empty without bars or a model."""

    volatility: tuple[Signal, ...] = ()
    drift: tuple[Signal, ...] = ()
    naive_within: float | None = None
    report_eves: frozenset[str] = frozenset()
    """Last bars whose confidence is low for the report of the next session alone."""


def _signals(inputs: SymbolInputs, live: Live, heldout: Metrics, settings: Settings) -> _BarSignals:
    if inputs.bars is None or not inputs.trained_to:
        return _BarSignals()
    from engine.watch.signals import drift_signals, report_eves, volatility_signals, within_share

    record = (heldout.direction_accuracy, heldout.n_scored)
    return _BarSignals(
        volatility_signals(inputs.bars, inputs.market, inputs.trained_to, settings.watch),
        drift_signals(inputs.bars, live, record, settings.watch, inputs.market),
        within_share(inputs.bars.close, settings.thresholds.max_mape),
        report_eves(inputs.bars),
    )


def _sessions_since(trained_at: datetime, now: datetime) -> int | None:
    """The sessions since a training; None for one ahead of `now`."""
    if is_ahead(trained_at, now):
        return None
    return sessions_after(exchange_day(trained_at), exchange_day(now))


def _if_ahead(moment: datetime, now: datetime) -> str:
    return times.moment(moment) if is_ahead(moment, now) else ""


def sessions_after(day: date, today: date) -> int:
    """The sessions after `day` up to `today`."""
    return sum(session > day for session in iter_sessions(day, today))


def histories_of(inputs: SymbolInputs, home: Home, now: datetime, failed: JobFailed) -> Histories:
    """Each reason's history; sessions are scored forecasts if there are any, else bars."""
    scored = ledger.scored(home, inputs.symbol, inputs.source)

    def sessions_since(day: str) -> int:
        if scored:
            return sum(forecast.target > day for forecast in scored)
        return sessions_after(date.fromisoformat(day), exchange_day(now))

    return read_histories(home, inputs.symbol, sessions_since, failed)


def candidate_of(
    inputs: SymbolInputs,
    facts: SymbolFacts,
    verdicts: tuple[TriggerVerdict, ...],
    histories: Histories,
    *,
    settings: Settings,
    now: datetime,
    hold: str,
    holder: str,
    spent: int,
) -> TrainingCandidate:
    """The symbol as the planner sees it."""
    last_bar = inputs.last_bar
    settle_minutes = settings.market.settle_minutes
    return TrainingCandidate(
        inputs.symbol,
        settings.symbols[inputs.symbol].priority,
        verdicts,
        histories,
        age_days=facts.age_days,
        trained_ahead=bool(facts.trained_ahead),
        trained_to=inputs.trained_to,
        last_bar=last_bar,
        lag_sessions=bars_behind(last_bar, now, settle_minutes) if last_bar else 0,
        bars_fault=inputs.fault,
        local=not parse_source(inputs.source).needs_network,
        hold=hold,
        withheld=withheld_reason(inputs.bars.doubts) if inputs.bars is not None else "",
        holder=holder,
        spent=spent,
        newer=facts.problem if facts.model is ModelFile.NEWER else "",
    )
