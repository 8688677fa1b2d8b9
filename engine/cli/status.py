"""`status`: every symbol's state, forecast and figures."""

from __future__ import annotations

import sys
import time
from datetime import datetime

import click

from engine.cli import documents, render
from engine.cli.session import Session, on_terminal
from engine.cli.train import terminal_width
from engine.core.errors import ExitCode, StockmlError, UsageError
from engine.core.snapshot import Snapshot, SymbolRow
from engine.words import times
from engine.words.runs import job_progress, metrics_line


def current_snapshot(session: Session, quiet: bool = False) -> Snapshot:
    """A snapshot with the live models' figures; loads numpy only if a model or a bar changed.

    Reports figures it could not save on stderr, unless `quiet`, which polling callers set.
    """
    engine = session.engine
    snapshot = engine.watch.snapshot()
    outdated = [row.symbol for row in snapshot.rows if row.stale_status]
    if not outdated:
        return snapshot
    try:
        engine.models.refresh_status(outdated)
    except (StockmlError, OSError) as error:
        session.note(f"figures may be out of date: {error}")
        return engine.watch.snapshot()
    snapshot = engine.watch.snapshot()
    unread = [row.symbol for row in snapshot.rows if row.stale_status and row.symbol in outdated]
    if unread and not quiet:
        session.note(
            f"no new figures of {' '.join(unread)}: they are kept in"
            f" {session.home.status(unread[0]).parent}; is it full?"
        )
    return snapshot


def status(session: Session, watch: bool) -> int:
    """State, last close, forecast, held-out figures and age of every symbol."""
    if watch and session.json:
        raise UsageError(
            "--watch and --json do not go together", "call `stockml status --json` again and again"
        )
    if watch:
        return _watch(session)
    snapshot = current_snapshot(session)
    if session.json:
        session.document(documents.status_document(snapshot))
    else:
        session.facts([render.title(snapshot), *render.status_table(snapshot, terminal_width())])
    return ExitCode.DONE


def _watch(session: Session) -> int:
    moves = on_terminal(sys.stdout)
    before: Snapshot | None = None
    while True:
        snapshot = current_snapshot(session, quiet=True)
        if moves:
            lines = [
                f"{times.time_of_day(snapshot.taken_at)}  {render.title(snapshot)}"[
                    : terminal_width()
                ],
                *render.status_table(snapshot, terminal_width()),
            ]
            # Home, every line cleared to its end, then below: no flicker over a slow link.
            click.echo("\x1b[H" + "\x1b[K\n".join(lines) + "\x1b[K\n\x1b[J", nl=False)
        else:
            for line in change_lines(before, snapshot, snapshot.taken_at):
                click.echo(line)
        before = snapshot
        time.sleep(session.engine.settings.current.console.refresh_s)


def change_lines(before: Snapshot | None, after: Snapshot, now: datetime) -> list[str]:
    """One line for each symbol whose state, model or phase changed; all of them at first."""
    old = {row.symbol: row for row in before.rows} if before else {}
    lines = [] if before else [render.title(after)]
    for row in after.rows:
        known = old.get(row.symbol)
        if known is None or _progress(known) != _progress(row):
            lines.append(f"{times.time_of_day(now)}  {row.symbol:<5} {row.state:<9} {_text(row)}")
    return lines


def _progress(row: SymbolRow) -> tuple[object, ...]:
    """The values whose change prints a new line."""
    phase = (row.job.phase, row.job.state) if row.job else None
    return (row.state, row.model, phase)


def _text(row: SymbolRow) -> str:
    if row.job:
        return job_progress(row.job)
    return metrics_line(row.model.metrics) if row.model else row.note
