"""Automatic training: look at every symbol, let the planner decide, start the runs, write down
what was decided."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from engine.core.clock import Clock
from engine.core.errors import BusyError
from engine.core.paths import Home
from engine.core.records import StartedRun, TrainRequest
from engine.core.snapshot import PlannedAction
from engine.core.sources import has_report_dates
from engine.market.calendar import exchange_day, is_open, session_close
from engine.runs.spec import AUTOMATIC
from engine.runs.start import busy_symbols
from engine.settings.schema import Settings
from engine.watch import decisions as record
from engine.watch import earnings
from engine.watch.decisions import Histories
from engine.watch.facts import (
    BarLoader,
    SymbolInputs,
    candidate_of,
    facts_of,
    histories_of,
    observe,
)
from engine.watch.holds import holds
from engine.watch.planner import Decision, PlanningContext, decide_all
from engine.watch.reason_history import ReasonHistory, after_check
from engine.watch.trigger_facts import SymbolFacts, TriggerVerdict
from engine.watch.triggers import verdicts

Start = Callable[[TrainRequest], StartedRun]


@dataclass(frozen=True, slots=True)
class Assessment:
    """One symbol when it was looked at."""

    inputs: SymbolInputs
    facts: SymbolFacts
    verdicts: tuple[TriggerVerdict, ...]
    histories: Histories


@dataclass(frozen=True, slots=True)
class TrainingPlan:
    """What automatic training would do now."""

    assessments: dict[str, Assessment]
    decisions: tuple[Decision, ...]
    context: PlanningContext

    def symbols(self, action: PlannedAction) -> list[str]:
        """The symbols of the decisions of one kind."""
        return [decision.symbol for decision in self.doing(action)]

    def doing(self, action: PlannedAction) -> tuple[Decision, ...]:
        """The decisions of one kind."""
        return tuple(each for each in self.decisions if each.action is action)


def planning_context(now: datetime, **more: object) -> PlanningContext:
    """The moment as the planner sees it; the market is that of New York."""
    opened = is_open(now)
    closes = session_close(exchange_day(now)) if opened else None
    return PlanningContext(now=now, market_open=opened, closes_at=closes, **more)  # type: ignore[arg-type]


def assess(
    inputs: SymbolInputs, home: Home, settings: Settings, now: datetime, others: bool | None = None
) -> Assessment:
    """What is known of an observed symbol, and what every trigger says of it."""
    facts = facts_of(inputs, home, settings, now, others)
    return Assessment(
        inputs,
        facts,
        verdicts(facts, settings),
        histories_of(inputs, home, now, record.job_failed(home)),
    )


def plan_trainings(
    home: Home,
    settings: Settings,
    assessments: Iterable[Assessment],
    context: PlanningContext,
    clock: Clock,
    *,
    writes: bool = True,
) -> TrainingPlan:
    """Judge every look and decide;
    nothing is started, chronic reasons are written down when it `writes`."""
    held, kept = holds(home, clock), {}
    for each in assessments:
        after = {
            verdict.reason: after_check(
                each.histories.get(verdict.reason, ReasonHistory()),
                verdict,
                settings,
                each.inputs.last_bar,
            )
            for verdict in each.verdicts
        }
        if writes:
            record.write_histories(home, each.inputs.symbol, each.histories, after)
        kept[each.inputs.symbol] = Assessment(
            each.inputs, each.facts, each.verdicts, {**each.histories, **after}
        )
    holders, spent = (
        busy_symbols(home, kept),
        record.yearly_trainings(home, context.now, record.job_failed(home)),
    )
    candidates = [
        candidate_of(
            each.inputs,
            each.facts,
            each.verdicts,
            each.histories,
            settings,
            context.now,
            str(held.get(symbol, "")),
            holders.get(symbol, ""),
            spent[symbol],
        )
        for symbol, each in kept.items()
    ]
    return TrainingPlan(kept, decide_all(candidates, context, settings), context)


def assess_all(
    home: Home,
    settings: Settings,
    symbols: Iterable[str],
    source: str | None,
    clock: Clock,
    *,
    fetch: bool,
) -> tuple[list[Assessment], str]:
    """Every symbol looked at, its bars asked of the source when `fetch`;
    what failed beside it, in words."""
    symbols, now = tuple(symbols), clock.now()
    desk, fault = BarLoader(home, settings, clock, fetch), ""
    seen = [observe(desk, symbol, source) for symbol in symbols]
    if fetch and settings.watch.earnings and any(has_report_dates(each.source) for each in seen):
        fault = earnings.refresh(
            home, tuple(each.symbol for each in seen if has_report_dates(each.source)), clock
        )
    return [assess(each, home, settings, now) for each in seen], fault


def start(home: Home, plan: TrainingPlan, begin: Start, starter: str) -> tuple[StartedRun, ...]:
    """Start a run for each source among the decided symbols, and write down every decision;
    BusyError names no run."""
    started: list[StartedRun] = []
    runs: dict[str, str] = {}
    for source, group in _by_source(plan).items():
        reasons = tuple((each.symbol, f"{each.reason}: {each.text}"[:200]) for each in group)
        summary = ", ".join(sorted({each.reason for each in group}))
        request = TrainRequest(
            tuple(each.symbol for each in group),
            f"{AUTOMATIC}{summary}"[:200],
            source,
            starter=starter,
            reasons=reasons,
        )
        try:
            run = begin(request)
        except BusyError:
            continue
        started.append(run)
        for each in group:
            if each.symbol in run.symbols:
                runs[each.symbol] = run.run_id
                found = plan.assessments[each.symbol]
                record.record_training(
                    home,
                    each,
                    found.histories,
                    last_bar=found.inputs.last_bar,
                    now=plan.context.now,
                    run_id=run.run_id,
                )
    record.record_decisions(home, plan.decisions, plan.context, runs)
    return tuple(started)


def _by_source(plan: TrainingPlan) -> dict[str, list[Decision]]:
    groups: dict[str, list[Decision]] = {}
    for decision in plan.doing(PlannedAction.TRAIN):
        groups.setdefault(plan.assessments[decision.symbol].inputs.source, []).append(decision)
    return groups
