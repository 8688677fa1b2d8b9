"""Runs as files: listed newest first, finished ones read once, live ones followed.

state       how it is known
ended       result.json is there (or, on a disk that was full then, the journal's last word)
running     the run's lock is held
lost        neither; derived each time, stored nowhere
The lock is looked at before the result: a supervisor writes its result first and lets go of the
lock after, so that a reader who found the lock free and then no result may say lost.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field

from engine.core.errors import StockmlError, UsageError
from engine.core.files import lock_holder
from engine.core.paths import Home
from engine.core.records import Run
from engine.core.text import clean
from engine.runs.fold import RunFold
from engine.runs.journal import JournalTail
from engine.runs.result import read_result, with_losses
from engine.runs.spec import RUN_ID, RunFolder, RunSpec, read_spec, run_folder

_MOST_CACHED = 1000
# A folder's time stamp has the grain of the kernel's tick: a listing this young may miss a name
# made in the same tick.
_SETTLED_NS = 2_000_000_000


@dataclass(slots=True)
class _Followed:
    """A journal being read, with the state folded so far."""

    folder: RunFolder
    spec: RunSpec
    tail: JournalTail
    fold: RunFold
    restarts: int = 0

    def advance(self) -> None:
        events = self.tail.poll()
        if self.tail.restarts != self.restarts:
            self.restarts, self.fold = self.tail.restarts, RunFold(self.spec)
        for event in events:
            self.fold.apply(event)

    @property
    def skipped(self) -> int:
        return self.tail.skipped + self.tail.missing


@dataclass(slots=True)
class RunStore:
    """The runs of one home; calls after the first read only what is new.
    For one caller at a time."""

    home: Home
    _names: tuple[str, ...] = ()
    _listed: int = -1
    _ended: dict[str, Run] = field(default_factory=dict)
    """Finished runs without losses; the newest `_MOST_CACHED`."""
    _over: set[str] = field(default_factory=set)
    """Ids that can never be live again."""
    _followed: dict[str, _Followed] = field(default_factory=dict)

    def ids(self) -> tuple[str, ...]:
        """The ids of all runs, newest first."""
        try:
            changed = self.home.runs.stat().st_mtime_ns
        except FileNotFoundError:
            return ()
        if changed != self._listed:
            names = os.listdir(self.home.runs)  # noqa: PTH208 - names alone, 10,000 of them
            self._names = tuple(sorted(filter(RUN_ID.fullmatch, names), reverse=True))
            self._listed = changed if time.time_ns() - changed > _SETTLED_NS else -1
        return self._names

    def run(self, run_id: str) -> Run:
        """One run with the losses of every epoch; UsageError for an id that does not exist."""
        found = None
        if RUN_ID.fullmatch(run_id):
            folder = run_folder(self.home, run_id)
            followed = self._follow(run_id)
            found = self._look(folder, followed) if followed else None
            if found is not None and found.state.ended:
                self._settle(run_id)
        if found is None:
            raise UsageError(
                f"no run {clean(run_id, 40)!r} in {self.home.runs}",
                "`stockml runs list` names them",
            )
        return found

    def recent(self, limit: int = 50) -> tuple[Run, ...]:
        """The newest `limit` runs, newest first; a folder that cannot be read is left out."""
        found: list[Run] = []
        for run_id in self.ids():
            if len(found) >= limit:
                break
            if (run := self._summary(run_id)) is not None:
                found.append(run)
        return tuple(found)

    def live(self) -> tuple[Run, ...]:
        """The runs whose lock is held, newest first."""
        candidates = [run_id for run_id in self.ids() if run_id not in self._over]
        root = str(self.home.runs)
        runs = [self._summary(run_id) for run_id in candidates if not self._is_over(root, run_id)]
        return tuple(run for run in runs if run is not None and run.live)

    def problems(self, limit: int = 50) -> tuple[str, ...]:
        """Why folders among the newest `limit` cannot be read, in words."""
        found = []
        for run_id in self.ids()[:limit]:
            try:
                read_spec(run_folder(self.home, run_id))
            except FileNotFoundError:
                continue  # a start that was killed before it wrote anything
            except (OSError, StockmlError) as error:
                found.append(f"run {run_id}: {error}")
        return tuple(found)

    def _is_over(self, root: str, run_id: str) -> bool:
        """Cheap, for the first look at thousands of old runs: whether there is a result, or a
        spec and a free lock.

        A start holds the lock before it writes the spec, and nobody takes a run's lock a second
        time.
        """
        over = os.access(
            f"{root}/{run_id}/result.json", os.F_OK
        )  # building a Path costs more than the look itself
        if not over:
            folder = run_folder(self.home, run_id)
            over = folder.spec.exists() and lock_holder(folder.lock) is None
        if over:
            self._over.add(run_id)
        return over

    def _summary(self, run_id: str) -> Run | None:
        if run_id in self._ended:
            return self._ended[run_id]
        folder = run_folder(self.home, run_id)
        run = None if run_id in self._followed else read_result(folder)
        if run is None and (followed := self._follow(run_id)) is not None:
            run = self._look(folder, followed)
        if run is not None and run.state.ended:
            self._remember(run)
        return run

    def _settle(self, run_id: str) -> None:
        self._followed.pop(run_id, None)
        self._over.add(run_id)

    def _remember(self, run: Run) -> None:
        self._settle(run.id)
        self._ended[run.id] = run
        while len(self._ended) > _MOST_CACHED:
            del self._ended[min(self._ended)]

    def _follow(self, run_id: str) -> _Followed | None:
        if run_id in self._followed:
            return self._followed[run_id]
        folder = run_folder(self.home, run_id)
        try:
            spec = read_spec(folder)
        except (OSError, StockmlError):
            return None
        followed = _Followed(folder, spec, JournalTail(folder.events), RunFold(spec))
        if run_id not in self._over:
            self._followed[run_id] = followed
        return followed

    @staticmethod
    def _look(folder: RunFolder, followed: _Followed) -> Run:
        held = lock_holder(folder.lock) is not None
        result = read_result(folder)
        followed.advance()
        run = followed.fold.run(held, folder.cancel.exists(), followed.skipped)
        return with_losses(result, run) if result else run
