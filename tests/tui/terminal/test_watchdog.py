"""The watch over the event loop: a stall is written once, with the place, and said in the title."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.helpers import wait_for
from tests.tui.helpers import heading, opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.dashboard.screen import MainScreen
from tui.terminal.watchdog import LoopWatch, stack_words


@pytest.fixture(autouse=True)
def watching(steady: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the console."""
    monkeypatch.setattr("tui.terminal.watchdog.STALL_S", 1.0)


def test_one_stall_is_told_once_and_measured_when_it_ends() -> None:
    """A question without an answer for a second is told once;
    the answer ends the stall with its length."""
    asked: list[Callable[[], None]] = []
    told: list[str] = []
    watch = LoopWatch(asked.append, told.append)
    for now in (10.0, 10.9, 11.0, 12.0, 13.0):
        watch.look(now)

    assert len(asked) == 1
    (line,) = told
    assert line.startswith("action=stall seconds>1.0 at=")
    assert "test_one_stall_is_told_once" in line
    watch.answered(13.5)
    assert (watch.last, watch.longest, watch.ended_at) == (3.5, 3.5, 13.5)
    watch.look(14.0)
    watch.answered(14.2)
    assert len(asked) == 2
    assert len(told) == 1
    assert (watch.last, watch.longest) == (3.5, 3.5), "a quick answer is no stall"


def test_the_stack_names_the_innermost_frame_first() -> None:
    """`file:line function`, from the inside out, and no more frames than asked for."""
    found = stack_words(sys._getframe(), 2)

    assert found.startswith("terminal/test_watchdog.py:")
    assert found.split(" < ")[0].endswith(" test_the_stack_names_the_innermost_frame_first")
    assert found.count(" < ") == 1


async def test_a_stalled_loop_is_written_down_and_shown(tmp_path: Path) -> None:
    """While the loop is held the stack goes to console.log;
    afterwards dashboard and screens say LAG."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        log = engine.home.logs / "console.log"

        def hold() -> None:
            wait_for(
                lambda: log.exists() and " hold < " in log.read_text(), 60, "the line of the stall"
            )

        hold()
        await until(pilot, lambda: "LAG " in heading(app), "the mark")
        assert isinstance(app.screen, MainScreen)
        await pilot.press("2")
        await until(
            pilot,
            lambda: "Runs" in screen_text(app) and "LAG " in heading(app),
            "the mark",
        )

    written = log.read_text()
    assert written.count(" hold < ") == 1, "told once; a slow machine may have stalls of its own"
    assert "action=stall" in next(line for line in written.splitlines() if " hold < " in line)
