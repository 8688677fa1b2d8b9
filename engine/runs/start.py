"""Starting runs; cancelling is in `cancel`.

A start takes the run's lock and hands it on, so that a run that has begun never looks dead. Runs
start under one short lock, so that two starters never both get a symbol.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import msgspec

from engine.core.anchor import make_folder
from engine.core.child import child_environment, collect
from engine.core.clock import Clock, SystemClock
from engine.core.errors import BusyError, StockmlError
from engine.core.failpoints import failpoint
from engine.core.files import FileLock, lock_holder, open_own
from engine.core.paths import Home
from engine.core.reading import read_end
from engine.core.records import StartedRun, TrainRequest
from engine.core.sources import parse_source
from engine.core.symbols import check_symbols
from engine.core.text import clean, clean_bytes
from engine.core.workers import WorkerCount
from engine.runs.processes import whoami
from engine.runs.spec import Limits, RunFolder, RunSpec, new_run_id, run_folder, write_spec
from engine.runs.store import RunStore
from engine.settings.schema import Settings, TrainingSettings

STARTING = ".starting"
_FIRST_EVENT_WAIT_S = 3.0
_START_LOCK_WAIT_S = 15.0

Launch = Callable[[RunFolder, FileLock], "subprocess.Popen[bytes] | None"]


def start_run(
    home: Home,
    settings: Settings,
    request: TrainRequest,
    cluster: Callable[[], WorkerCount],
    clock: Clock | None = None,
) -> StartedRun:
    """Start a detached run of the symbols that nobody else trains; the others are `busy`.

    BusyError when all are busy, StockmlError when the disk is full or the supervisor cannot start.
    `cluster` counts the workers of a cluster, ConfigError without its extra or certificates.
    """
    check_disk(home, settings.training.free_disk_mb)
    spec = plan(settings, request, clock or SystemClock(), str(home.root))
    workers = settings.training.workers_for(len(spec.symbols))
    spec = msgspec.structs.replace(spec, limits=limits_of(settings.training, workers.count))
    if spec.executor:
        workers = cluster()
        spec = msgspec.structs.replace(spec, remote_workers=workers.count)
    started = begin(home, spec, launch)
    return replace(started, workers=str(workers))


def plan(settings: Settings, request: TrainRequest, clock: Clock, base: str = "") -> RunSpec:
    """The spec of a request, symbols by priority; UsageError for an unknown symbol or source.

    A relative csv folder in the settings is relative to `base`, the home folder.
    """
    symbols = sorted(
        check_symbols(request.symbols, settings.names),
        key=lambda symbol: settings.symbols[symbol].priority.rank,
    )
    if request.source:
        source = parse_source(request.source)
    else:
        source = parse_source(settings.market.source, base)
    now = clock.now()
    return RunSpec(
        id=new_run_id(now),
        reason=request.reason,
        reasons=request.reasons,
        source=source.name,
        reports=settings.market.reports,
        created_at=now,
        starter=clean(request.starter, 100) or whoami(),
        symbols=tuple(symbols),
        epochs=request.epochs,
        members=request.members,
        accept_worse=request.accept_worse,
        replace_source=request.replace_source,
        accept_doubts=request.accept_doubts,
        accept_rebase=request.accept_rebase,
        limits=limits_of(settings.training, settings.training.workers_for(len(symbols)).count),
        executor="" if settings.training.executor == "local" else settings.training.executor,
        executor_fallback=settings.training.executor_fallback,
    )


def limits_of(training: TrainingSettings, workers: int) -> Limits:
    """The limits of a run with so many workers."""
    return Limits(
        workers=workers,
        wall_s=training.wall_limit_min * 60,
        stall_s=training.stall_limit_min * 60,
        memory_mb=training.worker_memory_mb,
    )


def begin(home: Home, spec: RunSpec, launch: Launch) -> StartedRun:
    """Claim the free symbols of the spec and launch its supervisor."""
    with start_lock(home, spec.starter):
        holders = busy_symbols(home, spec.symbols)
        free = tuple(symbol for symbol in spec.symbols if symbol not in holders)
        if not free:
            named = "; ".join(dict.fromkeys(holders.values()))
            raise BusyError(
                f"{' '.join(holders)}: being trained by {named}",
                "wait for it, or cancel that run",
                named,
            )
        busy = tuple(holders.items())
        try:
            folder, process = _create(home, spec, free, busy, launch)
        except OSError as error:
            raise StockmlError(
                f"cannot start a run in {home.runs}: {error.strerror or error}",
                "check the disk and its space",
            ) from error
    if process is not None:
        _await_first_event(folder, process)
    return StartedRun(folder.id, free, busy)


def _create(
    home: Home,
    spec: RunSpec,
    free: tuple[str, ...],
    busy: tuple[tuple[str, str], ...],
    launch: Launch,
) -> tuple[RunFolder, subprocess.Popen[bytes] | None]:
    """The run's folder, locked before its spec can be seen, and its supervisor."""
    # Not below: a link to a disk that is not mounted "exists" for ever.
    make_folder(home.runs)
    folder = run_folder(home, spec.id)
    while True:
        try:
            folder.path.mkdir(mode=0o755)
            break
        except FileExistsError:
            folder = run_folder(home, new_run_id(spec.created_at))
    failpoint("run.folder")
    with FileLock(folder.lock) as lock:
        lock.acquire(f"run {folder.id}, being started by {spec.starter}")
        write_spec(folder, msgspec.structs.replace(spec, id=folder.id, symbols=free, busy=busy))
        process = launch(folder, lock)
        failpoint("run.launched")
    return folder, process


def launch(folder: RunFolder, lock: FileLock) -> subprocess.Popen[bytes]:
    """Start the supervisor in its own session, without terminal or pipes, with the run's lock."""
    module = "engine.runs.supervisor"
    log = open_own(folder.supervisor_log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", module, str(folder.path), str(lock.fileno())],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            pass_fds=(lock.fileno(),),
            start_new_session=True,
            cwd=folder.home.root,
            env=child_environment(),
        )
    finally:
        os.close(log)
    collect(process)
    return process


def _await_first_event(folder: RunFolder, process: subprocess.Popen[bytes]) -> None:
    """Wait a while for the supervisor's first event; StockmlError if it ended without one."""
    end = time.monotonic() + _FIRST_EVENT_WAIT_S
    while time.monotonic() < end:
        if folder.events.exists() and folder.events.stat().st_size:
            return
        # 0: a full disk kept every event from the journal, and the run has ended already.
        if process.returncode == 0:
            return
        if process.returncode is not None:
            last_line = read_end(folder.supervisor_log, 2000).strip().rpartition(b"\n")[2]
            raise StockmlError(
                f"run {folder.id} could not start: {clean_bytes(last_line, 300) or 'no word'}",
                f"see {folder.supervisor_log}",
            )
        time.sleep(0.01)


def busy_symbols(home: Home, symbols: Iterable[str]) -> dict[str, str]:
    """Who has each symbol that is queued or running in a live run, or whose lock is held."""
    in_runs: dict[str, str] = {}
    for run in RunStore(home).live():
        for job in run.jobs:
            if not job.state.ended:
                in_runs.setdefault(job.symbol, f"run {run.id} ({run.starter})")
    holders = {symbol: in_runs.get(symbol) or _lock_holder(home, symbol) for symbol in symbols}
    return {symbol: holder for symbol, holder in holders.items() if holder is not None}


def _lock_holder(home: Home, symbol: str) -> str | None:
    holder = lock_holder(home.lock(symbol))
    if holder is None:
        return None
    return clean(holder.partition(" [")[0], 200) or "another process"


@contextmanager
def start_lock(home: Home, starter: str) -> Iterator[None]:
    """The lock under which runs are started; BusyError when another start does not end."""
    path = home.locks / STARTING
    with FileLock(path) as lock:
        if not lock.acquire(f"a start by {starter}, pid {os.getpid()}", _START_LOCK_WAIT_S):
            holder = lock_holder(path) or "another process"
            raise BusyError(
                f"{holder} has not ended", "see whether that process is stopped", holder
            )
        yield


def check_disk(home: Home, need_mb: int) -> None:
    """StockmlError when the home's disk has less than `need_mb` MB free."""
    disk = os.statvfs(home.root)
    free_mb = disk.f_bavail * disk.f_frsize // 2**20
    if free_mb < need_mb:
        raise StockmlError(
            f"disk too full to train: {free_mb} MB free in {home.root}, {need_mb} MB needed"
            " (training.free_disk_mb)",
            "free space (stockml clean), or lower training.free_disk_mb",
        )
