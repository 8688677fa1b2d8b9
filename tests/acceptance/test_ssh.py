"""A dropped SSH line, with a real sshd on loopback."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.runs.store import RunStore
from tests.acceptance.sshd import consoles, drop, needs_sshd, ssh_line
from tests.acceptance.terminal import Terminal, needs_tmux
from tests.helpers import ROOT, new_home, wait_for


@pytest.fixture
def line(tmp_path: Path) -> Iterator[list[str]]:
    """The words that reach this machine through an sshd of the test's own."""
    with ssh_line(tmp_path) as words:
        yield words


@needs_tmux
@needs_sshd
def test_training_outlives_the_ssh_line_that_started_it(tmp_path: Path, line: list[str]) -> None:
    """The sshd of the session killed -9 during a training: the console goes, the run ends with
    every model done."""
    home = new_home(
        tmp_path / "home",
        market__source="simulated",
        market__simulated_sessions=700,
        training__epochs=2,
    )
    console = f"cd {ROOT} && TERM=xterm-256color {sys.executable} -m engine.cli --home {home.root}"

    with Terminal([*line, console]) as terminal:
        terminal.shows("SPY   NONE", 60)
        terminal.keys("A")
        terminal.shows("Train 13 symbols")
        terminal.keys("y")
        run = wait_for(lambda: RunStore(home).live(), 30, "a live run")[0]
        drop(home.root)
        wait_for(lambda: not consoles(home.root), 30, "the end of the console")
    ended = wait_for(
        lambda: (found := RunStore(home).run(run.id)).state.ended and found,
        240,
        "the end of the run",
    )

    assert [str(job.state) for job in ended.jobs] == ["done"] * 13
