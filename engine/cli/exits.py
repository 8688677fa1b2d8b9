"""Exit codes of a command over many symbols."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.errors import ExitCode
from engine.core.records import Job, JobState


def exit_code(jobs: Sequence[Job], busy: Sequence[str], interrupted: bool) -> ExitCode:
    """What a training of `jobs` tells the shell; `busy` are the symbols another process trains.

    130 interrupted or cancelled · 1 any failed or lost · 4 any without data · 75 all busy · 5
    all refused · 0.
    """
    states = [job.state for job in jobs]
    failed = [job for job in jobs if job.state is JobState.FAILED]
    if interrupted or JobState.CANCELLED in states:
        return ExitCode.INTERRUPTED
    if JobState.LOST in states or any(job.exit_code != ExitCode.NO_DATA for job in failed):
        return ExitCode.FAILED
    if failed:
        return ExitCode.NO_DATA
    if busy and not jobs:
        return ExitCode.BUSY
    if jobs and all(state is JobState.REFUSED for state in states):
        return ExitCode.REFUSED
    return ExitCode.DONE


def gone_wrong(jobs: Sequence[Job]) -> str:
    """The jobs that neither published nor were refused by the guard, in a line;
    cron's mail is the last line of a command."""
    bad = [job for job in jobs if job.state not in (JobState.DONE, JobState.REFUSED)]
    return "; ".join(
        f"{job.symbol} {job.state}" + (f": {job.message}" if job.message else "") for job in bad
    )


def worst_exit(codes: Sequence[int]) -> int:
    """What a command that asked for many things tells the shell: 1 before 4 before any other
    fault, 0 when all went well."""
    for code in (ExitCode.FAILED, ExitCode.NO_DATA):
        if code in codes:
            return code
    return next((code for code in codes if code), ExitCode.DONE)
