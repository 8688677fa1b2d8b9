"""A log of a million lines in the log viewer: its end at once, every line indexed, a filter over
all, the memory of it."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from tests.benchmarks.common import Bench, Row, middle, script
from tui.logs.file import LogFile
from tui.logs.matches import Matches

LINES = 1_000_000
_EVERY = 1000
"""One line of so many names the symbol that is asked for."""
_FIGURES = (
    ("end shown", "s", 0.3),
    ("every line indexed", "s", 3.0),
    ("filtered by a text", "s", 1.0),
    ("filtered by a symbol", "s", 1.0),
    ("memory", "MB", 30.0),
)


def rows(bench: Bench) -> Iterator[Row]:
    """Each time in a process of its own, so that its memory is its own."""
    lines = LINES // 10 if bench.quick else LINES
    path = bench.folder / "million.log"
    with path.open("w") as file:
        for at in range(lines):
            symbol = "SMR" if at % _EVERY == 0 else "NVDA"
            file.write(
                f"[INFO] 2026-11-{1 + at * 28 // lines:02d} 02:00:00 - {symbol}: SIMULATED epoch"
                f" {at} loss 0.4711\n"
            )
    found = [script("tests.benchmarks.logs", str(path), str(lines)) for _ in range(bench.times)]
    size = path.stat().st_size >> 20
    path.unlink()
    head = f"{lines:,} lines, {size} MB: "
    for name, unit, budget in _FIGURES:
        yield middle(f"{head}{name}", (each[name] for each in found), unit, budget)


def measure(path: Path, lines: int) -> dict[str, float]:
    """Seconds and megabytes of each step."""
    before = psutil.Process().memory_info().rss
    file, told = LogFile(path), {}
    for name, step in (("end shown", file.update), ("every line indexed", file.update)):
        began = time.monotonic()
        step()
        told[name] = time.monotonic() - began
    for name, wanted in (("filtered by a text", "smr: sim"), ("filtered by a symbol", "=SMR")):
        matches = Matches.of(wanted)
        began = time.monotonic()
        file.search(matches)
        told[name] = time.monotonic() - began
        if len(file) != lines or len(matches.lines) != -(-lines // _EVERY):
            raise RuntimeError(f"{len(file)} lines and {len(matches.lines)} matches of {lines}")
    told["memory"] = (psutil.Process().memory_info().rss - before) / 2**20
    return told


if __name__ == "__main__":
    sys.stdout.write(json.dumps(measure(Path(sys.argv[1]), int(sys.argv[2]))))
