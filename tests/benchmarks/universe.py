"""The whole product with 13, 1,000 and 3,000 symbols on the simulated market.

STOCKML_UNIVERSE names a folder in which the homes are kept between two measurements; training
them takes ten minutes on two cores.
"""

from __future__ import annotations

import http.client
import os
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from engine.core.paths import Home
from tests.benchmarks.common import Bench, Row, Usage, middle, run, say, simulated_home, stockml
from tests.benchmarks.console import keys, steady
from tests.benchmarks.service import ask, ready, resident_mb, serving
from tests.benchmarks.terminal import Screen
from tests.helpers import wait_for

SESSIONS = 600
SETTLED_S = 20.0
"""Seconds until a console has read its statuses, and 3,000 rows were looked at in turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A home, and the most that each thing may cost in it; None where nothing is promised."""

    symbols: int
    members: str
    status: float
    health: float
    idle: float
    console_mb: float
    paint: float
    service_mb: float
    answer: float
    predict_mb: float
    check_mb: float | None


SIZES = (
    Size(
        symbols=13,
        members="naive,enhanced,sklearn,lstm",
        status=0.3,
        health=0.5,
        idle=1.2,
        console_mb=60,
        paint=0.6,
        service_mb=80,
        answer=1,
        predict_mb=75,
        check_mb=75,
    ),
    Size(
        symbols=1000,
        members="naive,enhanced",
        status=0.6,
        health=0.8,
        idle=2,
        console_mb=65,
        paint=1.0,
        service_mb=250,
        answer=2,
        predict_mb=200,
        check_mb=200,
    ),
    Size(
        symbols=3000,
        members="naive",
        status=1.0,
        health=1.5,
        idle=3,
        console_mb=80,
        paint=1.5,
        service_mb=400,
        answer=3,
        predict_mb=250,
        check_mb=None,
    ),
)


def rows(bench: Bench) -> Iterator[Row]:
    """Commands, console and service of each size; the smallest alone where it must be quick."""
    for size in SIZES[:1] if bench.quick else SIZES:
        home = trained(bench, size)
        yield from _commands(home, size)
        yield from _console(home, size, bench)
        yield from _service(home, size)


def trained(bench: Bench, size: Size) -> Home:
    """The home of this size; a kept one is taken as it is."""
    folder = Path(os.environ.get("STOCKML_UNIVERSE") or bench.folder) / f"universe-{size.symbols}"
    if folder.exists():
        return Home(root=folder)
    say(f"universe: training {size.symbols} symbols")
    home = simulated_home(folder, sessions=SESSIONS, symbols=size.symbols)
    stockml(home, "train-all", "--members", size.members, "--epochs", "2", "--accept-worse")
    return home


def _commands(home: Home, size: Size) -> Iterator[Row]:
    stockml(home, "status")  # figures that are out of date are read once
    for command, budget in (("status", size.status), ("health", size.health)):
        spent = [_cost(home, command).cpu for _ in range(3)]
        yield middle(f"{command}, {size.symbols}", spent, "CPU-s", budget)
    forecasts = _cost(home, "predict", "--all")
    yield Row(f"predict --all, {size.symbols}: memory", forecasts.peak_mb, "MB", size.predict_mb)
    checked = _cost(home, "performance", "--no-train")
    yield Row(f"performance, {size.symbols}: memory", checked.peak_mb, "MB", size.check_mb)
    each = 1000 * checked.cpu / size.symbols
    yield Row(f"performance, {size.symbols}: a symbol", each, "CPU-ms")


def _cost(home: Home, *words: str) -> Usage:
    """What a command costs, whatever its verdict: `health` ends with 1 or 2 for what it finds."""
    used = run([sys.executable, "-m", "engine.cli", "--home", str(home.root), *words])
    if used.code not in (0, 1, 2):
        raise RuntimeError(f"stockml {' '.join(words)} ended with {used.code}")
    return used


def _console(home: Home, size: Size, bench: Bench) -> Iterator[Row]:
    paints = []
    for _ in range(3):
        with Screen(home) as screen:
            paints.append(screen.first_paint()[0])
    yield middle(f"console, {size.symbols}: first paint", paints, "CPU-s", size.paint)
    with Screen(home) as screen:
        screen.first_paint()
        time.sleep(SETTLED_S)
        name = f"console, {size.symbols}, idle"
        yield from steady(screen, name, 10.0 if bench.quick else 60.0, size.idle, 1.0)
        # To the ends: the order by problems may have put the cursor's row first.
        yield from keys(screen, name, bench, b"G", b"g")
        yield Row(f"{name}: memory", screen.memory_mb(), "MB", size.console_mb)


def _service(home: Home, size: Size) -> Iterator[Row]:
    began = time.monotonic()
    with serving(home, "serve", _answers) as (port, pid):
        seconds = time.monotonic() - began
        yield Row(f"service, {size.symbols}: first answer", seconds, "s", size.answer)
        wait_for(lambda: ready(port), 300, "every model")
        yield Row(f"service, {size.symbols}: memory", resident_mb(pid), "MB", size.service_mb)


def _answers(port: int) -> bool:
    """Whether the service has a forecast of a symbol that was not asked for before."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        return ask(connection, "/api/v1/predict/SPY")[0] == http.client.OK
    except OSError:
        return False
