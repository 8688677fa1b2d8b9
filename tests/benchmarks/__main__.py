"""`python -m tests.benchmarks [NAME…]`: measure, and print one table with the machine named.

`make bench` runs all.

    --quick            fewer repetitions, shorter looks, one symbol of the peer
    --peer-symbols N   train the peer on N symbols, scaled to 13 (the table says so); default 13
STOCKML_BARS names a folder of real SYM.csv for train; without it everything is simulated.
STOCKML_UNIVERSE names a folder that keeps the homes of universe.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import psutil

from engine.runs.processes import adopt_orphans
from tests.benchmarks.common import Bench, Row, say

# A benchmark is a module with `rows(bench) -> Iterable[Row]`, and one row here.
BENCHMARKS = {
    "commands": "tests.benchmarks.commands",
    "forecast": "tests.benchmarks.forecast",
    "console": "tests.benchmarks.console",
    "logs": "tests.benchmarks.logs",
    "service": "tests.benchmarks.service",
    "growth": "tests.benchmarks.growth",
    "universe": "tests.benchmarks.universe",
    "train": "tests.benchmarks.train",
}
PACKAGES = ("numpy", "tensorflow-cpu", "tensorflow", "keras", "textual", "h5py")


def main(words: list[str]) -> int:
    """Run the benchmarks named in `words`, all without names;
    1 when one failed or a figure missed its budget."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks")
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(BENCHMARKS))
    parser.add_argument("--quick", action="store_true", help="fewer repetitions")
    parser.add_argument(
        "--peer-symbols",
        type=int,
        default=None,
        metavar="N",
        help="how many symbols the peer trains",
    )
    asked = parser.parse_args(words)
    if unknown := set(asked.names) - set(BENCHMARKS):
        parser.error(f"unknown: {' '.join(sorted(unknown))}; known: {' '.join(BENCHMARKS)}")
    folder_of_bars = os.environ.get("STOCKML_BARS")
    peer = asked.peer_symbols if asked.peer_symbols is not None else 1 if asked.quick else 13
    adopt_orphans()
    before = load()
    with tempfile.TemporaryDirectory(prefix="stockml-bench-") as folder:
        bars = Path(folder_of_bars).resolve() if folder_of_bars else None
        bench = Bench(Path(folder), asked.quick, max(0, min(13, peer)), bars)
        try:
            found = {name: list(measured(name, bench)) for name in asked.names or BENCHMARKS}
        finally:
            end_children()
    sys.stdout.writelines(f"{line}\n" for line in (machine(before), *table(found)))
    return int(
        any(not rows or any(row.verdict == "OVER" for row in rows) for rows in found.values())
    )


def measured(name: str, bench: Bench) -> Iterator[Row]:
    """The rows of one benchmark;
    what goes wrong in it is told and costs the rows that are missing."""
    say(f"{name} …")
    try:
        for row in import_module(BENCHMARKS[name]).rows(bench):
            say(f"{name}: {row.name}: {figure(row.value)} {row.unit} {row.verdict}")
            yield row
    except Exception as error:  # noqa: BLE001 - the other benchmarks still run
        say(f"{name} FAILED: {type(error).__name__}: {error}")


def end_children() -> None:
    """Leave nothing behind, also when interrupted: what a benchmark started was adopted by this
    process."""
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            process.kill()


def load() -> str:
    """The load averages now."""
    return " ".join(f"{each:.1f}" for each in os.getloadavg())


def machine(before: str) -> str:
    """Where and when this was measured, and what else the machine did meanwhile."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    packages = []
    for package in PACKAGES:
        try:
            packages.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    facts = (
        time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime()),
        f"{os.cpu_count()} × {names[0] if names else platform.machine()}",
        f"{psutil.virtual_memory().total / 2**30:.0f} GB",
        f"{platform.system()} {platform.release()}",
        f"Python {platform.python_version()}",
        *packages,
        f"load average before {before}, after {load()}",
    )
    return f"\n{' · '.join(facts)}\n"


def table(found: dict[str, list[Row]]) -> Iterator[str]:
    """The lines of a Markdown table;
    `n` measurements have the median shown, with the lowest and the highest."""
    cells = [("", "figure", "measured", "lowest to highest", "n", "budget", "")]
    for name, rows in found.items():
        if not rows:
            cells.append((name, "nothing: it failed", "", "", "", "", "FAILED"))
        for row in rows:
            spread = (
                f"{figure(min(row.spread))} to {figure(max(row.spread))}"
                if len(row.spread) > 1
                else ""
            )
            budget = "" if row.budget is None else f"{'≥' if row.least else '≤'} {row.budget:g}"
            count = str(len(row.spread)) if row.spread else ""
            cells.append(
                (
                    name,
                    row.name,
                    f"{figure(row.value)} {row.unit}".strip(),
                    spread,
                    count,
                    budget,
                    row.verdict,
                )
            )
    widths = [max(len(line[index]) for line in cells) for index in range(7)]
    for at, line in enumerate(cells):
        yield (
            f"| {' | '.join(cell.ljust(width) for cell, width in zip(line, widths, strict=True))} |"
        )
        if not at:
            yield f"|{'|'.join('-' * (width + 2) for width in widths)}|"


def figure(value: float) -> str:
    """Three figures."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
