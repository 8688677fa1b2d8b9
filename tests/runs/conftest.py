"""A home whose runs do test jobs, and nothing left alive after a test."""

from __future__ import annotations

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from engine.core.clock import SystemClock
from engine.core.paths import Home
from engine.core.records import Run, StartedRun, TrainRequest
from engine.runs.spec import Limits, RunFolder, RunSpec, run_folder
from engine.runs.start import begin, launch, plan
from engine.runs.store import RunStore
from engine.settings.load import load
from tests.helpers import new_home, python_path, wait_for
from tests.runs.jobs import MARK, marked

QUICK = Limits(workers=1, grace_s=0.3, memory_wait_s=0.5)


@dataclass
class Bench:
    """One home and what tests do with it."""

    home: Home
    mark: str
    store: RunStore = field(init=False)

    def __post_init__(self) -> None:
        self.store = RunStore(self.home)

    def do(self, **words: str) -> None:
        """What each symbol does."""
        folder = self.home.root / "do"
        folder.mkdir(exist_ok=True)
        for symbol, word in words.items():
            (folder / symbol).write_text(word)

    def spec(self, *symbols: str, limits: Limits = QUICK, **more: Any) -> RunSpec:
        """The spec of a run with short limits."""
        import msgspec

        request = TrainRequest(symbols or ("NVDA",), starter="a test")
        spec = plan(load(self.home, {}), request, SystemClock())
        return msgspec.structs.replace(spec, limits=limits, **more)

    def start(self, *symbols: str, limits: Limits = QUICK) -> StartedRun:
        """Start a real run."""
        return begin(self.home, self.spec(*symbols, limits=limits), launch)

    def folder(self, started: StartedRun) -> RunFolder:
        return run_folder(self.home, started.run_id)

    def run(self, started: StartedRun) -> Run:
        """The run as a reader who comes new sees it."""
        return RunStore(self.home).run(started.run_id)

    def ended(self, started: StartedRun, seconds: float = 30.0) -> Run:
        """The run, once it has ended."""
        wait_for(lambda: not self.run(started).live, seconds, "the end of the run")
        return self.run(started)

    def phase(self, started: StartedRun, symbol: str, name: str) -> None:
        """Wait until the job of `symbol` is in a phase."""

        def there() -> bool:
            job = self.run(started).job(symbol)
            return job is not None and job.phase == name

        wait_for(there, 20, f"phase {name}")

    def alive(self) -> list[int]:
        """Every process that this home's runs have started and that still lives."""
        return [pid for pid in marked(self.mark) if pid != os.getpid()]

    def program(self, pid: int) -> str:
        """supervisor, worker or something else;
        empty for one that is ending (its memory, and so its name, is gone)."""
        try:
            line = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
        except OSError:
            return ""
        if not line[0]:
            return ""
        return next(
            (word.rpartition(".")[2] for word in line if word.startswith("engine.runs.")), "other"
        )

    def left(self) -> list[str]:
        """What is alive of the runs' jobs: everything but supervisors, which may still be on
        their way out."""
        return [
            program
            for pid in self.alive()
            if (program := self.program(pid)) not in ("supervisor", "")
        ]

    def killed(self) -> bool:
        """Whether nobody is left to kill;
        what was being started at the first look is met at the next."""
        alive = self.alive()
        for pid in alive:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return not alive

    def stop(self, pid: int) -> None:
        """SIGSTOP, and wait until every thread stands (until then a thread may still act on what
        comes next)."""
        os.kill(pid, signal.SIGSTOP)
        tasks = Path(f"/proc/{pid}/task")
        wait_for(
            lambda: all(b") T" in (task / "stat").read_bytes() for task in tasks.iterdir()),
            what="the stop",
        )

    def pids(self, program: str) -> list[int]:
        return [pid for pid in self.alive() if self.program(pid) == program]


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    mark = secrets.token_hex(8)
    for name, value in {
        "STOCKML_TEST": "1",
        "STOCKML_TEST_WORK": "tests.runs.jobs:do",
        MARK: mark,
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("PYTHONPATH", python_path())
    found = Bench(new_home(tmp_path / "home", training__worker_memory_mb=0), mark)
    yield found
    wait_for(found.killed, what="the end of every process")
