"""`auto-train`, `hold`, `unhold`: training by reason, and the symbols that are left out of it."""

from __future__ import annotations

import os
from datetime import date
from typing import Any

from engine.cli import documents, render
from engine.cli.exits import exit_code, gone_wrong
from engine.cli.follow import Interrupts, follow, left_words, make_view
from engine.cli.session import Session
from engine.cli.train import terminal_width
from engine.core.errors import ExitCode, RefusedError, UsageError
from engine.core.records import PlannedAction, Run, Started
from engine.core.sources import is_simulated
from engine.core.text import clean
from engine.watch.auto_train import TrainingPlan, planning_context
from engine.watch.planner import Decision

HEADS = ("SYMBOL", "DECISION", "REASON", "WHY")
_FEWER = (PlannedAction.BUSY, PlannedAction.NO_BARS)


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
    """Train every symbol that has a reason to be trained: age, accuracy, error, confidence,
    failures, events, drift."""
    names = symbol_list(session, symbols)
    now = planning_context(session.engine.clock.now())
    if now.market_open and not skip_market_hours and not dry_run:
        raise RefusedError(
            f"the market is open until {now.closes_at.astimezone():%H:%M}"
            if now.closes_at
            else "the market is open",
            "wait for the close, or --skip-market-hours",
        )
    prepared = session.engine.auto_plan(names, force=force, skip_market_hours=skip_market_hours)
    if not session.json:
        simulated = any(
            is_simulated(assessment.inputs.source) for assessment in prepared.assessments.values()
        )
        session.facts([f"{render.SIMULATED}: not real prices"] if simulated else [])
        session.facts(decision_table(prepared.decisions, terminal_width()))
    if dry_run:
        return _dry(session, prepared)
    with Interrupts() as interrupts:
        started = session.engine.auto_train(prepared, f"stockml auto-train, pid {os.getpid()}")
        runs = [] if detach else [_followed(session, each, interrupts) for each in started]
        return _ended(session, prepared, started, runs, interrupts.count > 0)


def _followed(session: Session, started: Started, interrupts: Interrupts) -> Run:
    return follow(
        session.engine, started.run_id, make_view(session.narration, session.say), interrupts
    )


def _dry(session: Session, prepared: TrainingPlan) -> int:
    if session.json:
        session.document({"decisions": [decision_tree(each) for each in prepared.decisions]})
    return ExitCode.DONE


def _ended(
    session: Session,
    prepared: TrainingPlan,
    started: tuple[Started, ...],
    runs: list[Run],
    interrupted: bool,
) -> int:
    jobs = [job for run in runs for job in run.jobs]
    for run in runs:
        if run.live:
            session.note(left_words(run))
    code = _code(prepared, jobs, bool(started), interrupted)
    if session.json:
        session.document(
            {
                "decisions": [decision_tree(each) for each in prepared.decisions],
                "runs": [documents.run_tree(run) for run in runs]
                or [{"id": each.run_id} for each in started],
                "exit_code": int(code),
            }
        )
    elif jobs:
        simulated = any(run.simulated for run in runs)
        session.facts(["", *render.result_table(jobs, (), terminal_width(), simulated=simulated)])
    elif started:
        session.facts([f"run {each.run_id} trains {' '.join(each.symbols)}" for each in started])
    else:
        session.facts(["nothing to train"])
    if code is not ExitCode.DONE and (words := gone_wrong(jobs) or _kept_words(prepared)):
        session.note(words)
    return code


def _kept_words(prepared: TrainingPlan) -> str:
    """Which symbols others or old bars keep from training, and why the first of them."""
    kept = [each for each in prepared.decisions if each.action in _FEWER]
    return f"not trained: {' '.join(each.symbol for each in kept)}: {kept[0].text}" if kept else ""


def _code(
    prepared: TrainingPlan, jobs: list[Any], any_started: bool, interrupted: bool
) -> ExitCode:
    """A refusal by the guard is the work done as asked;
    symbols without fresh bars tell so, and others' work when it is all."""
    code = exit_code(jobs, (), interrupted)
    if code not in (ExitCode.DONE, ExitCode.REFUSED):
        return code
    wanted = [each.action for each in prepared.decisions if each.action in _FEWER]
    if PlannedAction.NO_BARS in wanted:
        return ExitCode.NO_DATA
    return ExitCode.BUSY if wanted and not jobs and not any_started else ExitCode.DONE


def decision_table(decisions: tuple[Decision, ...], width: int | None) -> list[str]:
    """Symbol, decision, reason and the words for it."""
    rows = [
        (each.symbol, str(each.action), each.reason or render.ABSENT, each.text)
        for each in decisions
    ]
    return render.table(HEADS, rows, (), width, fold=True)


def decision_tree(decision: Decision) -> dict[str, Any]:
    """A decision as JSON."""
    return {
        "symbol": decision.symbol,
        "decision": str(decision.action),
        "reason": decision.reason or None,
        "text": decision.text,
        "fired": [verdict_tree(each) for each in decision.fired],
        "chronic": [each.reason for each in decision.chronic],
    }


def verdict_tree(verdict: Any) -> dict[str, Any]:
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
    """Stop automatic training of SYMBOL; `train` still trains it."""
    (name,) = session.symbols((symbol,))
    found = session.engine.hold(name, reason, _day(until))
    session.say(f"{name} is on hold: {found}")
    return ExitCode.DONE


def unhold(session: Session, symbol: str) -> int:
    """Let automatic training of SYMBOL go on."""
    (name,) = session.symbols((symbol,))
    session.engine.unhold(name)
    session.say(f"{name} is trained automatically again")
    return ExitCode.DONE


def _day(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise UsageError(
            f"not a day: {clean(text or '', 40)!r}", "write it as 2025-12-31"
        ) from error
