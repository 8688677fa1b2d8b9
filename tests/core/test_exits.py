"""Exit codes over many symbols."""

from dataclasses import replace

import pytest

from engine.core.errors import ExitCode
from engine.core.exits import exit_code, run_exit_code, worst_exit
from engine.core.records import Job, JobState
from tests.tui.scenes import ended_run, live_run


def job(state: JobState, code: int | None = None) -> Job:
    return Job("NVDA", state, exit_code=code)


DONE, REFUSED, LOST = job(JobState.DONE, 0), job(JobState.REFUSED, 5), job(JobState.LOST)
FAILED, NO_DATA, CANCELLED = (
    job(JobState.FAILED, 1),
    job(JobState.FAILED, 4),
    job(JobState.CANCELLED),
)


@pytest.mark.parametrize(
    ("jobs", "busy", "interrupted", "expected"),
    [
        ([DONE, DONE], [], False, ExitCode.DONE),
        ([DONE, REFUSED], [], False, ExitCode.DONE),
        ([DONE], ["TSLA"], False, ExitCode.DONE),
        ([REFUSED, REFUSED], [], False, ExitCode.REFUSED),
        ([], ["NVDA", "TSLA"], False, ExitCode.BUSY),
        ([DONE, NO_DATA], [], False, ExitCode.NO_DATA),
        ([REFUSED, NO_DATA], ["TSLA"], False, ExitCode.NO_DATA),
        ([NO_DATA, FAILED], [], False, ExitCode.FAILED),
        ([DONE, LOST], [], False, ExitCode.FAILED),
        ([job(JobState.FAILED)], [], False, ExitCode.FAILED),
        ([FAILED, LOST, NO_DATA, REFUSED], ["TSLA"], True, ExitCode.INTERRUPTED),
        ([DONE, CANCELLED], [], False, ExitCode.INTERRUPTED),
    ],
)
def test_exit_code_of_many_symbols(
    jobs: list[Job], busy: list[str], interrupted: bool, expected: ExitCode
) -> None:
    """The worst that happened decides: interrupted, failed, no data, all busy, all refused,
    done."""
    assert expected == exit_code(jobs, busy, interrupted=interrupted)


@pytest.mark.parametrize(
    ("codes", "expected"), [([], 0), ([0, 0], 0), ([0, 4], 4), ([4, 1], 1), ([0, 5], 5)]
)
def test_exit_code_of_a_command_for_many_symbols(codes: list[int], expected: int) -> None:
    """A failure counts before missing data, and either before success."""
    assert expected == worst_exit(codes)


@pytest.mark.parametrize(
    ("states", "code"),
    [
        ((JobState.DONE, JobState.REFUSED), 0),
        ((JobState.REFUSED,), 5),
        ((JobState.DONE, JobState.FAILED), 1),
        ((JobState.LOST,), 1),
        ((JobState.CANCELLED, JobState.FAILED), 130),
    ],
)
def test_a_run_has_the_exit_code_of_its_command(states: tuple[JobState, ...], code: int) -> None:
    """The exit code on show is the one of the command that started the run."""
    jobs = tuple(
        Job(f"S{at}", state, exit_code=1 if state is JobState.FAILED else 0)
        for at, state in enumerate(states)
    )
    run = replace(ended_run(), jobs=jobs, state=JobState.DONE)

    assert run_exit_code(run) == code
    assert run_exit_code(live_run()) is None
