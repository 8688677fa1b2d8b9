"""Random rounds over 13 symbols: real trainings, real kills, everything checked after each."""

from __future__ import annotations

import os
import random
import secrets
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.core.errors import ModelError
from engine.core.files import FileLock
from engine.core.records import JobState
from engine.runs.cancel import cancel_run
from engine.runs.store import RunStore
from engine.settings.load import load
from tests.acceptance import invariants
from tests.helpers import ROOT, environment, new_home, wait_for
from tests.runs.conftest import Bench
from tests.runs.jobs import MARK
from tests.vault import samples
from tests.vault.files import write_model
from tests.vault.homes import published

FAULTS = (
    "nothing",
    "any",
    "any",
    "any",
    "starter",
    "supervisor",
    "worker",
    "supervisor and worker",
    "stopped",
    "cancel",
    "two",
)
COMPANY = ("", "", "backup", "clean", "restore")
_LONGEST_PAUSE_S = 4.0


@dataclass(frozen=True)
class Round:
    """What happens in one round; every choice comes from the seed."""

    number: int
    symbols: tuple[str, ...]
    fault: str
    company: str
    pause_s: float

    @classmethod
    def draw(cls, number: int, names: tuple[str, ...], seed: int, peace: bool) -> Round:
        # Of the number alone: what a round before it met must not change it.
        chance = random.Random(f"{seed} {number}")
        count = chance.choice((1, 1, 2, 2, 3, 13))
        return cls(
            number,
            tuple(chance.sample(names, count)),
            "nothing" if peace else chance.choice(FAULTS),
            "" if peace else chance.choice(COMPANY),
            chance.random() ** 2 * _LONGEST_PAUSE_S,
        )


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    """A home whose runs really train, on few and simulated bars; nothing alive afterwards."""
    mark = secrets.token_hex(8)
    monkeypatch.setenv("STOCKML_TEST", "1")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    home = new_home(tmp_path / "home", market__source="simulated", market__simulated_sessions=450,
                    training__holdout_sessions=60, training__sequence_length=20, training__epochs=2,
                    training__worker_memory_mb=0, training__max_workers=2)  # fmt: skip
    found = Bench(home, mark)
    yield found
    wait_for(found.killed, what="the end of every process")


def begin(bench: Bench, *words: str) -> subprocess.Popen[bytes]:
    """A command in a session of its own, its output beside the home."""
    with (bench.home.root.parent / "out").open("ab") as out:
        return subprocess.Popen(
            [sys.executable, "-m", "engine.cli", *words, "--home", str(bench.home.root)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=out, start_new_session=True, cwd=ROOT,
            env=environment(STOCKML_TEST="1", **{MARK: bench.mark}),
        )  # fmt: skip


def hurt(bench: Bench, fault: str, starter: subprocess.Popen[bytes], chance: random.Random) -> None:
    """Do the fault to whoever is alive now."""
    if fault == "cancel":
        for run in RunStore(bench.home).live():
            cancel_run(bench.home, run.id)
    victims = {
        "any": bench.alive(),
        "two": bench.alive(),
        "starter": [starter.pid] if starter.poll() is None else [],
        "supervisor": bench.pids("supervisor"),
        "worker": bench.pids("worker"),
        "supervisor and worker": bench.pids("supervisor") + bench.pids("worker"),
    }.get(fault, [])
    count = {"any": 1, "two": 2, "worker": 1}.get(fault, len(victims))
    for pid in chance.sample(victims, min(count, len(victims))):
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    if fault == "stopped":  # the worst of both: nobody is left to end a worker that does not run
        for pid, number in [(pid, signal.SIGSTOP) for pid in bench.pids("worker")] + [
            (pid, signal.SIGKILL) for pid in bench.pids("supervisor")
        ]:
            with suppress(ProcessLookupError):
                os.kill(pid, number)


def beside(bench: Bench, company: str, symbols: tuple[str, ...]) -> subprocess.Popen[bytes] | None:
    """A second command at the same time; a restore takes symbols that this round does not train."""
    if company == "restore":
        backups = sorted(path.name for path in bench.home.models.glob("backup_*"))
        others = [name for name in load(bench.home, {}).names if name not in symbols][:1]
        return (
            begin(bench, "restore", backups[-1], *others, "--yes") if backups and others else None
        )
    return begin(bench, company, *(("--yes",) if company == "clean" else ())) if company else None


def play(bench: Bench, this: Round, members: str, chance: random.Random) -> None:
    """One round, until everything that it started has ended."""
    starter = begin(bench, "train", *this.symbols, "--members", members, "--accept-worse")
    second = beside(bench, this.company, this.symbols)
    ids = len(RunStore(bench.home).ids())
    with suppress(
        AssertionError
    ):  # a start may fail in the middle of a restore: its symbols are busy then
        wait_for(lambda: len(RunStore(bench.home).ids()) > ids or starter.poll() is not None, 30)
    time.sleep(this.pause_s)
    hurt(bench, this.fault, starter, chance)

    def over() -> bool:
        # A stopped worker of a lost run holds its symbol until somebody cancels it: what the
        # console offers.
        for run_id in RunStore(bench.home).ids()[:2]:
            if this.fault == "stopped" and RunStore(bench.home).run(run_id).state is JobState.LOST:
                cancel_run(bench.home, run_id)
        starter.poll()
        if second is not None:
            second.poll()
        return not bench.alive()

    wait_for(over, 240, "the end of every process")
    # Either may have ended between its poll and the look at who is alive.
    for command in filter(None, (starter, second)):
        command.wait(30)


def rounds(
    bench: Bench, count: int, seed: int, members: str = "naive,enhanced", every: int = 25
) -> Counter[str]:
    """Play and check;
    each `every`th round and the last one are left in peace and must succeed without help (I6)."""
    chance = random.Random(seed)
    names = load(bench.home, {}).names
    told: Counter[str] = Counter()
    before = invariants.look(bench.home)
    for number in range(1, count + 1):
        peace = number % every == 0 or number == count
        this, began = Round.draw(number, names, seed, peace), time.monotonic()
        play(bench, this, members, chance)
        try:
            now = invariants.check(bench.home, before, bench.alive())
            runs = [RunStore(bench.home).run(run_id) for run_id in now.runs - before.runs
                    if (bench.home.runs / run_id / "spec.json").exists()]  # fmt: skip
            assert not peace or [run.state for run in runs] == [JobState.DONE], f"I6: {runs}"
        except (AssertionError, OSError) as error:
            raise AssertionError(f"seed {seed}, {this}: {error}") from error
        told.update([this.fault, *(str(job.state) for run in runs for job in run.jobs)])
        before = now
        ends = " ".join(f"{run.state}:{len(run.jobs)}" for run in runs)
        sys.stderr.write(f"{time.monotonic() - began:5.1f} s  {ends:12} {this}\n")
    sys.stderr.write(f"{count} rounds: {dict(told)}\n")
    return told


def test_random_rounds(bench: Bench) -> None:
    """Whoever dies whenever: whole models, no process left, no backup lost, true records, and
    the next run succeeds."""
    assert rounds(bench, 5, seed=2, every=5)["done"] >= 1


@pytest.mark.soak
@pytest.mark.timeout(14_000)
def test_three_hundred_random_rounds(bench: Bench) -> None:
    """The same for long: every fault is met, and most symbols are trained all the same."""
    told = rounds(bench, 300, seed=1)
    assert all(told[fault] for fault in FAULTS)


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_random_rounds_with_the_lstm(bench: Bench) -> None:
    """The same with TensorFlow in the workers."""
    assert rounds(bench, 8, seed=4, members="naive,enhanced,sklearn,lstm", every=4)["done"] >= 2


def test_the_validator_sees_what_it_must(bench: Bench) -> None:
    """Each finding can be made: a process left, a lock held, a run gone, a model of nobody, a
    broken history."""
    published(bench.home, "NVDA")
    before = invariants.look(bench.home)
    assert invariants.check(bench.home, before, []) == before
    with pytest.raises(AssertionError, match="I4"):
        invariants.check(bench.home, before, [1])
    with FileLock(bench.home.lock("NVDA")) as lock:
        assert lock.acquire("a worker that hangs")
        with pytest.raises(AssertionError, match=r"I3: locked: \['NVDA.lock'\]"):
            invariants.check(bench.home, before, [])
    with pytest.raises(AssertionError, match="runs are gone"):
        invariants.check(
            bench.home, invariants.Seen(before.vault, frozenset(["20260101-000000-abcdef"])), []
        )
    path = bench.home.model("NVDA")
    whole = path.read_bytes()
    write_model(path, samples.manifest(generation=2, seed=9), *samples.tiny(9))
    with pytest.raises(AssertionError, match="I2: NVDA has no parent"):
        invariants.check(bench.home, before, [])
    path.write_bytes(whole[:-100])
    with pytest.raises(ModelError):
        invariants.check(bench.home, before, [])
    path.write_bytes(whole)
    assert invariants.check(bench.home, before, []) == before
    bench.home.history.write_bytes(b"no database at all, whatever its name says" * 20)
    with pytest.raises(Exception, match="not a database"):
        invariants.check(bench.home, before, [])
