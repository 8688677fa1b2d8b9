"""What the supervisor decides, as pure functions."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from engine.core.errors import ExitCode
from engine.runs.spec import Limits


class Force(IntEnum):
    """How hard a worker is being stopped."""

    ASK = 1
    TERM = 2
    KILL = 3


@dataclass(frozen=True, slots=True)
class Death:
    """What the end of a worker means for the job it had."""

    message: str
    hint: str
    retry: bool
    exit_code: int = int(ExitCode.FAILED)


def force_due(waited_s: float, grace_s: float, first: Force) -> Force:
    """How hard to stop a worker `waited_s` after the stop began with `first`: one step more each
    grace."""
    steps = int(waited_s // grace_s) if grace_s > 0 else 2
    return Force(min(Force.KILL, first + steps))


def overdue(now: float, since: float, heard: float, limits: Limits) -> str | None:
    """Why a job that began at `since` and last spoke at `heard` must be stopped, or None;
    monotonic seconds."""
    if now - since > limits.wall_s:
        return f"took longer than {span(limits.wall_s)} (training.wall_limit_min)"
    if now - heard > limits.stall_s:
        return f"no progress for {span(limits.stall_s)} (training.stall_limit_min)"
    return None


def room_mb(available: int, resident: Sequence[int], need: int) -> int:
    """Memory in MB that is left when every running worker has grown to `need`."""
    return available - sum(max(0, need - mb) for mb in resident)


def death_of(returncode: int, out_of_memory: bool) -> Death:
    """What a worker's end that we did not cause means;
    a signal and the OOM killer are worth one retry."""
    if returncode == -signal.SIGKILL:
        if out_of_memory:
            return Death(
                "killed: the machine ran out of memory",
                "fewer workers: training.max_workers",
                retry=True,
            )
        return Death(
            "killed (out of memory?)", "the kernel's log knows: dmesg | grep -i oom", retry=True
        )
    if returncode < 0:
        return Death(
            f"the worker died of {signal_name(-returncode)}",
            "see the worker's log in the run's folder",
            retry=True,
        )
    return Death(
        f"the worker ended with code {returncode}",
        "see the worker's log in the run's folder",
        retry=False,
    )


def signal_name(number: int) -> str:
    """SIGSEGV for 11."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def span(seconds: float) -> str:
    """30 min, 90 s, 0.5 s."""
    if seconds >= 120:
        return f"{seconds / 60:g} min"
    return f"{seconds:g} s"
