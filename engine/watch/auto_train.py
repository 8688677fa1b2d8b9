"""Automatic training: plan from assessments, start runs, record decisions."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any

from engine.core.clock import Clock
from engine.core.errors import BusyError
from engine.core.paths import Home
from engine.core.records import StartedRun, TrainRequest
from engine.core.snapshot import PlannedAction
from engine.market.calendar import exchange_day, is_open, session_close
from engine.runs.spec import AUTOMATIC
from engine.runs.start import busy_symbols
from engine.settings.schema import Settings
from engine.watch.assessment import Assessment
from engine.watch.check_report import TrainingPlan
from engine.watch.decisions import (
    job_failed,
    record_decisions,
    record_training,
    write_histories,
    yearly_trainings,
)
from engine.watch.facts import candidate_of
from engine.watch.holds import holds
from engine.watch.planner import PlanningContext, decide_all
from engine.watch.records import Decision

Start = Callable[[TrainRequest], StartedRun]
MAX_REASON = 200
"""Characters of a run's reason."""


def planning_context(now: datetime, **more: object) -> PlanningContext:
    """The planner's view of the present; market hours are New York's."""
    market_open = is_open(now)
    closes_at = session_close(exchange_day(now)) if market_open else None
    market: dict[str, Any] = {"market_open": market_open, "closes_at": closes_at, **more}
    return PlanningContext(now, **market)


def plan_trainings(
    home: Home,
    settings: Settings,
    assessments: Iterable[Assessment],
    context: PlanningContext,
    clock: Clock,
    *,
    writes: bool = True,
) -> TrainingPlan:
    """Decide on every symbol without starting runs; stores histories if it `writes`."""
    checked: dict[str, Assessment] = {}
    for before in assessments:
        after = before.after_check(settings)
        if writes:
            write_histories(home, before.symbol, before.histories, after.histories)
        checked[before.symbol] = after
    on_hold = holds(home, clock)
    holders = busy_symbols(home, checked)
    spent = yearly_trainings(home, context.now, job_failed(home))
    candidates = [
        candidate_of(
            assessment.inputs,
            assessment.facts,
            assessment.verdicts,
            assessment.histories,
            settings=settings,
            now=context.now,
            hold=str(on_hold.get(symbol, "")),
            holder=holders.get(symbol, ""),
            spent=spent[symbol],
        )
        for symbol, assessment in checked.items()
    ]
    return TrainingPlan(checked, decide_all(candidates, context, settings), context)


def start(home: Home, plan: TrainingPlan, begin: Start, starter: str) -> tuple[StartedRun, ...]:
    """Start a run per source, unless all its symbols are busy, and record every decision."""
    started: list[StartedRun] = []
    runs: dict[str, str] = {}
    for source, decisions in _by_source(plan).items():
        try:
            run = begin(_request(source, decisions, starter))
        except BusyError:
            continue
        started.append(run)
        for decision in decisions:
            if decision.symbol in run.symbols:
                runs[decision.symbol] = run.run_id
                _record(home, plan, decision, run.run_id)
    record_decisions(home, plan.decisions, plan.context, runs)
    return tuple(started)


def _request(source: str, decisions: list[Decision], starter: str) -> TrainRequest:
    summary = ", ".join(sorted({decision.reason for decision in decisions}))
    return TrainRequest(
        tuple(decision.symbol for decision in decisions),
        f"{AUTOMATIC}{summary}"[:MAX_REASON],
        source,
        starter=starter,
        reasons=tuple(
            (decision.symbol, f"{decision.reason}: {decision.text}"[:MAX_REASON])
            for decision in decisions
        ),
    )


def _record(home: Home, plan: TrainingPlan, decision: Decision, run_id: str) -> None:
    assessment = plan.assessments[decision.symbol]
    record_training(
        home,
        decision,
        assessment.histories,
        last_bar=assessment.inputs.last_bar,
        now=plan.context.now,
        run_id=run_id,
    )


def _by_source(plan: TrainingPlan) -> dict[str, list[Decision]]:
    groups: dict[str, list[Decision]] = {}
    for decision in plan.decisions:
        if decision.action is PlannedAction.TRAIN:
            source = plan.assessments[decision.symbol].inputs.source
            groups.setdefault(source, []).append(decision)
    return groups
