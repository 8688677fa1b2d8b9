"""Cancelling a run: by a file first, by a signal only when that has no effect."""

from __future__ import annotations

import signal
from collections.abc import Iterable
from pathlib import Path

from engine.core.clock import Clock, SystemClock, iso
from engine.core.errors import FileError, StockmlError
from engine.core.files import lock_holder, write_atomic
from engine.core.paths import Home
from engine.core.reading import read_bytes
from engine.core.records import JobState, Run
from engine.core.text import clean, clean_bytes
from engine.runs.journal import JournalTail
from engine.runs.processes import Identity, send, whoami
from engine.runs.spec import RunFolder, read_spec, run_folder
from engine.runs.store import RunStore

# A supervisor looks for the file five times a second and gives a worker two grace periods; one
# that has not ended this long after both is stopped or hangs.
PATIENCE_S = 15.0


def cancel_run(home: Home, run_id: str, starter: str = "", clock: Clock | None = None) -> None:
    """Ask a run to stop; its supervisor ends the workers. UsageError for an unknown id.

    Asked again, it kills a run that is overdue, and the worker of a lost run that has a symbol.
    """
    clock = clock or SystemClock()
    run = RunStore(home).run(run_id)
    folder = run_folder(home, run_id)
    if run.live and not folder.cancel.exists():
        _request_cancel(home, run, f"{clean(starter, 100) or whoami()} at {iso(clock.now())}\n")
    elif run.state is JobState.LOST or (run.live and _overdue(folder, clock)):
        force_stop(home, run)


def force_stop(home: Home, run: Run) -> bool:
    """Kill a supervisor (its workers die with it), or what a lost run left behind; True if any.

    Only holders of this run's locks and, for a lost run, workers of its journal are killed, while
    pid, start time and boot id match.
    """
    folder = run_folder(home, run.id)
    locks = [folder.lock, *(home.lock(job.symbol) for job in run.jobs)]
    signalled = _signal_holders(run, locks, signal.SIGKILL)
    orphans = _journaled_workers(folder) if run.state is JobState.LOST else []
    killed = [send(worker, signal.SIGKILL) for worker in orphans]
    return signalled or any(killed)


def _journaled_workers(folder: RunFolder) -> list[Identity]:
    """The workers that were started according to the journal."""
    events = JournalTail(folder.events).poll()
    texts = [event.data.get("identity") for event in events if event.type == "worker"]
    identities = [Identity.parse(text) for text in texts if isinstance(text, str)]
    return [identity for identity in identities if identity]


def _request_cancel(home: Home, run: Run, text: str) -> None:
    """Write the cancel file; on a full disk, SIGTERM to the supervisor does the same."""
    folder = run_folder(home, run.id)
    try:
        write_atomic(folder.cancel, text.encode(), name="cancel")
    except OSError as error:
        if not _signal_holders(run, [folder.lock], signal.SIGTERM):
            raise StockmlError(
                f"cannot ask run {run.id} to stop: {error.strerror or error}",
                "free space, try again",
            ) from error


def _signal_holders(run: Run, locks: Iterable[Path], number: int) -> bool:
    """Signal the processes that hold one of `locks` for this run; True when there was one."""
    holders = [lock_holder(path) or "" for path in locks]
    ours = [holder for holder in holders if holder.startswith(f"run {run.id}")]
    identities = [Identity.parse(holder.rpartition("[")[2].rpartition("]")[0]) for holder in ours]
    signalled = [send(identity, number) for identity in identities if identity]
    return any(signalled)


def _overdue(folder: RunFolder, clock: Clock) -> bool:
    """Whether the run was asked so long ago that it must have ended."""
    try:
        waited_s = clock.now().timestamp() - folder.cancel.stat().st_mtime
    except FileNotFoundError:
        return False
    return waited_s > PATIENCE_S + 2 * read_spec(folder).limits.grace_s


def cancelled_by(folder: RunFolder) -> str:
    """Who asked the run to stop, as the cancel file says it."""
    try:
        return clean_bytes(read_bytes(folder.cancel, 10_000)[:200].split(b"\n")[0]) or "somebody"
    except (OSError, FileError):
        return "somebody"
