"""A worker behind a cable that is cut: two network namespaces of one machine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from engine.api import Engine
from engine.core.child import child_environment
from engine.core.records import JobState
from tests.cluster.conftest import ClusterBench
from tests.helpers import wait_for

NEAR, FAR = "10.213.7.1", "10.213.7.2"


def ip(*words: str) -> None:
    """One `ip` command."""
    subprocess.run(["ip", *words], check=True, capture_output=True, timeout=10)


@dataclass
class Cable:
    """A namespace with one end of a cable; the other end is in this one."""

    name: str

    @property
    def device(self) -> str:
        return f"{self.name}a"

    def lay(self) -> None:
        """Make both ends and give them addresses."""
        ip("netns", "add", self.name)
        ip("link", "add", self.device, "type", "veth", "peer", "name", f"{self.name}b")
        ip("link", "set", f"{self.name}b", "netns", self.name)
        ip("addr", "add", f"{NEAR}/24", "dev", self.device)
        ip("link", "set", self.device, "up")
        inside = ("-n", self.name)
        ip(*inside, "addr", "add", f"{FAR}/24", "dev", f"{self.name}b")
        ip(*inside, "link", "set", f"{self.name}b", "up")
        ip(*inside, "link", "set", "lo", "up")

    def set(self, state: str) -> None:
        """Cut it (`down`) or mend it (`up`)."""
        ip("link", "set", self.device, state)


@pytest.fixture
def cable() -> Iterator[Cable]:
    laid = Cable(f"sml{os.getpid() % 100_000}")
    try:
        laid.lay()
    except (OSError, subprocess.CalledProcessError) as error:
        subprocess.run(["ip", "netns", "del", laid.name], capture_output=True, check=False)
        pytest.skip(f"no network namespaces here: {error}")
    yield laid
    for words in (("netns", "del", laid.name), ("link", "del", laid.device)):
        subprocess.run(["ip", *words], capture_output=True, check=False)


@pytest.fixture
def far_worker(cluster: ClusterBench, cable: Cable, tmp_path: Path) -> Iterator[Callable[[], None]]:
    """Starts a held worker behind the cable."""
    started = []

    def start() -> None:
        environment = child_environment(STOCKML_TEST_WORK="tests.cluster.jobs:held_fit")
        command = [sys.executable, "-m", "engine.cluster.node", str(cluster.folder.path)]
        with (tmp_path / "far.log").open("w") as log:
            started.append(
                subprocess.Popen(
                    ["ip", "netns", "exec", cable.name, *command, cluster.address, "far"],
                    env=environment,
                    stderr=log,
                )
            )

    yield start
    for process in started:
        process.kill()
        process.wait()


def test_a_cut_cable_costs_one_retry(
    cluster: ClusterBench, cable: Cable, far_worker: Callable[[], None]
) -> None:
    """The far fit is given up and done elsewhere; mended, the cable brings no second model."""
    cluster.address = cluster.address.replace("127.0.0.1", NEAR)
    engine = Engine(cluster.home)
    engine.settings.set_text("training.executor", cluster.address)
    cluster.up(0)
    far_worker()
    wait_for(lambda: len(_hosts(cluster)) == 1, 60, "the far worker")
    folder = cluster.start("NVDA")
    cluster.held(folder, "NVDA")
    cable.set("down")
    wait_for(lambda: "no word for 6 s" in folder.events.read_text(), 60, "the loss")
    cluster.go()
    cable.set("up")
    assert cluster.ended(folder).jobs[0].state is JobState.DONE
    assert cluster.published(folder) == 1
    wait_for(lambda: cluster.far_fits() == [], 30, "the end of the far fit")


def _hosts(cluster: ClusterBench) -> tuple[object, ...]:
    return Engine(cluster.home).cluster.view().hosts
