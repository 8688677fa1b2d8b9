"""Random rounds: real trainings, a random process killed at a random step, and everything checked after each."""

from __future__ import annotations

import os
import random
import signal
from contextlib import suppress

import msgspec
import pytest

from engine.core.records import JobState
from engine.runs.cancel import cancel_run
from engine.runs.spec import run_folder
from engine.runs.start import begin, launch
from tests.helpers import new_home, wait_for
from tests.runs.conftest import QUICK, Bench
from tests.runs.validator import standing, validate

SYMBOLS = ("NVDA", "TSLA", "SPY")
FAULTS = ("nothing", "worker", "supervisor", "both", "cancel", "stopped worker")


def _hurt(bench: Bench, fault: str, run_id: str, chance: random.Random) -> None:
    """Do the fault to whoever is alive."""
    if fault == "cancel":
        cancel_run(bench.home, run_id)
    number = signal.SIGSTOP if fault == "stopped worker" else signal.SIGKILL
    for program in ("supervisor", "worker"):
        if program in fault or fault == "both":
            for pid in chance.sample(found := bench.pids(program), min(1, len(found))):
                with suppress(ProcessLookupError):
                    os.kill(pid, number)


def _rounds(bench: Bench, count: int, seed: int, members: tuple[str, ...]) -> None:
    chance = random.Random(seed)
    before = standing(bench.home, SYMBOLS)
    limits = msgspec.structs.replace(QUICK, workers=2, stall_s=20)
    for number in range(count):
        # The last round is left in peace: whatever the others left behind, it must succeed.
        fault = "nothing" if number == count - 1 else chance.choice(FAULTS)
        spec = bench.spec(*SYMBOLS, limits=limits, source="simulated", members=members, epochs=2)
        started = begin(bench.home, spec, launch)
        lines = chance.randint(4, 30)
        events = run_folder(bench.home, started.run_id).events
        wait_for(lambda: not bench.run(started).live or events.read_bytes().count(b"\n") >= lines, 120, "a step")  # noqa: B023
        _hurt(bench, fault, started.run_id, chance)
        run = bench.ended(started, 180)
        if fault == "stopped worker" and run.state is JobState.LOST:
            cancel_run(bench.home, started.run_id)
        wait_for(lambda: not bench.alive(), 20, f"the end of every process after {fault}")
        before = validate(bench.home, before, started.run_id, SYMBOLS)
        assert fault != "nothing" or run.state in (JobState.DONE, JobState.REFUSED), (number, run)


@pytest.fixture
def training(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> Bench:
    """A home whose runs really train, on few and simulated bars."""
    monkeypatch.delenv("STOCKML_TEST_WORK")
    small = {"market__simulated_sessions": 450, "training__holdout_sessions": 60, "training__sequence_length": 20}
    new_home(bench.home.root, **small)
    return bench


@pytest.mark.parametrize("seed", [1, 2])
def test_random_rounds(training: Bench, seed: int) -> None:
    """Whoever dies whenever: old or new models, no process left, backups kept, and the next run succeeds."""
    _rounds(training, 6, seed, ("naive", "enhanced"))


@pytest.mark.soak
@pytest.mark.timeout(7000)
def test_three_hundred_random_rounds(training: Bench) -> None:
    """The same, for long."""
    _rounds(training, 300, 3, ("naive", "enhanced"))


@pytest.mark.soak
@pytest.mark.timeout(3000)
def test_random_rounds_with_the_lstm(training: Bench) -> None:
    """The same with TensorFlow in the workers."""
    _rounds(training, 8, 4, ("naive", "enhanced", "sklearn", "lstm"))
