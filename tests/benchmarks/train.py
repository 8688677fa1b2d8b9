"""train-all of 13 symbols of two years, 50 epochs at most, against the peer symbol by symbol on
the same bars in the same run.

Both score the same sessions, the newest 120, which neither has fitted on; their errors are
pooled over all symbols.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

from engine.core.paths import Home
from engine.settings import load as config
from tests.benchmarks.common import (
    TWO_YEARS,
    Bench,
    Row,
    Usage,
    middle,
    run,
    say,
    simulated_home,
    stockml,
)

EPOCHS = 50


def rows(bench: Bench) -> Iterator[Row]:
    """Ours several times in new homes, then the peer once for each symbol, then the ratios."""
    used, homes = [], []
    for number in range(1 if bench.quick else 3):
        say(f"train: train-all, {number + 1}")
        homes.append(new_home(bench, f"train-{number}"))
        used.append(stockml(homes[-1], "train-all", "--epochs", str(EPOCHS)))
    yield from usage_rows("train-all, 13 symbols", used)
    ours = [
        row["model"] for row in json.loads(stockml(homes[0], "status", "--json").output)["symbols"]
    ]
    yield Row(
        "train-all: pooled error ÷ naive's on held-out sessions (MASE)", pooled(ours), "", None
    )
    if not bench.quick:
        yield from one_worker(bench)
    if bench.peer_symbols:
        yield from against_peer(bench, homes[0], used, ours)


def new_home(bench: Bench, name: str, **settings: int) -> Home:
    """A home on the simulated market, or on the newest two years of the real bars."""
    home = simulated_home(bench.folder / name, **settings)
    if bench.bars is not None:
        folder = two_years(bench.bars, home.root / "bars", config.load(home).names)
        text = home.settings.read_text()
        home.settings.write_text(
            text.replace('source = "simulated"', f'source = "csv:{folder}"', 1)
        )
    return home


def two_years(source: Path, folder: Path, names: Sequence[str]) -> Path:
    """The newest 502 bars of each symbol, in a folder of their own."""
    folder.mkdir()
    for name in names:
        head, *lines = (source / f"{name}.csv").read_text().splitlines()
        (folder / f"{name}.csv").write_text("\n".join([head, *lines[-TWO_YEARS:]]) + "\n")
    return folder


def usage_rows(name: str, used: Sequence[Usage]) -> Iterator[Row]:
    """Wall, CPU and memory of a command that was run several times."""
    yield middle(f"{name}: wall", (each.wall for each in used), "s")
    yield middle(f"{name}: CPU", (each.cpu for each in used), "CPU-s")
    yield middle(f"{name}: peak memory of all processes", (each.peak_mb for each in used), "MB")


def one_worker(bench: Bench) -> Iterator[Row]:
    """What one worker takes: with one thread, and with TensorFlow free to use every core."""
    for name, threads in (("one worker of one thread", "1"), ("one worker of many threads", "0")):
        say(f"train: {name}")
        home = new_home(bench, f"train-{name[-12:].replace(' ', '-')}", training__max_workers=1)
        limits = {"TF_NUM_INTRAOP_THREADS": threads, "TF_NUM_INTEROP_THREADS": threads}
        used = stockml(home, "train-all", "--epochs", str(EPOCHS), **limits)
        yield Row(f"train-all with {name}: wall", used.wall, "s")
        yield Row(f"train-all with {name}: CPU", used.cpu, "CPU-s")


def against_peer(
    bench: Bench, home: Home, used: Sequence[Usage], ours: Sequence[dict[str, Any]]
) -> Iterator[Row]:
    """The peer on the bars of `home`;
    fewer than 13 symbols are scaled to 13, and the row says so."""
    found, costs = [], []
    names = config.load(home).names[: bench.peer_symbols]
    for name in names:
        say(f"train: the peer, {name}")
        costs.append(run(peer_line(bars_of(home), name, ours[0]["n_scored"])))
        if costs[-1].code:
            raise RuntimeError(f"the peer ended with {costs[-1].code}")
        found.append(json.loads(costs[-1].output.splitlines()[-1]))
    factor, scaled = (
        13 / len(names),
        "" if len(names) == 13 else f" (measured on {len(names)}, scaled to 13)",
    )
    wall, cpu = factor * sum(each.wall for each in costs), factor * sum(each.cpu for each in costs)
    yield Row(f"the peer, 13 symbols one by one{scaled}: wall", wall, "s")
    yield Row(f"the peer, 13 symbols one by one{scaled}: CPU", cpu, "CPU-s")
    yield middle("the peer, one symbol: wall", (each.wall for each in costs), "s")
    yield middle("the peer, one symbol: epochs", (each["epochs"] for each in found), "")
    yield Row("the peer: peak memory", max(each.peak_mb for each in costs), "MB")
    yield Row(
        f"faster than the peer by wall{scaled}",
        wall / median(each.wall for each in used),
        "×",
        10,
        least=True,
    )
    yield Row(f"faster than the peer by CPU{scaled}", cpu / median(each.cpu for each in used), "×")
    same = [each for each in ours if each["n_scored"] == found[0]["n"]][: len(names)]
    yield Row(f"the peer: pooled error ÷ naive's, {len(names)} symbols", pooled(found), "")
    yield Row(
        f"train-all: the same {len(names)} symbols and sessions", pooled(same), "", pooled(found)
    )


def bars_of(home: Home) -> Path:
    """The folder where the bars of the home's one source are kept."""
    return next(path for path in home.market.iterdir() if path.is_dir())


def peer_line(folder: Path, name: str, held_out: int) -> list[str]:
    """The peer's command: it learns up to the bar before the held-out sessions."""
    days = [
        line.partition(",")[0] for line in (folder / f"{name}.csv").read_text().splitlines()[1:]
    ]
    return [
        sys.executable,
        "-m",
        "tests.benchmarks.peer_keras",
        str(folder),
        name,
        days[-held_out - 1],
        str(EPOCHS),
    ]


def pooled(figures: Sequence[dict[str, Any]]) -> float:
    """The error of all forecasts ÷ naive's: MASE over all symbols and sessions."""
    count = [each.get("n_scored", each.get("n")) for each in figures]
    error, naive = (
        sum(n * each[name] for n, each in zip(count, figures, strict=True))
        for name in ("mape", "naive_mape")
    )
    return float(error / naive)
