"""The console in a pseudo-terminal of 80x24: first paint, memory, steady cost, and how long a
key takes to the screen.

Idle, and in a storm: a run of 13 symbols all training, two epochs a second each, beside 1,000
new log lines a second.
"""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from statistics import quantiles

import msgspec

from engine.core.clock import SystemClock
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.runs.journal import EventWriter, Journal
from engine.runs.spec import RunSpec, new_run_id, run_folder, write_spec
from engine.settings import load as config
from tests.benchmarks.common import Bench, Row, middle, say, simulated_home, stockml
from tests.benchmarks.terminal import Screen

LINES = 1000
"""Log lines a second in the storm."""
TICKS = 10
"""Writes a second in the storm."""


def rows(bench: Bench) -> Iterator[Row]:
    """First paint several times, then one console idle, one in the storm, and one in the storm
    over a slow line."""
    home = simulated_home(bench.folder / "console")
    say("console: 13 models without a network")
    stockml(home, "train-all", "--members", "naive,enhanced")
    seconds = 10.0 if bench.quick else 30.0
    paints = []
    for _ in range(bench.times):
        with Screen(home) as screen:
            paints.append(screen.first_paint())
    yield middle("first paint, CPU", (cpu for cpu, _ in paints), "CPU-s", 1.0)
    yield middle("first paint, wall", (wall for _, wall in paints), "s")
    with Screen(home) as screen:
        screen.first_paint()
        time.sleep(5.0)  # the first looks, the child that reads statuses
        yield from steady(screen, "idle", seconds, 3.0, 2.0)
        yield from keys(screen, "idle", bench)
        yield Row("idle: memory", screen.memory_mb(), "MB", 60)
    for link, percent, kilobytes in (("fast", 15.0, 20.0), ("slow", 15.0, 20.0)):
        with storm(home), Screen(home, "--link", link) as screen:
            screen.first_paint()
            time.sleep(5.0)
            yield from steady(screen, f"storm, {link} line", seconds, percent, kilobytes)
            yield from keys(screen, f"storm, {link} line", bench)
            yield Row(f"storm, {link} line: memory", screen.memory_mb(), "MB", 60)


def steady(
    screen: Screen, name: str, seconds: float, percent: float, kilobytes: float
) -> Iterator[Row]:
    """What the console costs while nobody touches it."""
    cpu, sent = screen.cpu(), screen.sent
    time.sleep(seconds)
    yield Row(f"{name}: CPU", 100.0 * (screen.cpu() - cpu) / seconds, "% of a core", percent)
    yield Row(f"{name}: to the terminal", (screen.sent - sent) / 1024 / seconds, "KB/s", kilobytes)


def keys(
    screen: Screen, name: str, bench: Bench, there: bytes = b"j", back: bytes = b"k"
) -> Iterator[Row]:
    """Milliseconds from a key to the cursor's new row on the screen."""
    draw = random.Random(7)
    found = []
    for number in range(20 if bench.quick else 60):
        found.append(1000.0 * screen.key_to_screen(there if number % 2 == 0 else back))
        time.sleep(draw.uniform(0.1, 0.4))
    cuts = quantiles(found, n=20)
    yield Row(f"{name}: key to screen, p50", cuts[9], "ms")
    yield Row(f"{name}: key to screen, p95", cuts[18], "ms", 100)


@contextmanager
def storm(home: Home, lines: int = LINES) -> Iterator[None]:
    """A live run of 13 symbols as the console sees one: its lock held, its journal and
    training.log growing by `lines` a second."""
    names = config.load(home).names
    run_id = new_run_id(datetime.now(UTC))
    folder = run_folder(home, run_id)
    folder.path.mkdir(parents=True)
    home.training_log.parent.mkdir(parents=True, exist_ok=True)
    stop = threading.Event()
    with FileLock(folder.lock) as lock:
        lock.acquire("a benchmark")
        write_spec(
            folder,
            RunSpec(
                id=run_id,
                source="simulated",
                created_at=datetime.now(UTC),
                starter="bench",
                symbols=names,
            ),
        )
        events = EventWriter(run_id, "worker-1", SystemClock(), Journal(folder.events).write)
        for name in names:
            events.emit("queued", name)
            events.emit("started", name, worker=1, pid=1)
        writer = threading.Thread(target=_blow, args=(home, events, names, stop, lines))
        writer.start()
        try:
            yield
        finally:
            stop.set()
            writer.join()
            for name in names:
                events.emit("cancelled", name)
            events.emit("finished", state="cancelled", message="")
    msgspec.json.decode(folder.spec.read_bytes())  # the run was one that readers understand


def _blow(
    home: Home, events: EventWriter, names: tuple[str, ...], stop: threading.Event, lines: int
) -> None:
    """So many log lines and 26 epochs a second, until told to stop."""
    tick, began = 0, time.monotonic()
    with home.training_log.open("ab", buffering=0) as log:
        while not stop.wait(max(0.0, began + tick / TICKS - time.monotonic())):
            tick += 1
            stamp = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")
            text = "".join(
                f"{stamp} [INFO] {names[line % len(names)]} step {tick}.{line} loss 0.{line:04}\n"
                for line in range(lines // TICKS)
            )
            log.write(text.encode())
            if tick % (TICKS // 2) == 0:
                epoch = min(50, tick // (TICKS // 2))
                for name in names:
                    events.emit(
                        "epoch",
                        name,
                        epoch=epoch,
                        epochs=50,
                        loss=1 / (tick + 1),
                        val_loss=1.1 / (tick + 1),
                        eta_s=60.0,
                    )
