"""The text for runs and their jobs: pure functions of records."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from engine.core.exits import run_exit_code
from engine.core.records import Job, JobState, Metrics, Run
from engine.words import figures, times
from engine.words.runs import job_counts, phase_word, run_seconds, run_state, time_left
from engine.words.sources import SIMULATED
from engine.words.states import RUN_STATES
from engine.words.tables import TableColumn
from tui.look.chart import Chart, Curve, chart_lines
from tui.look.table import table
from tui.widgets.lines import Line, Span, line, plain, wrapped, wrapped_all

STYLES = {
    JobState.QUEUED: "live",
    JobState.RUNNING: "live",
    JobState.DONE: "ok",
    JobState.REFUSED: "warn",
    JobState.CANCELLED: "dim",
    JobState.FAILED: "crit",
    JobState.LOST: "crit",
}
STATE_WORDS = tuple((state.upper(), meaning) for state, meaning in RUN_STATES.items())
RUN_HEADS = (
    TableColumn("RUN", 0, meaning="id; its first part is the time of the start, UTC"),
    TableColumn("STATE", 0, meaning="one word (below)"),
    TableColumn(
        "BARS",
        1,
        max_width=12,
        meaning="SIMULATED, or where the bars came from; shown where both kinds stand in the list",
    ),
    TableColumn("STARTED", 3, meaning="local time"),
    TableColumn("TOOK", 2, right=True, meaning="duration so far, or in all"),
    TableColumn("EXIT", 4, right=True, meaning="exit code of the command that started it"),
    TableColumn("JOBS", 1, max_width=34, meaning="the states of its symbols"),
    TableColumn("REASON", 5, max_width=24, meaning="why it was started"),
    TableColumn("BY", 6, max_width=24, meaning="who started it"),
)
JOB_HEADS = (
    TableColumn("SYM", 0, meaning="symbol"),
    TableColumn("STATE", 0, meaning="one word (below)"),
    TableColumn("TOOK", 3, right=True, meaning="duration"),
    TableColumn("EXIT", 4, right=True, meaning="exit code of this symbol alone"),
    TableColumn("MAPE%", 1, meaning="before > after, on the same unseen sessions"),
    TableColumn("DIR%", 5, meaning="before > after"),
    TableColumn("MASE", 2, meaning="before > after; below 1 beats the naive forecast"),
    TableColumn("GEN", 6, right=True, meaning="generation that was published"),
    TableColumn("NOTE", 1, max_width=60, meaning="progress, or why it ended so"),
)


def run_row(run: Run, now: datetime) -> tuple[Span, ...]:
    """One run of the list."""
    code = run_exit_code(run)
    return (
        (run.id, "head"),
        (run_state(run).upper(), STYLES[run.state]),
        (SIMULATED, "mark") if run.simulated else (run.source or "settings", ""),
        (times.brief_moment(run.created_at, now, 7), ""),
        (times.duration(run_seconds(run, now)), ""),
        (figures.ABSENT if code is None else str(int(code)), "crit" if code else ""),
        (job_counts(run.jobs), ""),
        (run.reason, ""),
        (run.starter or "unknown", "dim"),
    )


def runs_table(runs: Sequence[Run], now: datetime, width: int) -> tuple[Line, tuple[Line, ...]]:
    """Header and rows; simulated runs are marked by row if mixed with others, else in the title."""
    mixed = len({run.simulated for run in runs}) > 1
    kept = [at for at, head in enumerate(RUN_HEADS) if mixed or head.title != "BARS"]
    rows = [run_row(run, now) for run in runs]
    return table([RUN_HEADS[at] for at in kept], [[row[at] for at in kept] for row in rows], width)


def _pair(old: float | None, new: float | None, digits: int) -> str:
    after = figures.number(new, digits)
    if new is None or old is None:
        return after
    return f"{figures.number(old, digits)} > {after}"


def job_row(job: Job, now: datetime) -> tuple[Span, ...]:
    """One symbol of a run with its figures before and after."""
    new, old = job.metrics or Metrics(), job.champion or Metrics()
    seconds = job.duration_s
    if seconds is None and job.started_at and not job.state.ended:
        seconds = (now - job.started_at).total_seconds()
    return (
        (job.symbol, "head"),
        (job.state.value.upper(), STYLES[job.state]),
        (times.duration(seconds), ""),
        (
            figures.ABSENT if job.exit_code is None else str(job.exit_code),
            "crit" if job.exit_code else "",
        ),
        (_pair(old.mape, new.mape, 2), ""),
        (_pair(old.direction_accuracy, new.direction_accuracy, 1), ""),
        (_pair(old.mase, new.mase, 3), ""),
        (str(job.generation) if job.generation else figures.ABSENT, ""),
        (_note(job), ""),
    )


def _note(job: Job) -> str:
    if job.state is JobState.RUNNING:
        count = f"epoch {job.epoch}/{job.epochs}" if job.epochs else ""
        left = time_left(job) if job.eta_s is not None else ""
        return " ".join(part for part in (phase_word(job), count, left) if part)
    return f"{job.message}{f' ({job.hint})' if job.hint else ''}"


def summary_lines(run: Run, width: int) -> tuple[Line, ...]:
    """What the list cannot hold: reason, starter, message."""
    text = (
        f"{run.kind}, {run.reason}, by {run.starter or 'unknown'},"
        f" {run.source or 'source of the settings'}"
    )
    lines: list[Line] = [((f"{run.id} ", "head"), (text, ""))]
    if run.message:
        lines.append(line(run.message, STYLES[run.state]))
    if run.skipped_lines:
        lines.append(
            line(
                f"{run.skipped_lines} lines of its journal cannot be read and are left out", "warn"
            )
        )
    return wrapped_all(lines, width, 4)


def loss_lines(job: Job | None, width: int, height: int, *, ascii_only: bool) -> tuple[Line, ...]:
    """Losses per epoch as a chart, with their last values in words."""
    if job is None:
        return ()
    losses = job.losses
    drawn: tuple[Line, ...] = ()
    if len(losses) > 1:
        chart = Chart(
            curves=(
                Curve(
                    values=[loss.val_loss for loss in losses], style="live", mark="o", dotted=True
                ),
                Curve(values=[loss.loss for loss in losses], style="head"),
            )
        )
        drawn = chart_lines(chart, width, height - 1, ascii_only=ascii_only)
    if not drawn:
        reason = ("no epoch has ended yet", "one epoch has ended", "no room for the chart")
        why = job.message or reason[min(len(losses), 2)]
        text = f"{job.symbol}: {why}{f' ({job.hint})' if job.hint else ''}"
        style = STYLES[job.state] if job.message else "dim"
        return wrapped(line(text, style), max(1, width), 2)[: max(1, height)]
    last = losses[-1]
    marks = ("*", "o") if ascii_only else ("─", "┄")
    training, validation = figures.loss(last.loss), figures.loss(last.val_loss)
    name = f"{job.symbol} loss per epoch 1 to {last.epoch}: "
    head: Line = (
        (name, ""),
        (f"{marks[0]} training {training}", "head"),
        (f"  {marks[1]} validation {validation}", "live"),
    )
    if len(plain(head)) > width:
        head = ((training, "head"), (f" {validation}", "live"))
    return (head, *drawn)
