"""`runs list|show|follow|cancel`: training runs of every starter."""

from __future__ import annotations

import re
from datetime import datetime

from engine.cli import documents, render
from engine.cli.follow import Interrupts, follow, left_words, make_view, warning_lines
from engine.cli.session import Session
from engine.cli.train import terminal_width
from engine.core.errors import ExitCode, UsageError
from engine.core.exits import exit_code
from engine.core.records import JobState, Run
from engine.core.text import clean
from engine.words import times
from engine.words.runs import job_progress, run_line, run_state
from engine.words.sources import source_name
from engine.words.tables import columns, text_table

_ID = re.compile(r"[A-Za-z0-9_.-]{1,80}")
SEARCHED = 500
"""Runs searched for an id prefix: as many as are kept."""


COLUMNS = columns(
    ("RUN", "STATE", "STARTED", "ENDED", ">JOBS", "SOURCE", "KIND", "REASON", "STARTER"),
    dropped_first=("KIND", "STARTER", "REASON"),
)
"""A narrow terminal keeps the source: simulated bars are marked there."""


def list_runs(session: Session, limit: int) -> int:
    """The newest runs, newest first."""
    runs = session.engine.runs.recent(limit)
    if session.json:
        session.document({"runs": [documents.run_tree(run) for run in runs]})
    elif runs:
        now = session.engine.clock.now()
        rows = [_cells(run, now) for run in runs]
        session.facts(text_table(COLUMNS, rows, terminal_width(), cut=False))
    else:
        session.facts(["no run yet: `stockml train-all` starts one"])
    return ExitCode.DONE


def _cells(run: Run, now: datetime) -> tuple[str, ...]:
    ended = sum(job.state.ended for job in run.jobs)
    jobs = f"{ended}/{len(run.jobs)}" if run.live else str(len(run.jobs))
    return (
        run.id,
        run_state(run),
        times.brief_moment(run.created_at, now),
        times.brief_moment(run.ended_at, now),
        jobs,
        source_name(run.source),
        run.kind,
        run.reason,
        run.starter,
    )


def show(session: Session, run_id: str | None) -> int:
    """One run and its jobs; without RUN the newest."""
    run = chosen(session, run_id)
    if session.json:
        session.document(documents.run_tree(run))
        return ExitCode.DONE
    lines = [
        run_line(run, session.engine.clock.now()),
        *([clean(run.message)] if run.message else []),
        "",
    ]
    session.facts(
        lines + render.result_table(run.jobs, width=terminal_width(), simulated=run.simulated)
    )
    session.facts(warning_lines(None, run))
    session.facts(f"{job.symbol}: {job_progress(job)}" for job in run.jobs if not job.state.ended)
    if run.skipped_lines:
        session.note(f"{run.skipped_lines} lines of its journal could not be read")
    return ExitCode.DONE


def follow_run(session: Session, run_id: str | None) -> int:
    """Follow a run until it ends; without RUN the live one, else the newest. Ctrl-C leaves it."""
    run = chosen(session, run_id, live_first=True)
    with Interrupts() as interrupts:
        run = follow(
            session.engine,
            run.id,
            make_view(session.narration, session.say),
            interrupts,
            cancels=False,
        )
    if run.live:
        session.note(left_words(run))
    if session.json:
        session.document(documents.run_tree(run))
    else:
        session.facts(
            [
                "",
                *render.result_table(run.jobs, width=terminal_width(), simulated=run.simulated),
            ]
        )
    return exit_code(run.jobs, (), interrupted=run.live)


def cancel(session: Session, run_id: str | None) -> int:
    """Ask a run to stop; without RUN the one that is live."""
    run = chosen(session, run_id) if run_id else only_live(session.engine.runs.recent(SEARCHED))
    lost = run.state is JobState.LOST
    if run.live or lost:
        session.engine.runs.cancel(
            run.id
        )  # of a lost run: ends a stopped worker that still holds a symbol
    words = (
        f"run {run.id} is asked to stop"
        if run.live
        else f"run {run.id} has ended already: {run.state}"
    )
    if lost:
        words = f"run {run.id} is lost; what it may have left behind is ended"
    if session.json:
        session.document({"id": run.id, "asked": run.live or lost, "state": str(run.state)})
    else:
        session.say(words)
    return ExitCode.DONE


def chosen(session: Session, run_id: str | None, live_first: bool = False) -> Run:
    """The run with this id or unique prefix, else the newest; UsageError if there is none."""
    if run_id is not None and not _ID.fullmatch(run_id):
        raise UsageError(f"not a run id: {clean(run_id, 60)!r}", "`stockml runs list` shows them")
    runs = session.engine.runs.recent(SEARCHED)
    if run_id is None:
        if not runs:
            raise UsageError("no run yet", "`stockml train-all` starts one")
        return next((run for run in runs if run.live), runs[0]) if live_first else runs[0]
    return match(run_id, runs)


def match(run_id: str, runs: tuple[Run, ...]) -> Run:
    """The run that `run_id` names, in full or by its beginning."""
    named = [run for run in runs if run.id == run_id] or [
        run for run in runs if run.id.startswith(run_id)
    ]
    if not named:
        raise UsageError(f"no run {run_id!r}", "`stockml runs list` shows them")
    if len(named) > 1:
        raise UsageError(
            f"{run_id!r} begins {len(named)} run ids", " ".join(run.id for run in named[:5])
        )
    return named[0]


def only_live(runs: tuple[Run, ...]) -> Run:
    """The one live run."""
    live = [run for run in runs if run.live]
    if not live:
        raise UsageError("no run is live", "`stockml runs list` shows the ended ones")
    if len(live) > 1:
        raise UsageError(
            f"{len(live)} runs are live", f"name one: {' '.join(run.id for run in live)}"
        )
    return live[0]
