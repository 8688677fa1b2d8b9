"""Rounds of a run on a cluster with a random fault each: no model lost, none published twice."""

from __future__ import annotations

import os
import random
import signal
import time
from contextlib import suppress
from pathlib import Path

import pytest

from engine.core.records import JobState
from engine.vault.model_reader import read_model
from tests.cluster.conftest import ClusterBench, command_lines
from tests.helpers import wait_for

ROUNDS = 50
SYMBOLS = ("NVDA", "TSLA", "SPY")


def victims(cluster: ClusterBench, kind: str) -> list[int]:
    """The processes that a fault of this kind may hit now."""
    marks = {
        "node": ("engine.cluster.node",),
        "head": ("engine.cluster.head",),
        "fit": ("engine.runs.worker", "stockml-fit-"),
        "here": ("engine.runs.worker", str(cluster.home.runs)),
        "supervisor": ("engine.runs.supervisor",),
    }[kind]
    folder = str(cluster.hold.parent)
    lines = command_lines().items()
    return [pid for pid, line in lines if folder in line and all(mark in line for mark in marks)]


@pytest.mark.soak
@pytest.mark.timeout(7200)
def test_random_rounds(cluster: ClusterBench) -> None:
    """Kills and freezes at random times; what is live is whole, and no generation comes twice."""
    chance = random.Random(7)
    generations: dict[str, set[int]] = {symbol: set() for symbol in SYMBOLS}
    for number in range(ROUNDS):
        if number % 5 == 0 or not victims(cluster, "head") or len(victims(cluster, "node")) < 2:
            cluster.renew()
        folder = cluster.start(*SYMBOLS)
        kind = chance.choice(("node", "head", "fit", "here", "supervisor", "freeze", "none"))
        time.sleep(chance.uniform(0.0, 8.0))
        hit = victims(cluster, "node" if kind == "freeze" else kind) if kind != "none" else []
        for pid in hit[:1]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGSTOP if kind == "freeze" else signal.SIGKILL)
        run = cluster.ended(folder, 180)
        for pid in hit[:1] if kind == "freeze" else ():
            os.kill(pid, signal.SIGCONT)
        wait_for(lambda: victims(cluster, "fit") == [], 60, "the end of far fits")
        _check(cluster, folder.events, generations)
        if kind != "supervisor":
            assert all(job.state in (JobState.DONE, JobState.REFUSED) for job in run.jobs), (
                kind,
                run,
            )


def _check(cluster: ClusterBench, events: Path, generations: dict[str, set[int]]) -> None:
    """Each live model is whole, of a generation at least as new; none was published twice."""
    import json

    for line in events.read_text().splitlines():
        with suppress(ValueError):
            event = json.loads(line)
            if event["type"] == "published":
                assert event["generation"] not in generations[event["symbol"]], line
                generations[event["symbol"]].add(event["generation"])
    for symbol, published in generations.items():
        if published:
            model = read_model(cluster.home, cluster.home.model(symbol))
            assert model.manifest.generation >= max(published)
