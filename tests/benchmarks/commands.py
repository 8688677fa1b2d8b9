"""Commands: CPU of `--help`, `status`, `predict`, also beside 10,000 finished runs.

The end of a log of 1 GB.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.core.clock import SystemClock
from engine.core.paths import Home
from engine.core.tail import FileTail
from engine.runs.store import RunStore
from tests.benchmarks.common import Bench, Row, middle, say, script, simulated_home, stockml, timed

RUNS = 10_000
LOG_BYTES = 2**30
_BLOCK = (
    b"2026-11-22 02:00:00 [INFO] NVDA epoch 12/50 loss 0.4711 val_loss 0.4812, a line as they stand"
    b" in the log\n" * 10_000
)


def rows(bench: Bench) -> Iterator[Row]:
    """13 symbols with models; then the same home with 10,000 finished runs; then logs."""
    home = simulated_home(bench.folder / "commands")
    say("commands: 13 models without a network")
    stockml(home, "train-all", "--members", "naive,enhanced")
    yield from costs(
        bench,
        home,
        (("--help",), ("status",), ("runs", "list"), ("predict", "NVDA"), ("predict", "--all")),
        "",
    )
    runs = 1000 if bench.quick else RUNS
    say(f"commands: {runs} finished runs")
    pile_up(home, runs)
    yield from costs(bench, home, (("status",), ("runs", "list")), f", {runs} finished runs")
    first, later = script("tests.benchmarks.commands", "snapshot", str(home.root))
    yield Row(f"snapshot with {runs} finished runs, first", first, "ms")
    yield middle(f"snapshot with {runs} finished runs, nothing changed", later, "ms")
    yield from tails(bench)


def costs(
    bench: Bench, home: Home, commands: tuple[tuple[str, ...], ...], beside: str
) -> Iterator[Row]:
    """The CPU of each command as a process of its own."""
    budgets = {"status": 0.35, "predict NVDA": 1.0}
    for words in commands:
        name = " ".join(words)
        used = [stockml(home, *words).cpu for _ in range(bench.times)]
        yield middle(f"{name}, 13 symbols{beside}", used, "CPU-s", budgets.get(name))


def pile_up(home: Home, count: int) -> None:
    """`count` finished runs: copies of the newest one, each older by two hours."""
    newest = RunStore(home).recent(1)[0]
    folder = home.runs / newest.id
    files = {
        name: (folder / name).read_text() for name in ("spec.json", "result.json", "events.jsonl")
    }
    when = datetime.now(UTC)
    for index in range(count):
        when -= timedelta(hours=2)
        run_id = f"{when:%Y%m%d-%H%M%S}-{index:06x}"
        copy = home.runs / run_id
        copy.mkdir()
        for name, text in files.items():
            (copy / name).write_text(text.replace(newest.id, run_id))


def tails(bench: Bench) -> Iterator[Row]:
    """The last lines of a small log and of one of 1 GB, as the dashboard and the log viewer read
    them."""
    path = bench.folder / "training.log"
    for size in (len(_BLOCK), LOG_BYTES // 16 if bench.quick else LOG_BYTES):
        write_log(path, size)
        yield middle(
            f"end of a log of {size >> 20} MB, log viewer",
            timed(lambda: tail(path), bench.times),
            "ms",
        )
        yield middle(
            f"end of a log of {size >> 20} MB, dashboard",
            timed(lambda: pane(path), bench.times),
            "ms",
        )
        path.unlink()


def write_log(path: Path, size: int) -> None:
    """A log of `size` bytes, all of them written;
    a hole stands for them where the disk has no room."""
    room = shutil.disk_usage(path.parent).free > 2 * size
    with path.open("wb") as file:
        if not room:
            file.truncate(size - len(_BLOCK))
            file.seek(0, os.SEEK_END)
        while file.tell() < size:
            file.write(_BLOCK)


def tail(path: Path) -> None:
    if not FileTail(path).read().lines:
        raise RuntimeError("the log viewer read nothing")


def pane(path: Path) -> None:
    if not FileTail(path, 65536, 200).read().lines:
        raise RuntimeError("the dashboard read nothing")


def snapshots(root: str) -> None:
    """Print the milliseconds of a first snapshot and of later ones."""
    from time import perf_counter

    from engine.api import Engine

    engine = Engine(Home(Path(root)), SystemClock())
    began = perf_counter()
    engine.watch.snapshot()
    first = (perf_counter() - began) * 1000.0
    sys.stdout.write(json.dumps([first, timed(engine.watch.snapshot, 20)]))


if __name__ == "__main__":
    snapshots(sys.argv[2])
