"""Runs and their jobs as text."""

from engine.core.records import Job, JobState
from engine.words.runs import failures_line


def test_what_failed_is_one_line() -> None:
    """Jobs that were neither published nor refused are named with their message."""
    published = Job("NVDA", JobState.DONE, exit_code=0)
    refused = Job("NVDA", JobState.REFUSED, exit_code=5)
    lost = Job("NVDA", JobState.LOST)
    failed = Job("AUR", JobState.FAILED, message="nan loss", exit_code=1)
    assert "AUR failed: nan loss; NVDA lost" == failures_line([published, failed, refused, lost])
    assert "" == failures_line([published, refused])
