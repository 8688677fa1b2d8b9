"""Exit codes of runs, and of commands over many symbols."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.errors import ExitCode
from engine.core.records import Job, JobState, Run


def exit_code(
    jobs: Sequence[Job],
    busy: Sequence[str] = (),
    *,
    interrupted: bool = False,
    run_lost: bool = False,
) -> ExitCode:
    """The exit code of a training of `jobs`; `busy` are the symbols another process trains.

    130 interrupted or cancelled · 1 any failed or lost · 4 any without data · 75 all busy ·
    5 all refused · 0.
    """
    states = {job.state for job in jobs}
    failed = [job for job in jobs if job.state is JobState.FAILED]
    if interrupted or JobState.CANCELLED in states:
        return ExitCode.INTERRUPTED
    if run_lost or JobState.LOST in states:
        return ExitCode.FAILED
    if failed:
        only_data = all(job.exit_code == ExitCode.NO_DATA for job in failed)
        return ExitCode.NO_DATA if only_data else ExitCode.FAILED
    if busy and not jobs:
        return ExitCode.BUSY
    return ExitCode.REFUSED if states == {JobState.REFUSED} else ExitCode.DONE


def run_exit_code(run: Run) -> ExitCode | None:
    """The exit code of the command that started `run`; None while it is live."""
    if run.live:
        return None
    cancelled, lost = run.state is JobState.CANCELLED, run.state is JobState.LOST
    return exit_code(run.jobs, interrupted=cancelled, run_lost=lost)


def many_exit(codes: Sequence[int]) -> int:
    """The exit code of a command over many symbols, one code each: refused only if all were."""
    refused = codes.count(ExitCode.REFUSED)
    if refused and refused < len(codes):
        codes = [code for code in codes if code != ExitCode.REFUSED]
    return worst_exit(codes)


def worst_exit(codes: Sequence[int]) -> int:
    """The exit code of a command over many things: 1 before 4 before any other, else 0."""
    for code in (ExitCode.FAILED, ExitCode.NO_DATA):
        if code in codes:
            return code
    return next((code for code in codes if code), ExitCode.DONE)
