"""Cancelling a run: by a file first, which needs no pid.

By a signal only when its supervisor does not react.
"""

from __future__ import annotations

import signal
from collections.abc import Iterable
from pathlib import Path

from engine.core.clock import Clock, SystemClock, iso
from engine.core.errors import StockmlError
from engine.core.files import lock_holder, write_atomic
from engine.core.paths import Home
from engine.core.records import JobState, Run
from engine.core.text import clean
from engine.runs.journal import JournalTail
from engine.runs.processes import Identity, send, whoami
from engine.runs.spec import RunFolder, read_spec, run_folder
from engine.runs.store import RunStore

# A supervisor looks for the file five times a second and needs two graces for a worker that does
# not want to go; one that has not ended this long after both is stopped or hangs.
PATIENCE_S = 15.0


def cancel_run(home: Home, run_id: str, starter: str = "", clock: Clock | None = None) -> None:
    """Ask a run to stop; its supervisor ends the workers. UsageError for an id that does not exist.

    Asked again of a run that has not ended in time (its supervisor is stopped or hangs), or of a
    lost run whose worker still holds a symbol, it kills those processes.
    """
    clock = clock or SystemClock()
    run = RunStore(home).run(run_id)
    folder = run_folder(home, run_id)
    if run.live and not folder.cancel.exists():
        _ask(home, run, f"{clean(starter, 100) or whoami()} at {iso(clock.now())}\n")
    elif run.state is JobState.LOST or (run.live and _overdue(folder, clock)):
        force_stop(home, run)


def force_stop(home: Home, run: Run) -> bool:
    """Kill a supervisor (its workers die with it), or what a lost run left behind.

    Whether anything was signalled.

    Only processes that hold a lock of this run now, and workers of a lost run by its journal (a
    stopped one between two symbols holds no lock); always those alone whose pid, start time and
    boot id are what was written of them.
    """
    folder = run_folder(home, run.id)
    found = _signal(
        run, [folder.lock, *(home.lock(job.symbol) for job in run.jobs)], signal.SIGKILL
    )
    left = _workers(folder) if run.state is JobState.LOST else []
    sent = [send(worker, signal.SIGKILL) for worker in left]
    return found or any(sent)


def _workers(folder: RunFolder) -> list[Identity]:
    """The workers that the journal says were started."""
    texts = [
        event.data.get("identity")
        for event in JournalTail(folder.events).poll()
        if event.type == "worker"
    ]
    return [found for text in texts if isinstance(text, str) and (found := Identity.parse(text))]


def _ask(home: Home, run: Run, text: str) -> None:
    """Write the cancel file;
    where the disk has no room for it, SIGTERM to the supervisor says the same."""
    folder = run_folder(home, run.id)
    try:
        write_atomic(folder.cancel, text.encode(), name="cancel")
    except OSError as error:
        if not _signal(run, [folder.lock], signal.SIGTERM):
            raise StockmlError(
                f"cannot ask run {run.id} to stop: {error.strerror or error}",
                "free space, try again",
            ) from error


def _signal(run: Run, locks: Iterable[Path], number: int) -> bool:
    """Signal those who hold one of `locks` for this run; whether there was one."""
    holders = [
        text for path in locks if (text := lock_holder(path)) and text.startswith(f"run {run.id}")
    ]
    targets = [
        found
        for text in holders
        if (found := Identity.parse(text.rpartition("[")[2].rpartition("]")[0]))
    ]
    signalled = [send(target, number) for target in targets]
    return any(signalled)


def _overdue(folder: RunFolder, clock: Clock) -> bool:
    """Whether the run was asked so long ago that it must have ended."""
    try:
        waited_s = clock.now().timestamp() - folder.cancel.stat().st_mtime
    except FileNotFoundError:
        return False
    return waited_s > PATIENCE_S + 2 * read_spec(folder).limits.grace_s
