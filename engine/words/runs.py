"""Runs and their jobs as plain text."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.records import Job, JobState


def failures_line(jobs: Sequence[Job]) -> str:
    """The jobs that were neither published nor refused, in one line: cron mails the last one."""
    failed = [job for job in jobs if job.state not in (JobState.DONE, JobState.REFUSED)]
    return "; ".join(_failure(job) for job in failed)


def _failure(job: Job) -> str:
    reason = f": {job.message}" if job.message else ""
    return f"{job.symbol} {job.state}{reason}"
