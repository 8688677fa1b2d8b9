"""Cancelling a run: the question that lists what stops, then the request."""

from __future__ import annotations

from engine.core.records import Job, JobState, Run
from engine.words.phrases import plural
from tui.dialogs.confirm import Question, confirm
from tui.ports import Shell
from tui.widgets.lines import Line, line
from tui.work.messages import Notice


def ask_cancel(shell: Shell, run: Run) -> None:
    """Cancel a run after a question."""

    def cancelled(_: object) -> None:
        shell.say(Notice(f"run {run.id} was asked to stop; it stops at its next batch"))
        shell.look_now()

    def cancel() -> None:
        shell.ask("cancel", lambda: shell.engine.runs.cancel(run.id), cancelled)

    confirm(shell, cancel_question(run), cancel)


def cancel_question(run: Run) -> Question:
    """The question before a cancel: every symbol that would stop."""
    origin = line(f"{run.reason}, started by {run.starter or 'unknown'}", "dim")
    return Question(
        title=f"Cancel run {run.id}?",
        lines=(origin, *cancel_lines(run)),
        yes="Cancel the run",
        no="Keep it running",
    )


def cancel_lines(run: Run) -> tuple[Line, ...]:
    """What a cancel would stop, one line a symbol, the ended ones counted."""
    going = [job for job in run.jobs if not job.state.ended]
    lines = [((f"  {job.symbol:<6}", "head"), (_stopped(job), "")) for job in going]
    ended = len(run.jobs) - len(going)
    return (
        (*lines, line(f"  {plural(ended, 'symbol')} already ended and stay as they are", "dim"))
        if ended
        else tuple(lines)
    )


def _stopped(job: Job) -> str:
    if job.state is JobState.QUEUED:
        return "queued, will not start"
    done = f", epoch {job.epoch}/{job.epochs}" if job.epochs else ""
    return f"running{done}, stops; its live model stays"
