"""`train`, `train-all`, `quick-train`: start a run, follow it, return its exit code."""

from __future__ import annotations

import os
import shutil
import sys
from typing import Any

from engine.cli import documents, render
from engine.cli.data import note_requests
from engine.cli.follow import Interrupts, follow, left_words, make_view
from engine.cli.session import Session
from engine.core.errors import ExitCode, UsageError
from engine.core.exits import exit_code
from engine.core.records import Run, StartedRun, TrainRequest
from engine.core.symbols import Priority


def train(session: Session, symbols: tuple[str, ...], **options: Any) -> int:
    """Train SYMBOLS and follow the run; Ctrl-C cancels it."""
    return run_training(session, session.symbols(symbols), "manual", **options)


def train_all(session: Session, **options: Any) -> int:
    """Train every configured symbol."""
    return run_training(session, session.symbols(()), "manual", **options)


def quick_train(session: Session, symbols: tuple[str, ...], **options: Any) -> int:
    """Train with few epochs (training.quick_epochs); without SYMBOLS those of priority high."""
    settings = session.engine.settings.current
    names = session.symbols(symbols) if symbols else settings.with_priority(Priority.HIGH)
    if not names:
        raise UsageError("no symbol has priority high", "name the symbols to train")
    options["epochs"] = options["epochs"] or settings.training.quick_epochs
    return run_training(session, names, "quick", **options)


def run_training(
    session: Session,
    symbols: tuple[str, ...],
    reason: str,
    *,
    epochs: int | None = None,
    members: tuple[str, ...] | None = None,
    accept_worse: bool = False,
    replace_source: bool = False,
    accept_doubts: bool = False,
    accept_rebase: bool = False,
    detach: bool = False,
) -> int:
    """Train, follow the run and return its exit code; BusyError if others train every symbol."""
    request = TrainRequest(
        symbols=symbols,
        reason=reason,
        source=session.source,
        epochs=epochs,
        members=members,
        accept_worse=accept_worse,
        replace_source=replace_source,
        accept_doubts=accept_doubts,
        accept_rebase=accept_rebase,
        starter=f"stockml, pid {os.getpid()}",
    )
    with Interrupts() as interrupts:
        note_requests(session, symbols)
        started = session.engine.runs.start(request)
        for symbol, holder in started.busy:
            session.note(f"{symbol} is left out: {holder or 'another process'} trains it")
        if started.workers and not detach:
            session.say(started.workers)
        if detach:
            return _detached(session, started)
        run = follow(
            session.engine, started.run_id, make_view(session.narration, session.say), interrupts
        )
        return _ended(session, run, started.busy, interrupts.count > 0)


def _detached(session: Session, started: StartedRun) -> int:
    if session.json:
        session.document(
            {
                "run": {"id": started.run_id, "symbols": list(started.symbols)},
                "busy": _busy_tree(started.busy),
            }
        )
    else:
        session.facts([started.run_id])
    return ExitCode.DONE


def _busy_tree(busy: tuple[tuple[str, str], ...]) -> list[dict[str, str]]:
    return [{"symbol": symbol, "holder": holder} for symbol, holder in busy]


def _ended(session: Session, run: Run, busy: tuple[tuple[str, str], ...], interrupted: bool) -> int:
    code = exit_code(run.jobs, [symbol for symbol, _ in busy], interrupted=interrupted)
    if run.live:
        session.note(left_words(run))
    if session.json:
        session.document(
            {"run": documents.run_tree(run), "busy": _busy_tree(busy), "exit_code": int(code)}
        )
    else:
        session.facts(
            [
                "",
                *render.result_table(run.jobs, busy, terminal_width(), simulated=run.simulated),
            ]
        )
    for hint in dict.fromkeys(job.hint for job in run.jobs if job.hint):
        session.note(f"  → {' '.join(job.symbol for job in run.jobs if job.hint == hint)}: {hint}")
    return code


def terminal_width() -> int | None:
    """The width to cut lines to on a terminal; None elsewhere."""
    return shutil.get_terminal_size().columns if sys.stdout.isatty() else None
