"""The validator: what must be true of a home after any fault, whoever was killed and when.

I1 every live file is a whole model of its symbol
I2 it is the old one, or its next generation of this round
I3 no symbol is locked, and no run calls itself live
I4 nothing that the round started is alive
I5 no valid backup is lost; what was replaced lies in one
I6 a following run succeeds (the caller starts it)
and the records tell the truth: a job is called done exactly when its run's model is the live one
or was; history.db is whole; every journal reads on.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from contextlib import closing
from dataclasses import dataclass

from engine.core.files import lock_holder
from engine.core.paths import Home
from engine.core.records import JobState, Run
from engine.runs.store import RunStore
from tests.vault import invariants as vault
from tests.vault.files import read_model


@dataclass(frozen=True)
class Seen:
    """What of a home must not get worse: models, backups, and the runs that were there."""

    vault: vault.Seen
    runs: frozenset[str]


def look(home: Home) -> Seen:
    """What stands in `home`; an error of the reader when a live file is not whole (I1)."""
    return Seen(vault.look(home), frozenset(RunStore(home).ids()))


def check(home: Home, before: Seen, alive: Iterable[int]) -> Seen:
    """AssertionError, naming the invariant, when one is broken; returns what stands now."""
    assert not list(alive), f"I4: alive: {list(alive)}"
    now = Seen(vault.check(home, before.vault), frozenset(RunStore(home).ids()))
    held = [path.name for path in home.locks.glob("*.lock") if lock_holder(path) is not None]
    assert not held, f"I3: locked: {held}"
    assert before.runs <= now.runs, f"runs are gone: {before.runs - now.runs}"
    store = RunStore(home)
    assert not store.live(), f"I3: live: {[run.id for run in store.live()]}"
    for run_id in now.runs - before.runs:
        if (home.runs / run_id / "spec.json").exists():  # a start killed earlier is nothing yet
            _tells_the_truth(home, store.run(run_id), before)
    _whole(home)
    return now


def _tells_the_truth(home: Home, run: Run, before: Seen) -> None:
    assert run.state.ended, f"{run.id} is {run.state}"
    for job in run.jobs:
        path = home.model(job.symbol)
        manifest = read_model(path).manifest if path.exists() else None
        mine = manifest is not None and manifest.run_id == run.id
        new = (
            manifest is not None
            and manifest.digest != before.vault.live.get(job.symbol, (0, ""))[1]
        )
        restored = new and not mine
        assert job.state is not JobState.DONE or mine or restored, (
            f"{run.id} calls {job.symbol} done; its model is another's"
        )
        # Killed between the rename and its word: nobody was there to say so, and nobody says that
        # it failed to train.
        unsaid = (JobState.LOST, JobState.CANCELLED, JobState.FAILED)
        assert not mine or job.state is JobState.DONE or job.state in unsaid, (
            f"{run.id} published {job.symbol}, says {job.state}"
        )
        if job.state is JobState.DONE and mine and manifest:
            assert job.generation == manifest.generation, (
                f"{run.id}: {job.symbol} is generation {manifest.generation}"
            )


def _whole(home: Home) -> None:
    """history.db, when it is there, passes SQLite's own check."""
    if home.history.exists():
        with closing(sqlite3.connect(home.history)) as connection:
            (word,) = connection.execute("PRAGMA integrity_check").fetchone()
        assert word == "ok", f"history.db: {word}"
