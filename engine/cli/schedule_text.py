"""What `schedule show` prints, as text and as JSON."""

from __future__ import annotations

from typing import Any

from engine.cli import render
from engine.cli.documents import when
from engine.core.text import clean
from engine.schedule.view import JobView, ScheduleView
from engine.words import figures, times


def view_lines(seen: ScheduleView, tab: bool = False) -> list[str]:
    """The schedule as text."""
    rows = [_cells(job) for job in seen.jobs]
    lines = render.table(
        ("JOB", "STATE", "WHEN", "NEXT", "LAST RUN", "TOOK", "EXIT", "MEANS"), rows
    )
    lines += [f"{job.job.name}: {clean(job.reason)}" for job in seen.jobs if job.reason]
    lines += [f"note: {clash}" for clash in seen.clashes]
    lines += [f"problem: {clean(problem)}" for problem in seen.problems]
    rest = (
        "the crontab cannot be read"
        if seen.unread
        else f"{len(seen.other_lines)} other lines in the crontab"
    )
    lines += [f"{seen.daemon}; time zone {seen.zone}; {rest}"]
    lines += [f"also scheduled there: {clean(str(home))}" for home in seen.other_homes]
    return [*lines, "", *seen.other_lines] if tab else lines


def _cells(job: JobView) -> tuple[str, ...]:
    last, absent = job.last, "not known" if job.hidden else "not installed"
    return (
        job.job.name,
        str(job.status.state) if job.status else figures.ABSENT,
        job.line.expression if job.line else f"({job.job.expression})",
        times.slot(job.explained.next_runs[0])
        if job.explained and job.explained.next_runs and job.line and job.line.enabled
        else figures.ABSENT,
        times.moment(last.started) if last else figures.ABSENT,
        times.duration(last.seconds) if last else figures.ABSENT,
        figures.ABSENT if last is None or last.exit_code is None else str(last.exit_code),
        job.explained.description
        if job.explained
        else f"{absent}: {job.job.summary}"
        if job.line is None
        else figures.ABSENT,
    )


def view_document(seen: ScheduleView) -> dict[str, Any]:
    """`schedule show --json`."""
    return {
        "taken_at": when(seen.taken_at),
        "zone": seen.zone,
        "backend": str(seen.backend) if seen.backend else None,
        "daemon": {
            "name": seen.daemon.name,
            "running": seen.daemon.running,
            "pid": seen.daemon.pid,
            "since": when(seen.daemon.since),
            "detail": seen.daemon.detail,
        },
        "jobs": [_job_tree(job) for job in seen.jobs],
        "clashes": [
            {"jobs": list(clash.jobs), "first": when(clash.first), "times": clash.times}
            for clash in seen.clashes
        ],
        "other_lines": list(seen.other_lines),
        "other_homes": [str(home) for home in seen.other_homes],
        "problems": list(seen.problems),
        "crontab_read": not seen.unread,
    }


def _job_tree(job: JobView) -> dict[str, Any]:
    explained, status, last = job.explained, job.status, job.last
    return {
        "job": job.job.name,
        "installed": None if job.hidden else job.line is not None,
        "enabled": job.line.enabled if job.line else None,
        "expression": job.line.expression if job.line else None,
        "words": explained.description if explained else None,
        "next": [when(slot) for slot in explained.next_runs] if explained else [],
        "warnings": list(explained.warnings) if explained else [],
        "state": str(status.state) if status else None,
        "missed": [when(slot) for slot in status.missed] if status else [],
        "last": None
        if last is None
        else {
            "trigger": str(last.trigger),
            "slot": when(last.slot),
            "started": when(last.started),
            "ended": when(last.ended),
            "seconds": last.seconds,
            "exit": last.exit_code,
            "outcome": str(last.outcome) if last.outcome else None,
            "message": last.message,
        },
        "reason": job.reason,
    }
