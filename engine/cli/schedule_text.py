"""What `schedule show` prints, as text and as JSON."""

from __future__ import annotations

from typing import Any

from engine.cli.documents import when
from engine.core.text import clean
from engine.schedule.records import JobView, ScheduleView
from engine.words import figures, times
from engine.words.tables import columns, text_table

COLUMNS = columns(("JOB", "STATE", "WHEN", "NEXT", "LAST RUN", "TOOK", "EXIT", "MEANS"))


def view_lines(view: ScheduleView, tab: bool = False) -> list[str]:
    """The schedule as text."""
    rows = [_cells(job) for job in view.jobs]
    lines = text_table(COLUMNS, rows)
    lines += [f"{job.job.name}: {clean(job.reason)}" for job in view.jobs if job.reason]
    lines += [f"note: {clash}" for clash in view.clashes]
    lines += [f"problem: {clean(problem)}" for problem in view.problems]
    rest = (
        "the crontab cannot be read"
        if view.unread
        else f"{len(view.other_lines)} other lines in the crontab"
    )
    lines += [f"{view.daemon}; time zone {view.zone_words}; {rest}"]
    lines += [f"also scheduled there: {clean(str(home))}" for home in view.other_homes]
    return [*lines, "", *view.other_lines] if tab else lines


def _cells(job: JobView) -> tuple[str, ...]:
    last = job.last
    enabled = job.line is not None and job.line.enabled
    next_runs = job.explained.next_runs if job.explained and enabled else ()
    exit_code = last.exit_code if last else None
    return (
        job.job.name,
        str(job.status.state) if job.status else figures.ABSENT,
        job.line.expression if job.line else f"({job.job.expression})",
        times.slot(next_runs[0]) if next_runs else figures.ABSENT,
        times.moment(last.started) if last else figures.ABSENT,
        times.duration(last.seconds) if last else figures.ABSENT,
        figures.ABSENT if exit_code is None else str(exit_code),
        _meaning(job),
    )


def _meaning(job: JobView) -> str:
    if job.explained:
        return job.explained.description
    if job.line is not None:
        return figures.ABSENT
    return f"{'not known' if job.hidden else 'not installed'}: {job.job.summary}"


def view_document(view: ScheduleView) -> dict[str, Any]:
    """`schedule show --json`."""
    return {
        "taken_at": when(view.taken_at),
        "zone": view.zone,
        "zone_source": view.zone_source,
        "check": view.check or None,
        "backend": str(view.backend) if view.backend else None,
        "daemon": {
            "name": view.daemon.name,
            "running": view.daemon.running,
            "pid": view.daemon.pid,
            "since": when(view.daemon.since),
            "detail": view.daemon.detail,
            "hidden": view.daemon.hidden,
        },
        "jobs": [_job_tree(job) for job in view.jobs],
        "clashes": [
            {"jobs": list(clash.jobs), "first": when(clash.first), "times": clash.times}
            for clash in view.clashes
        ],
        "other_lines": list(view.other_lines),
        "other_homes": [str(home) for home in view.other_homes],
        "problems": list(view.problems),
        "crontab_read": not view.unread,
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
