"""Runs as files: listed newest first, finished ones read once, live ones followed.

state       how it is known
ended       result.json exists (or, on a disk that was full then, the journal says so)
running     the run's lock is held
lost        neither; derived each time, stored nowhere
The lock is checked first: a supervisor writes its result before it releases the lock.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from engine.core.anchor import GONE, is_gone
from engine.core.errors import StockmlError, UsageError
from engine.core.files import lock_holder
from engine.core.paths import Home
from engine.core.records import Run
from engine.core.text import clean
from engine.runs.fold import RunFold
from engine.runs.journal import JournalTail
from engine.runs.result import read_result, with_journal
from engine.runs.spec import RUN_ID, RunFolder, RunSpec, read_spec, run_folder

_MAX_CACHED = 1000
# A folder's time stamp has the grain of the kernel's tick: a listing this young may miss a name
# made in the same tick.
_SETTLED_NS = 2_000_000_000


@dataclass(slots=True)
class _FollowedRun:
    """A run whose journal is being read, with the state folded so far."""

    folder: RunFolder
    spec: RunSpec
    tail: JournalTail
    fold: RunFold
    restarts: int = 0

    def read(self) -> Run:
        """The run now: its lock first, then its result, then what is new in the journal."""
        lock_held = lock_holder(self.folder.lock) is not None
        result = read_result(self.folder)
        self._advance()
        skipped = self.tail.skipped + self.tail.missing
        run = self.fold.run(lock_held, self.folder.cancel.exists(), skipped)
        return with_journal(result, run) if result else run

    def _advance(self) -> None:
        events = self.tail.poll()
        if self.tail.restarts != self.restarts:
            self.restarts = self.tail.restarts
            self.fold = RunFold(self.spec)
        for event in events:
            self.fold.apply(event)


@dataclass(slots=True)
class RunStore:
    """The runs of one home; after the first call only what is new is read. Not thread-safe."""

    home: Home
    _ids: tuple[str, ...] = ()
    _listed_mtime_ns: int = -1
    _ended: dict[str, Run] = field(default_factory=dict)
    """Finished runs without losses; the newest `_MAX_CACHED`."""
    _never_live: set[str] = field(default_factory=set)
    """Ids that can never be live again."""
    _followed: dict[str, _FollowedRun] = field(default_factory=dict)

    def ids(self) -> tuple[str, ...]:
        """The ids of all runs, newest first."""
        try:
            mtime_ns = self.home.runs.stat().st_mtime_ns
        except FileNotFoundError:
            return ()
        if mtime_ns != self._listed_mtime_ns:
            names = os.listdir(self.home.runs)  # noqa: PTH208 - names alone, 10,000 of them
            self._ids = tuple(sorted(filter(RUN_ID.fullmatch, names), reverse=True))
            settled = time.time_ns() - mtime_ns > _SETTLED_NS
            self._listed_mtime_ns = mtime_ns if settled else -1
        return self._ids

    def run(self, run_id: str) -> Run:
        """One run with every epoch; UsageError for an unknown id, StockmlError without its home."""
        if is_gone(self.home.root):  # no lock is held there, and yet the run is not lost
            raise StockmlError(f"{self.home.root}: {GONE}", "the run ends by itself")
        followed = self._follow(run_id) if RUN_ID.fullmatch(run_id) else None
        if followed is None:
            raise UsageError(
                f"no run {clean(run_id, 40)!r} in {self.home.runs}",
                "`stockml runs list` names them",
            )
        run = followed.read()
        if run.state.ended:
            self._unfollow(run_id)
        return run

    def recent(self, limit: int = 50) -> tuple[Run, ...]:
        """The newest `limit` runs, newest first; a folder that cannot be read is left out."""
        runs: list[Run] = []
        for run_id in self.ids():
            if len(runs) >= limit:
                break
            if (run := self._summary(run_id)) is not None:
                runs.append(run)
        return tuple(runs)

    def live(self) -> tuple[Run, ...]:
        """The runs whose lock is held, newest first."""
        candidates = [run_id for run_id in self.ids() if run_id not in self._never_live]
        root = str(self.home.runs)
        runs = [self._summary(run_id) for run_id in candidates if not self._is_over(root, run_id)]
        return tuple(run for run in runs if run is not None and run.live)

    def problems(self, limit: int = 50) -> tuple[str, ...]:
        """Why folders among the newest `limit` cannot be read, in words."""
        problems = []
        for run_id in self.ids()[:limit]:
            try:
                read_spec(run_folder(self.home, run_id))
            except FileNotFoundError:
                continue  # a start that was killed before it wrote anything
            except (OSError, StockmlError) as error:
                problems.append(f"run {run_id}: {error}")
        return tuple(problems)

    def _is_over(self, root: str, run_id: str) -> bool:
        """Whether there is a result, or a spec and a free lock (a start locks before it writes)."""
        # Building a Path costs more than the check itself.
        over = os.access(f"{root}/{run_id}/result.json", os.F_OK)
        if not over:
            folder = run_folder(self.home, run_id)
            over = folder.spec.exists() and lock_holder(folder.lock) is None
        if over:
            self._never_live.add(run_id)
        return over

    def _summary(self, run_id: str) -> Run | None:
        if run_id in self._ended:
            return self._ended[run_id]
        run = None if run_id in self._followed else read_result(run_folder(self.home, run_id))
        if run is None and (followed := self._follow(run_id)) is not None:
            run = followed.read()
        if run is not None and run.state.ended:
            self._remember(run)
        return run

    def _unfollow(self, run_id: str) -> None:
        self._followed.pop(run_id, None)
        self._never_live.add(run_id)

    def _remember(self, run: Run) -> None:
        self._unfollow(run.id)
        self._ended[run.id] = run
        while len(self._ended) > _MAX_CACHED:
            del self._ended[min(self._ended)]

    def _follow(self, run_id: str) -> _FollowedRun | None:
        if run_id in self._followed:
            return self._followed[run_id]
        folder = run_folder(self.home, run_id)
        try:
            spec = read_spec(folder)
        except (OSError, StockmlError):
            return None
        followed = _FollowedRun(folder, spec, JournalTail(folder.events), RunFold(spec))
        if run_id not in self._never_live:
            self._followed[run_id] = followed
        return followed
