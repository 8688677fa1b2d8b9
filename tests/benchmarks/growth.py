"""How cost grows with the number of symbols, on the simulated market: training, forecasting, a
snapshot."""

from __future__ import annotations

from collections.abc import Iterator

from tests.benchmarks.common import Bench, Row, middle, say, script, simulated_home, stockml

NETWORKS = 50
"""Symbols that are trained with a network too, at most: 200 would take the time of everything
else together."""


def rows(bench: Bench) -> Iterator[Row]:
    """13, 50 and 200 symbols;
    the fixed cost of a run (two workers start) is what falls out of CPU a symbol more."""
    spent: list[tuple[int, float]] = []
    for count in (13, 50) if bench.quick else (13, 50, 200):
        home = simulated_home(bench.folder / f"growth-{count}", symbols=count)
        say(f"growth: {count} symbols")
        used = stockml(home, "train-all", "--members", "naive,enhanced")
        yield Row(f"train {count} symbols, naive and enhanced", used.cpu, "CPU-s")
        spent.append((count, used.cpu))
        if len(spent) > 1:
            (fewer, before), (more, after) = spent[-2:]
            each = 1000 * (after - before) / (more - fewer)
            yield Row(
                f"train {more} symbols, naive and enhanced: a symbol more than {fewer}",
                each,
                "CPU-ms",
            )
        if not bench.quick and count <= NETWORKS:
            used = stockml(home, "train-all", "--epochs", "3", "--accept-worse")
            yield Row(f"train {count} symbols, all members, 3 epochs", used.cpu, "CPU-s")
            yield Row(
                f"train {count} symbols, all members, 3 epochs: for each",
                1000 * used.cpu / count,
                "CPU-ms",
            )
        predicted = [stockml(home, "predict", "--all").cpu for _ in range(3)]
        yield middle(f"predict --all, {count} symbols", predicted, "CPU-s")
        first, later = script("tests.benchmarks.commands", "snapshot", str(home.root))
        yield Row(f"snapshot of {count} symbols, first", first, "ms")
        yield middle(f"snapshot of {count} symbols, nothing changed", later, "ms")
