"""`schedule …`: the jobs in the operator's crontab or in systemd.

Every write shows its difference and asks first.
"""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.cli import render
from engine.cli.confirm import confirm
from engine.cli.documents import when
from engine.cli.schedule_text import view_document, view_lines
from engine.cli.session import Session
from engine.core.errors import ExitCode, RefusedError, UsageError
from engine.schedule.cron_run import run_job
from engine.schedule.drafts import Backend, Draft, EditPolicy
from engine.schedule.explain import EXCHANGE
from engine.schedule.jobs import job_named
from engine.schedule.record import JobTrigger
from engine.schedule.scheduler import Scheduler
from engine.schedule.slots import dst_notes, next_slots
from engine.schedule.state import ScheduleState
from engine.schedule.view import schedule_view
from engine.words import figures, times


def show(session: Session, tab: bool) -> int:
    """Every job with its state, time, last and next run; the daemon; what is wrong."""
    schedule = schedule_view(_scheduler(session))
    if session.json:
        session.document(view_document(schedule))
    else:
        session.facts(view_lines(schedule, tab))
    return ExitCode.DONE


def next_runs(session: Session, jobs: tuple[str, ...], count: int) -> int:
    """The next runs, in the host's zone and in New York; DST changes marked."""
    scheduler = _scheduler(session)
    names = [job_named(job).name for job in jobs]
    chosen = [
        job
        for job in schedule_view(scheduler).jobs
        if job.line and job.line.enabled and (not names or job.job.name in names)
    ]
    trees, rows = [], []
    for job in chosen:
        assert job.line is not None
        if job.explained is None:
            rows.append((job.job.name, figures.ABSENT, figures.ABSENT, job.reason))
            continue
        now, expression = scheduler.clock.now(), job.explained.expression
        slots = next_slots(expression, now, scheduler.zone, count)
        # By UTC text: the two moments of a repeated hour are equal as local times.
        changed = {
            when(run): str(note)
            for note in dst_notes(expression, now, scheduler.zone)
            for run in note.runs
        }
        trees += [
            {
                "job": job.job.name,
                "at": when(slot),
                "host": slot.isoformat(),
                "dst": changed.get(when(slot)),
            }
            for slot in slots
        ]
        rows += [
            (
                job.job.name,
                times.slot(slot),
                times.slot(slot.astimezone(EXCHANGE)),
                changed.get(when(slot), ""),
            )
            for slot in slots
        ]
        if not slots:
            rows.append((job.job.name, "when the machine starts", figures.ABSENT, ""))
    if session.json:
        session.document({"zone": scheduler.zone.key, "next": trees})
    elif rows:
        session.facts(
            render.table(("JOB", f"HERE ({scheduler.zone.key})", "NEW YORK", "CLOCK CHANGE"), rows)
        )
    else:
        session.facts(["nothing is scheduled: `stockml schedule install`"])
    return ExitCode.DONE


def diff(
    session: Session,
    jobs: tuple[str, ...],
    systemd: bool,
    reset: bool,
    edits: str | None,
    program: Path | None,
) -> int:
    """What `schedule install` with the same words would change; writes nothing."""
    draft = _install_draft(_scheduler(session), jobs, systemd, reset, edits, program)
    if session.json:
        session.document(_draft_tree(draft))
    else:
        session.facts(draft.diff or ["no change"])
        session.facts(f"note: {warning}" for warning in draft.warnings)
    return ExitCode.DONE


def install(
    session: Session,
    jobs: tuple[str, ...],
    systemd: bool,
    reset: bool,
    edits: str | None,
    program: Path | None,
    move: bool,
    yes: bool,
) -> int:
    """Install the standard jobs, or exactly JOBS (health, serve, …);
    what is installed keeps its times."""
    scheduler = _scheduler(session)
    draft = _install_draft(scheduler, jobs, systemd, reset, edits, program, move)
    used = scheduler.in_use()
    if used is None or used is draft.base.backend or not move:
        return _write(session, scheduler, draft, yes)
    leaving = scheduler.remove(scheduler.current(used))
    _ask(session, draft, yes, leaving.diff)
    written, warnings = scheduler.move(leaving, draft)
    return _done(session, draft, str(written.backup) if written.backup else None, warnings)


def remove(
    session: Session, jobs: tuple[str, ...], backend: str | None, overwrite: bool, yes: bool
) -> int:
    """Take JOBS out, or everything of this home; all other lines stay as they are."""
    scheduler = _scheduler(session)
    base = scheduler.current(
        Backend(backend) if backend else None,
        EditPolicy.OVERWRITE if overwrite else EditPolicy.REFUSE,
    )
    return _write(session, scheduler, scheduler.remove(base, jobs), yes)


def enable(session: Session, jobs: tuple[str, ...], yes: bool) -> int:
    """Switch paused JOBS on."""
    scheduler = _scheduler(session)
    return _write(
        session, scheduler, scheduler.enable(scheduler.current(), jobs, enabled=True), yes
    )


def disable(session: Session, jobs: tuple[str, ...], yes: bool) -> int:
    """Pause JOBS; their lines stay as comments."""
    scheduler = _scheduler(session)
    return _write(
        session, scheduler, scheduler.enable(scheduler.current(), jobs, enabled=False), yes
    )


def set_expression(session: Session, job: str, expression: str, yes: bool) -> int:
    """Give JOB another time: `schedule set weekly "0 4 * * 0"`."""
    scheduler = _scheduler(session)
    return _write(session, scheduler, scheduler.set(scheduler.current(), job, expression), yes)


def undo(session: Session, yes: bool) -> int:
    """Take back the last write to the crontab; what others wrote since stays."""
    scheduler = _scheduler(session)
    return _write(session, scheduler, scheduler.undo(), yes)


def catch_up(session: Session, jobs: tuple[str, ...]) -> int:
    """Run each missed job once, for its newest missed time; never a backlog."""
    names = [job_named(job).name for job in jobs]
    missed = [
        job
        for job in schedule_view(_scheduler(session)).jobs
        if job.status and job.status.state is ScheduleState.MISSED
    ]
    chosen = [job for job in missed if not names or job.job.name in names]
    trees, worst = [], int(ExitCode.DONE)
    for job in chosen:
        assert job.status is not None
        if job.job.reboot:
            session.note(
                f"{job.job.name} runs until it is stopped: start it with `stockml"
                f" {' '.join(job.job.verb)}`"
            )
            continue
        slot = job.status.missed[0]
        session.say(f"{job.job.name}: catching up on {times.slot(slot)}")
        code = run_job(
            session.home, job.job.name, trigger=JobTrigger.CATCH_UP, slot=slot, report=session.note
        )
        session.say(f"{job.job.name}: {'done' if code == ExitCode.DONE else f'exit {code}'}")
        trees.append({"job": job.job.name, "slot": when(slot), "exit": code})
        worst = worst or code
    if session.json:
        session.document({"runs": trees})
    elif not chosen:
        session.facts(["nothing was missed"])
    return worst


def _scheduler(session: Session) -> Scheduler:
    return Scheduler(session.home)


def _install_draft(
    scheduler: Scheduler,
    jobs: tuple[str, ...],
    systemd: bool,
    reset: bool,
    edits: str | None,
    program: Path | None,
    move: bool = False,
) -> Draft:
    used = scheduler.in_use()
    backend = Backend.SYSTEMD if systemd else Backend.CRONTAB
    chosen = EditPolicy(edits) if edits else EditPolicy.REFUSE
    absolute = program.expanduser().absolute() if program else None
    if used and used is not backend:
        if not move:
            option = "" if systemd else " --systemd"
            raise RefusedError(
                f"the jobs are started by {used}: both would start each twice",
                f"--move takes them over, `schedule install{option}` edits them where they are",
            )
        base = replace(scheduler.current(backend), lines=scheduler.current(used, chosen).lines)
        return scheduler.install(base, jobs, absolute, reset=reset)
    return scheduler.install(scheduler.current(backend, chosen), jobs, absolute, reset=reset)


def _write(session: Session, scheduler: Scheduler, draft: Draft, yes: bool) -> int:
    if draft.changed:
        _ask(session, draft, yes)
    written, warnings = scheduler.write(draft)
    return _done(session, draft, str(written.backup) if written.backup else None, warnings)


def _ask(session: Session, draft: Draft, yes: bool, before: tuple[str, ...] = ()) -> None:
    """Show the difference; go on only with a yes."""
    for line in (*before, *draft.diff):
        session.say(line)
    for warning in draft.warnings:
        session.note(f"note: {warning}")
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            "this writes the schedule and there is no terminal to ask on",
            "look at the difference and add --yes",
        )
    confirm(session, "Write this?")


def _done(session: Session, draft: Draft, backup: str | None, warnings: tuple[str, ...]) -> int:
    for text in warnings:
        session.note(f"warning: {text}")
    if session.json:
        session.document({**_draft_tree(draft), "backup": backup, "told": list(warnings)})
    elif not draft.changed:
        session.facts(["no change: the schedule is as asked"])
    else:
        units = "systemd units written" if draft.lines else "systemd units removed"
        where = "crontab written" if draft.base.backend is Backend.CRONTAB else units
        session.facts(
            [
                where
                + (
                    f"; the one before: {backup} (`stockml schedule undo` takes it back)"
                    if backup
                    else ""
                )
            ]
        )
    return ExitCode.DONE


def _draft_tree(draft: Draft) -> dict[str, Any]:
    return {
        "backend": str(draft.base.backend),
        "changed": draft.changed,
        "diff": list(draft.diff),
        "warnings": list(draft.warnings),
        "jobs": [
            {"job": line.job, "expression": line.expression, "enabled": line.enabled}
            for line in draft.lines
        ],
    }
