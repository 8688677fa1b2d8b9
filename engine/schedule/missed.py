"""Why a job's slot was missed, and how to fix it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from engine.schedule.records import Daemon

NEW_PATH = "`stockml schedule install` writes the new path"


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """Possible causes of a missed slot."""

    daemon: Daemon
    line_recorded: bool
    """Whether the line is unchanged since it was written."""
    program: Path
    program_runs: bool
    boot: datetime | None
    lock_holder: str | None


def missed_reason(slot: datetime, circumstances: Circumstances) -> str:
    """The surest cause of the missed `slot`, with a fix."""
    daemon = circumstances.daemon
    if not daemon.running:
        return (
            f"no {daemon.name} runs ({daemon.detail}): start it, then `stockml schedule catch-up`"
        )
    if not circumstances.line_recorded:
        return "its line is gone, or was edited by hand: `stockml schedule install`"
    if not circumstances.program_runs:
        return f"the program {circumstances.program} is gone or cannot be run: {NEW_PATH}"
    if circumstances.boot and circumstances.boot > slot:
        return _was_down("the machine was off", circumstances.boot, slot)
    if daemon.since and daemon.since > slot:
        return _was_down(f"the {daemon.name} was down", daemon.since, slot)
    if circumstances.lock_holder is not None:
        return f"its lock is held by {circumstances.lock_holder or 'another process'}"
    return (
        f"the machine slept, its clock jumped, or the {daemon.name} could not start it: see the"
        " system log"
    )


def _was_down(fault: str, since: datetime, slot: datetime) -> str:
    started = f"{since.astimezone(slot.tzinfo):%Y-%m-%d %H:%M %Z}"
    return f"{fault} (it started {started}): `stockml schedule catch-up`"
