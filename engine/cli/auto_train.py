"""`auto-train`, `hold`, `unhold`: train by reason, and exclude symbols from it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

from engine.cli import documents, render
from engine.cli.follow import Interrupts, follow, left_words, make_view
from engine.cli.session import Session
from engine.cli.train import terminal_width
from engine.core.days import parse_day
from engine.core.errors import ExitCode
from engine.core.exits import exit_code
from engine.core.records import Job, Run, StartedRun
from engine.core.snapshot import PlannedAction
from engine.core.sources import is_simulated
from engine.watch.check_report import TrainingPlan
from engine.watch.records import Decision
from engine.watch.trigger_facts import TriggerVerdict
from engine.words import figures
from engine.words.runs import failures_line
from engine.words.sources import NOT_REAL
from engine.words.tables import columns, text_table

COLUMNS = columns(("SYMBOL", "DECISION", "REASON", "WHY"))
_LEFT_OUT = (PlannedAction.BUSY, PlannedAction.NO_BARS)


def symbol_list(session: Session, text: str | None) -> tuple[str, ...]:
    """The symbols of `--symbols "NVDA TSLA"`; all configured ones without it."""
    return session.symbols(text.replace(",", " ").split() if text else ())


def auto_train(
    session: Session,
    force: bool,
    skip_market_hours: bool,
    symbols: str | None,
    dry_run: bool,
    detach: bool,
) -> int:
    """Train every symbol with a reason to, and follow the runs."""
    names = symbol_list(session, symbols)
    if not skip_market_hours and not dry_run:
        session.engine.watch.refuse_while_open()
    plan = session.engine.watch.auto_plan(names, force=force, skip_market_hours=skip_market_hours)
    if not session.json:
        _print_plan(session, plan)
    if dry_run:
        if session.json:
            session.document({"decisions": decision_trees(plan)})
        return ExitCode.DONE
    with Interrupts() as interrupts:
        started_runs = session.engine.watch.auto_train(
            plan, f"stockml auto-train, pid {os.getpid()}"
        )
        runs = []
        if not detach:
            runs = [_followed(session, started, interrupts) for started in started_runs]
        return _report_end(session, plan, started_runs, runs, interrupts.count > 0)


def _print_plan(session: Session, plan: TrainingPlan) -> None:
    if any(is_simulated(assessment.inputs.source) for assessment in plan.assessments.values()):
        session.facts([NOT_REAL])
    session.facts(decision_table(plan.decisions, terminal_width()))


def _followed(session: Session, started: StartedRun, interrupts: Interrupts) -> Run:
    if started.workers:
        session.say(started.workers)
    view = make_view(session.narration, session.say)
    return follow(session.engine, started.run_id, view, interrupts)


def _report_end(
    session: Session,
    plan: TrainingPlan,
    started_runs: tuple[StartedRun, ...],
    runs: list[Run],
    interrupted: bool,
) -> int:
    jobs = [job for run in runs for job in run.jobs]
    for run in runs:
        if run.live:
            session.note(left_words(run))
    code = _exit_code(plan, jobs, bool(started_runs), interrupted)
    if session.json:
        run_trees = [documents.run_tree(run) for run in runs]
        session.document(
            {
                "decisions": decision_trees(plan),
                "runs": run_trees or [{"id": started.run_id} for started in started_runs],
                "exit_code": int(code),
            }
        )
    elif jobs:
        simulated = any(is_simulated(run.source) for run in runs)
        session.facts(["", *render.result_table(jobs, (), terminal_width(), simulated=simulated)])
    else:
        session.facts(started_lines(started_runs) or ["nothing to train"])
    if code is not ExitCode.DONE and (problem := failures_line(jobs) or _not_trained(plan)):
        session.note(problem)
    return code


def started_lines(started_runs: Iterable[StartedRun]) -> list[str]:
    """One line for each run that was started."""
    return [f"run {run.run_id} trains {' '.join(run.symbols)}" for run in started_runs]


def _left_out(plan: TrainingPlan) -> list[Decision]:
    """The symbols not trained because of another process or missing bars."""
    return [decision for decision in plan.decisions if decision.action in _LEFT_OUT]


def _not_trained(plan: TrainingPlan) -> str:
    """The skipped symbols, and the reason of the first."""
    decisions = _left_out(plan)
    if not decisions:
        return ""
    symbols = " ".join(decision.symbol for decision in decisions)
    return f"not trained: {symbols}: {decisions[0].text}"


def _exit_code(
    plan: TrainingPlan, jobs: list[Job], any_started: bool, interrupted: bool
) -> ExitCode:
    """A refusal exits as done, missing bars as no data; busy only if nothing was trained."""
    code = exit_code(jobs, interrupted=interrupted)
    if code not in (ExitCode.DONE, ExitCode.REFUSED):
        return code
    left_out = [decision.action for decision in _left_out(plan)]
    if PlannedAction.NO_BARS in left_out:
        return ExitCode.NO_DATA
    return ExitCode.BUSY if left_out and not jobs and not any_started else ExitCode.DONE


def decision_table(decisions: Iterable[Decision], width: int | None) -> list[str]:
    """Symbol, decision, reason and its text."""
    rows = [
        (
            decision.symbol,
            str(decision.action),
            decision.reason or figures.ABSENT,
            decision.text,
        )
        for decision in decisions
    ]
    return text_table(COLUMNS, rows, width, fold=True)


def decision_trees(plan: TrainingPlan) -> list[dict[str, Any]]:
    """The decisions of a plan as JSON."""
    return [decision_tree(decision) for decision in plan.decisions]


def decision_tree(decision: Decision) -> dict[str, Any]:
    """A decision as JSON."""
    return {
        "symbol": decision.symbol,
        "decision": str(decision.action),
        "reason": decision.reason or None,
        "text": decision.text,
        "fired": [verdict_tree(verdict) for verdict in decision.fired],
        "chronic": [verdict.reason for verdict in decision.chronic],
    }


def verdict_tree(verdict: TriggerVerdict) -> dict[str, Any]:
    """A verdict as JSON."""
    return {
        "reason": verdict.reason,
        "fired": verdict.fired,
        "value": verdict.value,
        "limit": verdict.limit,
        "n": verdict.n,
        "basis": verdict.basis or None,
        "window": verdict.window or None,
        "text": verdict.text,
    }


def hold(session: Session, symbol: str, until: str | None, reason: str) -> int:
    """Stop automatic training of a symbol; `train` still trains it."""
    (name,) = session.symbols((symbol,))
    today = session.engine.clock.now().astimezone().date()
    last_day = parse_day(until, today) if until else None
    placed_hold = session.engine.watch.hold(name, reason, last_day)
    session.say(f"{name} is on hold: {placed_hold}")
    return ExitCode.DONE


def unhold(session: Session, symbol: str) -> int:
    """Resume automatic training of a symbol."""
    (name,) = session.symbols((symbol,))
    session.engine.watch.unhold(name)
    session.say(f"{name} is trained automatically again")
    return ExitCode.DONE
