"""What every benchmark needs: a process tree's wall, CPU and memory, rows of the table, homes to
measure in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from engine.core.paths import Home
from tests.helpers import ROOT, environment, new_home

TWO_YEARS = 502
"""Sessions of two years."""
_LOOK_S = 0.2


@dataclass(frozen=True, slots=True)
class Row:
    """One measured figure;
    `budget` is the most it may be (or the least, where `least`), None where nothing is promised."""

    name: str
    value: float
    unit: str
    budget: float | None = None
    least: bool = False
    spread: tuple[float, ...] = ()
    """Every single measurement, where `value` is their median."""

    @property
    def verdict(self) -> str:
        """OK or OVER against the budget; `-` without one."""
        if self.budget is None:
            return "-"
        met = self.value >= self.budget if self.least else self.value <= self.budget
        return "OK" if met else "OVER"


def middle(
    name: str,
    values: Iterable[float],
    unit: str,
    budget: float | None = None,
    *,
    least: bool = False,
) -> Row:
    """The median of several measurements."""
    values = tuple(values)
    return Row(name, median(values), unit, budget, least, values)


@dataclass(frozen=True, slots=True)
class Usage:
    """What one command cost, with every process it left to itself: seconds and megabytes."""

    wall: float
    cpu: float
    peak_mb: float
    code: int
    output: str


@dataclass(frozen=True, slots=True)
class Bench:
    """One invocation: where to work, how often, and against how much of the peer."""

    folder: Path
    quick: bool = False
    peer_symbols: int = 13
    bars: Path | None = None
    """A folder of real SYM.csv for train-all; None = the simulated market."""

    @property
    def times(self) -> int:
        """How often a cheap thing is measured."""
        return 3 if self.quick else 7


def say(text: str) -> None:
    """One line of progress."""
    sys.stderr.write(f"{time.strftime('%H:%M:%S')} {text}\n")


def run(line: Sequence[str], **more: str) -> Usage:
    """Run `line` and wait for it and for every process that it left behind (this process adopts
    them)."""
    with tempfile.TemporaryFile() as output:
        began = time.monotonic()
        child = subprocess.Popen(
            line, stdin=subprocess.DEVNULL, stdout=output, env=environment(**more), cwd=ROOT
        )
        peak, done = [0.0], threading.Event()
        watcher = threading.Thread(target=_watch, args=(peak, done), daemon=True)
        watcher.start()
        _, status, used = os.wait4(child.pid, 0)
        wall, child.returncode = time.monotonic() - began, os.waitstatus_to_exitcode(status)
        left = [used, *_orphans()]
        done.set()
        watcher.join()
        cpu = sum(each.ru_utime + each.ru_stime for each in left)
        largest = max(each.ru_maxrss / 1024 for each in left)
        output.seek(0)
        return Usage(
            wall,
            cpu,
            max(peak[0], largest),
            child.returncode,
            output.read().decode("utf-8", "replace"),
        )


def _orphans() -> Iterable[Any]:
    """The resources of the processes that the command left, as they end."""
    while True:
        try:
            yield os.wait4(-1, 0)[2]
        except ChildProcessError:
            return


def _watch(peak: list[float], done: threading.Event) -> None:
    """The sum of what the tree holds in memory, looked at five times a second;
    pages held by two count twice."""
    here = psutil.Process()
    while not done.wait(_LOOK_S):
        total = 0
        for process in here.children(recursive=True):
            try:
                total += process.memory_info().rss
            except psutil.Error:
                continue
        peak[0] = max(peak[0], total / 2**20)


def stockml(home: Home, *words: str, **more: str) -> Usage:
    """Run one command on `home`; RuntimeError when it does not end with 0."""
    used = run([sys.executable, "-m", "engine.cli", "--home", str(home.root), *words], **more)
    if used.code:
        raise RuntimeError(
            f"stockml {' '.join(words)} ended with {used.code}: {used.output[-500:]}"
        )
    return used


def script(module: str, *words: str) -> Any:
    """The JSON that `python -m MODULE WORDS…` prints last: for what is measured inside a
    process."""
    used = run(
        [sys.executable, "-m", module, *words], OPENBLAS_NUM_THREADS="1", TF_CPP_MIN_LOG_LEVEL="3"
    )
    if used.code:
        raise RuntimeError(f"{module} {' '.join(words)} ended with {used.code}")
    return json.loads(used.output.splitlines()[-1])


def timed(work: Callable[[], object], times: int) -> list[float]:
    """The wall milliseconds of each of `times` calls, after one that is not counted."""
    work()
    found = []
    for _ in range(times):
        began = time.perf_counter()
        work()
        found.append((time.perf_counter() - began) * 1000.0)
    return found


def simulated_home(
    folder: Path, sessions: int = TWO_YEARS, symbols: int = 13, **settings: object
) -> Home:
    """A new home on the simulated market; more than 13 symbols are made up."""
    home = new_home(
        folder, market__source="simulated", market__simulated_sessions=sessions, **settings
    )
    more = "".join(
        f'\n[symbols.SIM{index}]\ncompany = "Simulated {index}"\nsector = "Simulation"\nkind ='
        ' "tech"\npriority = "low"\n'
        for index in range(symbols - 13)
    )
    home.settings.write_text(home.settings.read_text() + more)
    return home
