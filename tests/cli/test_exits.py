"""Exit codes over many symbols."""

import pytest

from engine.cli.exits import exit_code, gone_wrong, worst_exit
from engine.core.errors import ExitCode
from engine.core.records import Job, JobState


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
def test_many_symbols(
    jobs: list[Job], busy: list[str], interrupted: bool, expected: ExitCode
) -> None:
    """The worst that happened decides: interrupted, failed, no data, all busy, all refused,
    done."""
    assert expected == exit_code(jobs, busy, interrupted)


@pytest.mark.parametrize(
    ("codes", "expected"), [([], 0), ([0, 0], 0), ([0, 4], 4), ([4, 1], 1), ([0, 5], 5)]
)
def test_a_command_that_asked_for_many(codes: list[int], expected: int) -> None:
    """A failure counts before missing data, and either before success."""
    assert expected == worst_exit(codes)


def test_what_went_wrong_is_one_line() -> None:
    """Jobs that neither published nor were refused are named with their message, the others are
    not."""
    failed = Job("AUR", JobState.FAILED, message="nan loss", exit_code=1)
    assert "AUR failed: nan loss; NVDA lost" == gone_wrong([DONE, failed, REFUSED, LOST])
    assert "" == gone_wrong([DONE, REFUSED])
