"""`schedule show|next|catch-up`: the jobs in the operator's crontab or in systemd."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from engine.cli.documents import when
from engine.cli.schedule_text import view_document, view_lines
from engine.cli.session import Session
from engine.core.errors import ExitCode
from engine.schedule.check_record import LOCALTIME
from engine.schedule.explain import EXCHANGE
from engine.schedule.jobs import job_named
from engine.schedule.records import JobTrigger, JobView, ScheduleState
from engine.schedule.slots import dst_notes, next_slots
from engine.words import figures, times
from engine.words.tables import columns, text_table


class PlannedRun(NamedTuple):
    """One coming run of a job."""

    job: str
    slot: datetime
    clock_change: str | None
    """The effect of a DST change on it."""


def show(session: Session, tab: bool) -> int:
    """Every job with its state, time, last and next run; the daemon; what is wrong."""
    session.unchecked_engine.schedule.sweep()
    schedule = session.unchecked_engine.schedule.view()
    if session.json:
        session.document(view_document(schedule))
    else:
        session.facts(view_lines(schedule, tab))
    return ExitCode.DONE


def next_runs(session: Session, jobs: tuple[str, ...], count: int) -> int:
    """The next runs, in the host's zone and in New York; DST changes marked."""
    scheduler = session.unchecked_engine.schedule.scheduler()
    counted = scheduler.counted()
    now = scheduler.clock.now()
    enabled = [job for job in _chosen(session, jobs) if job.line and job.line.enabled]
    runs: list[PlannedRun] = []
    rows = []
    for job in enabled:
        planned = _planned_runs(job, now, counted.zone, count)
        runs += planned
        rows += _rows(job, planned)
    if session.json:
        trees = [_run_tree(run) for run in runs]
        tree = {"zone": counted.zone.key, "zone_source": counted.source}
        session.document({**tree, "notes": list(counted.notes), "next": trees})
    elif rows:
        heads = ("JOB", f"HERE ({counted.zone.key})", "NEW YORK", "CLOCK CHANGE")
        session.facts(text_table(columns(heads), rows))
        if counted.source != LOCALTIME:
            session.facts([f"zone {counted.zone.key} by {counted.source}"])
        session.facts(f"note: {note}" for note in counted.notes)
    else:
        session.facts(["nothing is scheduled: `stockml schedule install`"])
    return ExitCode.DONE


def _chosen(session: Session, names: Iterable[str]) -> list[JobView]:
    """The named jobs, or all jobs; UsageError for an unknown one."""
    chosen = [job_named(name).name for name in names]
    session.unchecked_engine.schedule.sweep()
    jobs = session.unchecked_engine.schedule.view().jobs
    return [job for job in jobs if not chosen or job.job.name in chosen]


def _planned_runs(job: JobView, now: datetime, zone: ZoneInfo, count: int) -> list[PlannedRun]:
    if job.explained is None:
        return []
    expression = job.explained.expression
    # By UTC text: the two moments of a repeated hour are equal as local times.
    changes = {
        when(run): str(note) for note in dst_notes(expression, now, zone) for run in note.runs
    }
    return [
        PlannedRun(job.job.name, slot, changes.get(when(slot)))
        for slot in next_slots(expression, now, zone, count)
    ]


def _rows(job: JobView, runs: list[PlannedRun]) -> list[tuple[str, ...]]:
    if job.explained is None:
        return [(job.job.name, figures.ABSENT, figures.ABSENT, job.reason)]
    if not runs:
        return [(job.job.name, "when the machine starts", figures.ABSENT, "")]
    return [
        (
            run.job,
            times.slot(run.slot),
            times.slot(run.slot.astimezone(EXCHANGE)),
            run.clock_change or "",
        )
        for run in runs
    ]


def _run_tree(run: PlannedRun) -> dict[str, Any]:
    return {
        "job": run.job,
        "at": when(run.slot),
        "host": run.slot.isoformat(),
        "dst": run.clock_change,
    }


def catch_up(session: Session, jobs: tuple[str, ...]) -> int:
    """Run each missed job once, for its newest missed time; never a backlog."""
    missed = [
        job
        for job in _chosen(session, jobs)
        if job.status and job.status.state is ScheduleState.MISSED
    ]
    trees = []
    worst = int(ExitCode.DONE)
    for job in missed:
        assert job.status is not None
        name = job.job.name
        if job.job.reboot:
            verb = " ".join(job.job.verb)
            session.note(f"{name} runs until it is stopped: start it with `stockml {verb}`")
            continue
        slot = job.status.missed[0]
        session.say(f"{name}: catching up on {times.slot(slot)}")
        code = session.unchecked_engine.schedule.run(
            name, trigger=JobTrigger.CATCH_UP, slot=slot, report=session.note
        )
        session.say(f"{name}: {'done' if code == ExitCode.DONE else f'exit {code}'}")
        trees.append({"job": name, "slot": when(slot), "exit": code})
        worst = worst or code
    if session.json:
        session.document({"runs": trees})
    elif not missed:
        session.facts(["nothing was missed"])
    return worst
