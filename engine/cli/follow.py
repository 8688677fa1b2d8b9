"""Following a run until it ends: bars on a terminal, plain lines elsewhere, Ctrl-C as a request."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Protocol, Self, TextIO

from engine.cli.session import on_terminal
from engine.core.records import Job, JobState, Run
from engine.core.text import clean
from engine.words.runs import job_outcome, job_progress
from engine.words.sources import NOT_REAL

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

    from engine.api import Engine

POLL_S = 0.25
EPOCH_LINES = 5
"""The most epoch lines per symbol in plain progress."""


class Interrupts(AbstractContextManager["Interrupts"]):
    """Counts Ctrl-C instead of raising, inside its `with` block."""

    def __init__(self) -> None:
        self.count = 0
        self._pressed = threading.Event()
        self._before: object = None

    def __enter__(self) -> Self:
        self._before = signal.getsignal(signal.SIGINT)
        # A shell that started us in the background ignores SIGINT on our behalf; so it stays.
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._count)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._before)  # type: ignore[arg-type]

    def _count(self, _number: int, _frame: FrameType | None) -> None:
        self.count += 1
        self._pressed.set()

    def wait(self, seconds: float) -> None:
        """Wait for the time, or until Ctrl-C."""
        self._pressed.wait(seconds)
        self._pressed.clear()


class View(Protocol):
    """Shows a run as it progresses."""

    def show(self, run: Run) -> None: ...

    def say(self, text: str) -> None: ...

    def close(self) -> None: ...


def follow(
    engine: Engine, run_id: str, view: View, interrupts: Interrupts, cancels: bool = True
) -> Run:
    """Show a run until it ends or the operator leaves it, and return it.

    The first Ctrl-C cancels the run (unless `cancels` is False); the second leaves it running.
    """
    asked = False
    try:
        while True:
            run = engine.runs.show(run_id)
            view.show(run)
            if not run.live or interrupts.count > 1 or (interrupts.count and not cancels):
                return run
            if interrupts.count and not asked:
                asked = True
                engine.runs.cancel(run_id)
                view.say("cancelling: waiting for the run to end; Ctrl-C again leaves it")
            interrupts.wait(POLL_S)
    finally:
        view.close()


def left_words(run: Run) -> str:
    """The message for a run that continues without us."""
    state = "is being cancelled" if run.cancelling else "continues"
    return (
        f"run {run.id} {state}: `stockml runs follow {run.id}`, or `stockml runs cancel {run.id}`"
    )


def progress_lines(before: Run | None, after: Run) -> list[str]:
    """Lines for changes since `before`: states, phases, every fifth of the epochs, warnings."""
    lines = warning_lines(before, after)
    earlier = {job.symbol: job for job in before.jobs} if before else {}
    ended = sum(job.state.ended for job in earlier.values())
    for job in after.jobs:
        old = earlier.get(job.symbol) or Job(job.symbol)
        if (text := _job_line(old, job)) is not None:
            ended += job.state.ended
            count = f"[{ended}/{len(after.jobs)}] " if job.state.ended else ""
            lines.append(f"{count}{job.symbol:<5} {text}")
    return lines


def warning_lines(before: Run | None, after: Run) -> list[str]:
    """New warnings of the run and its jobs since `before`, each once."""
    reported = before.warnings if before else ()
    earlier = {job.symbol: job for job in before.jobs} if before else {}
    lines = [clean(f"warning: {text}") for text in after.warnings if text not in reported]
    for job in after.jobs:
        old = earlier.get(job.symbol) or Job(job.symbol)
        lines += [
            clean(f"{job.symbol:<5} warning: {text}")
            for text in job.warnings
            if text not in old.warnings
        ]
    return lines


def _job_line(old: Job, job: Job) -> str | None:
    if job.state.ended:
        return None if old.state.ended else job_outcome(job)
    if job.state is JobState.QUEUED:
        return None
    if old.state is not job.state or old.phase != job.phase or _fifth(old) != _fifth(job):
        return job_progress(job)
    return None


def _fifth(job: Job) -> int:
    return job.epoch * EPOCH_LINES // job.epochs if job.epochs else 0


class PlainView:
    """One line per change, for pipes, logs and dumb terminals."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self._last: Run | None = None

    def show(self, run: Run) -> None:
        if self._last is None and run.simulated:
            self.say(NOT_REAL)
        for line in progress_lines(self._last, run):
            self.say(line)
        self._last = run

    def close(self) -> None: ...


class BarsView:
    """One progress bar per symbol."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn
        from rich.table import Column

        columns = (
            TextColumn(
                "{task.description}", markup=False, table_column=Column(min_width=5, no_wrap=True)
            ),
            TextColumn(
                "{task.fields[state]}", markup=False, table_column=Column(min_width=9, no_wrap=True)
            ),
            BarColumn(bar_width=18, table_column=Column(min_width=18)),
            TextColumn(
                "{task.fields[detail]}",
                markup=False,
                table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis"),
            ),
        )
        console = Console(file=stream, highlight=False)
        self._progress: Progress = Progress(
            *columns, console=console, refresh_per_second=4, expand=True
        )
        self._tasks: dict[str, TaskID] = {}
        self._started = False
        self._last: Run | None = None

    def show(self, run: Run) -> None:
        if not self._started:
            self._started = True
            mark = f"  {NOT_REAL}" if run.simulated else ""
            self._progress.start()
            self.say(f"run {run.id}{mark}")
        for line in warning_lines(self._last, run):
            self.say(line)
        self._last = run
        for job in run.jobs:
            if job.symbol not in self._tasks:
                self._tasks[job.symbol] = self._progress.add_task(
                    job.symbol, total=1.0, state="", detail=""
                )
            detail = (
                job_outcome(job).removeprefix(f"{job.state} ")
                if job.state.ended
                else job_progress(job)
            )
            self._progress.update(
                self._tasks[job.symbol], completed=share(job), state=str(job.state), detail=detail
            )

    def say(self, text: str) -> None:
        self._progress.console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        if self._started:
            self._progress.stop()


def share(job: Job) -> float:
    """The finished share of a job, 0 to 1; an early stop counts as 1."""
    if job.state in (JobState.DONE, JobState.REFUSED):
        return 1.0
    return min(0.99, job.epoch / job.epochs) if job.epochs else 0.0


def make_view(stream: TextIO, say: Callable[[str], None]) -> View:
    """Bars if the terminal can move the cursor, else lines."""
    return BarsView(stream) if on_terminal(stream) else PlainView(say)
