"""Cancelling a run: by a file first, which needs no pid; by a signal only when its supervisor does not react."""

from __future__ import annotations

import signal

from engine.core.clock import Clock, SystemClock, iso
from engine.core.files import lock_holder, write_atomic
from engine.core.paths import Home
from engine.core.records import JobState, Run
from engine.core.text import clean
from engine.runs.processes import Identity, send, whoami
from engine.runs.spec import RunFolder, read_spec, run_folder
from engine.runs.store import RunStore

# A supervisor looks for the file five times a second and needs two graces for a worker that does not want to go;
# one that has not ended this long after both is stopped or hangs.
PATIENCE_S = 15.0


def cancel_run(home: Home, run_id: str, starter: str = "", clock: Clock | None = None) -> None:
    """Ask a run to stop; its supervisor ends the workers. UsageError for an id that does not exist.

    Asked again of a run that has not ended in time (its supervisor is stopped or hangs), or of a lost run whose worker
    still holds a symbol, it kills those processes.
    """
    clock = clock or SystemClock()
    run = RunStore(home).run(run_id)
    folder = run_folder(home, run_id)
    if run.live and not folder.cancel.exists():
        text = f"{clean(starter, 100) or whoami()} at {iso(clock.now())}\n"
        write_atomic(folder.cancel, text.encode(), name="cancel")
    elif run.state is JobState.LOST or (run.live and _overdue(folder, clock)):
        force_stop(home, run)


def force_stop(home: Home, run: Run) -> bool:
    """Kill a supervisor (its workers die with it), or what a lost run left behind; whether anything was signalled.

    Only processes that hold a lock of this run now, and whose pid, start time and boot id are what they wrote.
    """
    paths = [run_folder(home, run.id).lock, *(home.lock(job.symbol) for job in run.jobs)]
    holders = [text for path in paths if (text := lock_holder(path)) and text.startswith(f"run {run.id}")]
    targets = [found for text in holders if (found := Identity.parse(text.rpartition("[")[2].rpartition("]")[0]))]
    signalled = [send(target, signal.SIGKILL) for target in targets]
    return any(signalled)


def _overdue(folder: RunFolder, clock: Clock) -> bool:
    """Whether the run was asked so long ago that it must have ended."""
    try:
        waited_s = clock.now().timestamp() - folder.cancel.stat().st_mtime
    except FileNotFoundError:
        return False
    return waited_s > PATIENCE_S + 2 * read_spec(folder).limits.grace_s
