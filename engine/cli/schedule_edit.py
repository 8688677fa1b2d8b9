"""`schedule install|remove|set|…`: every write shows its difference and asks first."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from engine.cli.confirm import confirm
from engine.cli.schedule_check import offer
from engine.cli.session import Session
from engine.core.errors import ExitCode, RefusedError, UsageError
from engine.schedule.drafts import Draft, EditPolicy
from engine.schedule.records import Backend
from engine.schedule.scheduler import Scheduler


def diff(session: Session, jobs: tuple[str, ...], **options: Any) -> int:
    """Show what `schedule install` with the same words would change; writes nothing."""
    draft = _install_draft(_scheduler(session), jobs, **options)
    if session.json:
        session.document(_draft_tree(draft))
    else:
        session.facts(draft.diff or ["no change"])
        session.facts(f"note: {warning}" for warning in draft.warnings)
    return ExitCode.DONE


def install(session: Session, jobs: tuple[str, ...], move: bool, yes: bool, **options: Any) -> int:
    """Install the standard jobs, or exactly the named ones; installed ones keep their times."""
    scheduler = _scheduler(session)
    draft = _install_draft(scheduler, jobs, move=move, **options)
    used = scheduler.in_use()
    if used is None or used is draft.base.backend or not move:
        code = _write(session, scheduler, draft, yes)
        systemd, program = options["systemd"], options["program"]
        offer(session, first=used is None and draft.changed, systemd=systemd, program=program)
        return code
    leaving = scheduler.remove(scheduler.current(used))
    _ask(session, draft, yes, leaving.diff)
    written, warnings = scheduler.move(leaving, draft)
    return _report_written(session, draft, written.backup, warnings)


def remove(
    session: Session, jobs: tuple[str, ...], backend: str | None, overwrite: bool, yes: bool
) -> int:
    """Remove jobs, or everything of this home; all other lines stay as they are."""
    scheduler = _scheduler(session)
    base = scheduler.current(
        Backend(backend) if backend else None,
        EditPolicy.OVERWRITE if overwrite else EditPolicy.REFUSE,
    )
    return _write(session, scheduler, scheduler.remove(base, jobs), yes)


def enable(session: Session, jobs: tuple[str, ...], yes: bool) -> int:
    """Switch paused JOBS on."""
    scheduler = _scheduler(session)
    draft = scheduler.enable(scheduler.current(), jobs, enabled=True)
    return _write(session, scheduler, draft, yes)


def disable(session: Session, jobs: tuple[str, ...], yes: bool) -> int:
    """Pause JOBS; their lines stay as comments."""
    scheduler = _scheduler(session)
    draft = scheduler.enable(scheduler.current(), jobs, enabled=False)
    return _write(session, scheduler, draft, yes)


def set_expression(session: Session, job: str, expression: str, yes: bool) -> int:
    """Change the time of JOB: `schedule set weekly "0 4 * * 0"`."""
    scheduler = _scheduler(session)
    return _write(session, scheduler, scheduler.set(scheduler.current(), job, expression), yes)


def undo(session: Session, yes: bool) -> int:
    """Undo the last write to the crontab; later changes by others stay."""
    scheduler = _scheduler(session)
    return _write(session, scheduler, scheduler.undo(), yes)


def _scheduler(session: Session) -> Scheduler:
    """The scheduler, without the expired line of a check."""
    session.unchecked_engine.schedule.sweep()
    return session.unchecked_engine.schedule.scheduler()


def _install_draft(
    scheduler: Scheduler,
    jobs: tuple[str, ...],
    *,
    systemd: bool,
    reset: bool,
    edits: str | None,
    program: Path | None,
    move: bool = False,
) -> Draft:
    used = scheduler.in_use()
    backend = Backend.SYSTEMD if systemd else Backend.CRONTAB
    policy = EditPolicy(edits) if edits else EditPolicy.REFUSE
    absolute = program.expanduser().absolute() if program else None
    if used and used is not backend:
        if not move:
            option = "" if systemd else " --systemd"
            raise RefusedError(
                f"the jobs are started by {used}: both would start each twice",
                f"--move takes them over, `schedule install{option}` edits them where they are",
            )
        base = replace(scheduler.current(backend), lines=scheduler.current(used, policy).lines)
        return scheduler.install(base, jobs, absolute, reset=reset)
    return scheduler.install(scheduler.current(backend, policy), jobs, absolute, reset=reset)


def _write(session: Session, scheduler: Scheduler, draft: Draft, yes: bool) -> int:
    if draft.changed:
        _ask(session, draft, yes)
    written, warnings = scheduler.write(draft)
    return _report_written(session, draft, written.backup, warnings)


def _ask(session: Session, draft: Draft, yes: bool, before: tuple[str, ...] = ()) -> None:
    """Show the difference; continue only with a yes."""
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


def _report_written(
    session: Session, draft: Draft, backup: Path | None, warnings: tuple[str, ...]
) -> int:
    for text in warnings:
        session.note(f"warning: {text}")
    if session.json:
        backup_path = str(backup) if backup else None
        session.document({**_draft_tree(draft), "backup": backup_path, "told": list(warnings)})
    elif not draft.changed:
        session.facts(["no change: the schedule is as asked"])
    else:
        units = "systemd units written" if draft.lines else "systemd units removed"
        where = "crontab written" if draft.base.backend is Backend.CRONTAB else units
        undo_hint = f"; the one before: {backup} (`stockml schedule undo` takes it back)"
        session.facts([where + (undo_hint if backup else "")])
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
