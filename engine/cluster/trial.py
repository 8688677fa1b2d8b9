"""A head and workers on this machine, for a trial: started, found again, ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from engine.cluster.certificates import ClusterFolder
from engine.core.child import child_environment, collect
from engine.core.clock import Clock
from engine.core.errors import FileError, RefusedError, StockmlError
from engine.core.files import open_own, write_atomic
from engine.core.reading import read_bytes, read_end
from engine.core.text import clean_bytes
from engine.runs.processes import Identity, identity_of, send

_START_WAIT_S = 30.0
_END_WAIT_S = 10.0
_POLL_S = 0.1


class TrialProcess(msgspec.Struct, frozen=True, kw_only=True):
    """A process of the trial, as it is found again: by pid, start time and boot."""

    name: str
    pid: int
    ticks: int
    boot: str

    @property
    def identity(self) -> Identity:
        return Identity(self.pid, self.ticks, self.boot)

    @property
    def alive(self) -> bool:
        return identity_of(self.pid) == self.identity


class Trial(msgspec.Struct, frozen=True, kw_only=True):
    """What `cluster up` started."""

    address: str
    processes: tuple[TrialProcess, ...] = ()


def record_of(folder: ClusterFolder) -> Path:
    """Where the trial is written down."""
    return folder.path / "trial.json"


def read_trial(folder: ClusterFolder) -> Trial | None:
    """The trial whose processes still live; None when there is none."""
    try:
        trial = msgspec.json.decode(read_bytes(record_of(folder), 100_000), type=Trial)
    except (FileNotFoundError, FileError, msgspec.MsgspecError):
        return None
    living = tuple(process for process in trial.processes if process.alive)
    return msgspec.structs.replace(trial, processes=living) if living else None


def start_trial(folder: ClusterFolder, address: str, workers: int, clock: Clock) -> Trial:
    """Start a head that listens at `address` and so many workers; RefusedError while one runs.

    StockmlError with its last words when one of them ends at once; nothing of it stays.
    """
    if (running := read_trial(folder)) is not None:
        raise RefusedError(f"a trial runs already at {running.address}", "stockml cluster down")
    started: list[TrialProcess] = []
    try:
        started.append(_start(folder, "head", [address], clock, f"listening at {address}"))
        for number in range(1, workers + 1):
            name = f"worker-{number}"
            started.append(_start(folder, name, [address, name], clock, f"working for {address}"))
    except BaseException:
        _end(started, clock)
        raise
    trial = Trial(address=address, processes=tuple(started))
    write_atomic(record_of(folder), msgspec.json.encode(trial) + b"\n", mode=0o600)
    return trial


def stop_trial(folder: ClusterFolder, clock: Clock) -> Trial:
    """End the trial, its workers first; RefusedError when none runs."""
    trial = read_trial(folder)
    if trial is None:
        raise RefusedError("no trial of this home runs", "stockml cluster up starts one")
    _end(trial.processes[::-1], clock)
    record_of(folder).unlink(missing_ok=True)
    return trial


def _start(
    folder: ClusterFolder, name: str, words: list[str], clock: Clock, ready: str
) -> TrialProcess:
    """Start a process and wait until its log says that it is ready."""
    module = "engine.cluster.head" if name == "head" else "engine.cluster.node"
    log = folder.path / f"{name}.log"
    log.unlink(missing_ok=True)
    output = open_own(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    try:
        child = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(folder.path), *words],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=child_environment(),
        )
    finally:
        os.close(output)
    identity = identity_of(child.pid)
    _wait(
        clock,
        _START_WAIT_S,
        lambda: child.poll() is not None or ready.encode() in read_end(log, 20_000),
    )
    if identity is None or child.poll() is not None or ready.encode() not in read_end(log, 20_000):
        child.kill()
        last = clean_bytes(read_end(log, 4096).strip().rpartition(b"\n")[2], 300)
        raise StockmlError(f"the {name} did not start: {last or 'no word'}", f"read {log}")
    collect(child)
    return TrialProcess(name=name, pid=identity.pid, ticks=identity.ticks, boot=identity.boot)


def _end(processes: list[TrialProcess] | tuple[TrialProcess, ...], clock: Clock) -> None:
    """SIGTERM, and SIGKILL for whoever stays."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in processes:
            send(process.identity, number)
            send(process.identity, signal.SIGCONT)
        if _wait(clock, _END_WAIT_S, lambda: not any(each.alive for each in processes)):
            return


def _wait(clock: Clock, seconds: float, done: Callable[[], bool]) -> bool:
    """Whether it was done in time."""
    end = clock.monotonic() + seconds
    while not done():
        if clock.monotonic() > end:
            return False
        time.sleep(_POLL_S)
    return True
