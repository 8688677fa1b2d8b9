"""What the supervisor decides, as pure functions."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from engine.core.errors import ExitCode
from engine.runs.spec import Limits

HOST_LOST, CLUSTER_GONE = 71, 72
"""Exit codes of a worker whose fit was on another machine: that one was lost, or all are."""


class StopLevel(IntEnum):
    """How hard a worker is being stopped."""

    ASK = 1
    TERM = 2
    KILL = 3


@dataclass(frozen=True, slots=True)
class WorkerExit:
    """What the end of a worker means for the job it had."""

    message: str
    hint: str
    retry: bool
    exit_code: int = int(ExitCode.FAILED)


def stop_level_due(waited_s: float, grace_s: float, first: StopLevel) -> StopLevel:
    """How hard to stop a worker `waited_s` after the stop began; one level more each grace."""
    steps = int(waited_s // grace_s) if grace_s > 0 else 2
    return StopLevel(min(StopLevel.KILL, first + steps))


def overdue(now: float, *, since: float, heard: float, limits: Limits) -> str | None:
    """Why a job begun at `since`, last heard at `heard`, must be stopped; monotonic seconds."""
    if now - since > limits.wall_s:
        return f"took longer than {span(limits.wall_s)} (training.wall_limit_min)"
    if now - heard > limits.stall_s:
        return f"no progress for {span(limits.stall_s)} (training.stall_limit_min)"
    return None


def room_mb(available: int, resident: Sequence[int], need: int) -> int:
    """Memory in MB that is left when every running worker has grown to `need`."""
    return available - sum(max(0, need - mb) for mb in resident)


def explain_exit(returncode: int, out_of_memory: bool) -> WorkerExit:
    """What a worker's unexpected end means; a signal or the OOM killer is worth one retry."""
    see_log = "see the worker's log in the run's folder"
    if returncode == -signal.SIGKILL and out_of_memory:
        hint = "fewer workers: training.max_workers"
        return WorkerExit("killed: the machine ran out of memory", hint, retry=True)
    if returncode == -signal.SIGKILL:
        hint = "the kernel's log knows: dmesg | grep -i oom"
        return WorkerExit("killed (out of memory?)", hint, retry=True)
    if returncode == HOST_LOST:
        return WorkerExit("the host of its fit was lost", "stockml cluster status", retry=True)
    if returncode < 0:
        return WorkerExit(f"the worker died of {signal_name(-returncode)}", see_log, retry=True)
    return WorkerExit(f"the worker ended with code {returncode}", see_log, retry=False)


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
