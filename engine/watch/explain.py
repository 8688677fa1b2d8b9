"""Why a symbol is or is not retrained: decision, verdicts, hold, earnings; writes nothing."""

from __future__ import annotations

from datetime import datetime

from engine.core.clock import Clock, parse_iso
from engine.core.paths import Home
from engine.core.sources import has_report_dates, is_simulated
from engine.core.symbol_details import (
    EarningsReport,
    RetrainExplanation,
    SignalReport,
    StandingHold,
    TriggerReport,
)
from engine.market.calendar import exchange_day
from engine.market.report_dates import report_dates
from engine.schedule.upcoming import next_auto_train
from engine.settings.schema import Settings
from engine.watch.assessment import Assessment, assess_all
from engine.watch.auto_train import plan_trainings, planning_context
from engine.watch.holds import holds
from engine.watch.reason_history import ReasonHistory
from engine.watch.report import last_checks
from engine.watch.trigger_facts import SymbolFacts, TriggerVerdict


def explain_retraining(
    home: Home, settings: Settings, symbol: str, source: str | None, clock: Clock
) -> RetrainExplanation:
    """Why `symbol` will or will not be retrained; StockmlError when history.db cannot be read."""
    assessments = assess_all(home, settings, (symbol,), source, clock, fetch=False)
    upcoming = next_auto_train(home, clock.now())
    context = planning_context(clock.now(), next_auto_train=upcoming)
    plan = plan_trainings(home, settings, assessments, context, clock, writes=False)
    (decision,), assessment = plan.decisions, plan.assessments[symbol]
    hold, last_check = holds(home, clock).get(symbol), last_checks(home).get(symbol)
    return RetrainExplanation(
        action=decision.action,
        reason=decision.reason,
        text=decision.text,
        hold=StandingHold(hold.reason, hold.since, str(hold.until or "")) if hold else None,
        verdicts=tuple(_verdict(verdict, assessment) for verdict in assessment.verdicts),
        signals=_signals(assessment.facts),
        earnings=_earnings(home, settings, assessment, clock.now()),
        next_auto_train=upcoming,
        checked_at=parse_iso(last_check.at) if last_check else None,
    )


def _verdict(verdict: TriggerVerdict, assessment: Assessment) -> TriggerReport:
    """A verdict and the history of its reason."""
    history = assessment.histories.get(verdict.reason, ReasonHistory())
    return TriggerReport(
        reason=verdict.reason,
        fired=verdict.fired,
        text=verdict.text,
        trainings=history.trainings,
        trained_at=history.trained_at,
        chronic=history.chronic,
    )


def _signals(facts: SymbolFacts) -> tuple[SignalReport, ...]:
    """Every volatility and drift figure with its limit, whether or not it exceeds it."""
    named = [
        ("move" if signal.name == "move" else "volatility", signal) for signal in facts.volatility
    ]
    named += [("drift", signal) for signal in facts.drift]
    return tuple(
        SignalReport(reason, bool(signal.value > signal.limit), signal.text)
        for reason, signal in named
    )


def _earnings(
    home: Home, settings: Settings, assessment: Assessment, now: datetime
) -> EarningsReport:
    """The known releases and where they come from."""
    inputs = assessment.inputs
    if is_simulated(inputs.source):
        return EarningsReport()
    dates = report_dates(home, settings, inputs.source, inputs.symbol, now)
    if not settings.watch.earnings or not (dates.reports or has_report_dates(inputs.source)):
        return EarningsReport()
    today = exchange_day(now)
    newest = dates.newest_release(today)
    coming = next((each.day for each in dates.reports if each.day > today), None)
    return EarningsReport(
        covered=True,
        newest=str(newest.day if newest else ""),
        coming=str(coming or ""),
        fetched_at=dates.looked_up_at,
        origin=dates.origin,
    )
