"""A home with a head and workers on this machine, and nothing left alive after a test."""

from __future__ import annotations

import os
import signal
import socket
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.api import Engine
from engine.cluster.certificates import ClusterFolder
from engine.cluster.trial import Trial, start_trial, stop_trial
from engine.core.clock import SystemClock
from engine.core.errors import RefusedError
from engine.core.paths import Home
from engine.core.records import Run, TrainRequest
from engine.runs.spec import RunFolder, run_folder
from engine.runs.store import RunStore
from tests.cluster.jobs import HOLD
from tests.helpers import new_home, python_path, wait_for

pytest.importorskip("distributed", reason="the extra `cluster` is not installed")


def free_port() -> int:
    """A port that nobody listens at."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def command_lines() -> dict[int, str]:
    """What runs on this machine, by pid."""
    lines = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            lines[int(folder.name)] = (folder / "cmdline").read_text().replace("\0", " ")
    return lines


@dataclass
class ClusterBench:
    """One home, its trial cluster, and what tests do with them."""

    home: Home
    address: str
    hold: Path
    setenv: Callable[[str, str], None]
    trial: Trial | None = field(default=None)

    @property
    def folder(self) -> ClusterFolder:
        return ClusterFolder.of(self.home)

    def up(self, workers: int = 2, *, held: bool = False) -> Trial:
        """Start the trial; `held` workers fit when `go` lets them."""
        if held:
            self.setenv("STOCKML_TEST_WORK", "tests.cluster.jobs:held_fit")
        try:
            self.trial = start_trial(self.folder, self.address, workers, SystemClock())
        finally:
            os.environ.pop("STOCKML_TEST_WORK", None)
        return self.trial

    def renew(self) -> None:
        """End what is left of the trial and start a new one."""
        with suppress(RefusedError):
            stop_trial(self.folder, SystemClock())
        self.up()

    def start(self, *symbols: str) -> RunFolder:
        """Start a real run, as a command does."""
        started = Engine(self.home).runs.start(TrainRequest(symbols, starter="a test"))
        return run_folder(self.home, started.run_id)

    def run(self, folder: RunFolder) -> Run:
        return RunStore(self.home).run(folder.id)

    def ended(self, folder: RunFolder, seconds: float = 90.0) -> Run:
        """The run, once it has ended."""
        wait_for(lambda: not self.run(folder).live, seconds, "the end of the run")
        return self.run(folder)

    def held(self, folder: RunFolder, symbol: str, count: int = 1) -> None:
        """Wait until a far worker has said so often that it holds the symbol."""
        mark = f'"symbol":"{symbol}","type":"phase","name":"hold"'
        wait_for(lambda: folder.events.read_text().count(mark) >= count, 60, f"{symbol} held")

    def go(self) -> None:
        """Let held fits go on."""
        (self.hold / "go").touch()

    def far_fits(self) -> list[int]:
        """The processes that fit in scratch homes of this test."""
        return [
            pid
            for pid, line in command_lines().items()
            if str(self.hold) in line and "engine.runs.worker" in line
        ]

    def fitting_node(self) -> int:
        """The pid of a worker of the cluster that fits now."""
        assert self.trial is not None
        nodes = {process.pid for process in self.trial.processes}
        parents = {int(_stat(pid)[1]) for pid in self.far_fits()}
        return next(iter(nodes & parents))

    def head(self) -> int:
        assert self.trial is not None
        return self.trial.processes[0].pid

    def published(self, folder: RunFolder) -> int:
        """How many times the run has published a model."""
        return folder.events.read_text().count('"type":"published"')


def _stat(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2].split()


@pytest.fixture
def cluster(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[ClusterBench]:
    hold = tmp_path / "hold"
    hold.mkdir()
    address = f"tls://127.0.0.1:{free_port()}"
    for name, value in {
        "STOCKML_TEST": "1",
        "STOCKML_TEST_SILENT_S": "6",
        "STOCKML_TEST_NO_HOST_S": "3",
        "PYTHONPATH": python_path(),
        "TMPDIR": str(hold),
        HOLD: str(hold),
    }.items():
        monkeypatch.setenv(name, value)
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        training__members=["naive", "enhanced"],
        training__executor=address,
        training__worker_memory_mb=0,
    )
    Engine(home).cluster.init()
    bench = ClusterBench(home, address, hold, monkeypatch.setenv)
    yield bench
    with suppress(RefusedError):
        stop_trial(bench.folder, SystemClock())
    for pid, line in command_lines().items():
        if str(tmp_path) in line:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
