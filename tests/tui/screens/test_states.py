"""What each screen says while nothing was read, when reading fails, hangs, or failed after it
worked."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.errors import ModelError
from tests.tui.helpers import heading, opened, screen_text, until
from tests.tui.scenes import NAMES, details, trained_home
from tui.look.waiting import title_of, waiting_lines
from tui.screens.live import LiveScreen
from tui.widgets.lines import plain

# (key of the screen, words while it reads, words of its content)
SCREENS = (
    ("2", "reading the runs", "13 done"),
    ("3", "reading the logs", "training.log"),
    ("4", "reading the backups", "no backup yet"),
    ("5", "reading the crontab", "weekly"),
    ("6", "reading the alerts", "no alert fires"),
    ("7", "asking the service", "service"),
    ("comma", "reading stockml.toml", "[market]"),
)
BROKEN = ModelError("the disk says EIO", "look at dmesg")


def with_look(
    monkeypatch: pytest.MonkeyPatch, look: Callable[[Any, Callable[[Any], Any]], Any]
) -> None:
    """Have every look of every screen go through `look(screen, the screen's own look)`."""
    found = [LiveScreen]
    while found:
        cls = found.pop()
        found += cls.__subclasses__()
        if "look" in cls.__dict__:
            own = cls.__dict__["look"]
            monkeypatch.setattr(cls, "look", lambda self, own=own: look(self, own))


@pytest.fixture
def live(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every screen is loaded, so that its look can be changed."""
    from tui.screens.tabs import TABS, make_screen

    for tab in TABS[1:]:
        make_screen(tab.screen)


@pytest.mark.parametrize(("key", "reading", "_empty"), SCREENS, ids=lambda value: str(value)[:12])
async def test_a_screen_that_waits_says_for_what(
    tmp_path: Path, live: None, monkeypatch: pytest.MonkeyPatch, key: str, reading: str, _empty: str
) -> None:
    """Nothing is made up while the first look goes on;
    once it hangs, the screen says for how long, and esc leaves it."""
    gate = threading.Event()

    def slow(screen: LiveScreen, own: Callable[[Any], Any]) -> Any:
        gate.wait(60)
        return own(screen)

    with_look(monkeypatch, slow)
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press(key)
        await until(pilot, lambda: reading in screen_text(app), reading)
        app.wall.advance(timedelta(seconds=30))  # type: ignore[attr-defined]
        app._tick()
        await until(
            pilot, lambda: f"{reading} for 30s: no answer yet" in screen_text(app), "the wait"
        )
        assert "OLD 30s" in heading(app)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is app.main, "the dashboard")
        gate.set()


@pytest.mark.parametrize(("key", "_reading", "empty"), SCREENS, ids=lambda value: str(value)[:12])
async def test_a_screen_whose_look_fails_keeps_the_old_and_says_so(
    tmp_path: Path, live: None, monkeypatch: pytest.MonkeyPatch, key: str, _reading: str, empty: str
) -> None:
    """An error at the first look stands where the content would;
    one after it stands below the content, with its time."""
    failing = [True]

    def look(screen: LiveScreen, own: Callable[[Any], Any]) -> Any:
        if failing[0]:
            raise BROKEN
        return own(screen)

    with_look(monkeypatch, look)
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.home.training_log.parent.mkdir(parents=True)
        engine.home.training_log.write_text("a line\n")
        await pilot.press(key)
        await until(
            pilot,
            lambda: "ERROR: the disk says EIO (look at dmesg)" in screen_text(app),
            "the error",
        )
        assert "CANNOT READ" in heading(app)
        failing[0] = False
        await pilot.press("ctrl+r")
        await until(
            pilot, lambda: "EIO" not in screen_text(app) and empty in screen_text(app), empty
        )
        failing[0] = True
        await pilot.press("ctrl+r")
        await until(
            pilot,
            lambda: "ERROR: cannot read again: the disk says EIO" in screen_text(app),
            "the second error",
        )
        text = " ".join(screen_text(app).split())
        assert "shown as of" in text
        assert empty in text
        assert "CANNOT READ" in text
        failing[0] = False
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "EIO" not in screen_text(app), "the recovery")


async def test_a_symbol_that_cannot_be_read_is_not_waited_for(tmp_path: Path) -> None:
    """The Symbol screen says what failed in each section that needs the child, and ctrl+r asks
    again."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        engine.error = BROKEN
        await pilot.press("enter")
        await until(
            pilot,
            lambda: "ERROR: the disk says EIO; ctrl+r asks again" in screen_text(app),
            "the error",
        )
        assert "reading the model" not in screen_text(app)
        engine.error = None
        engine.details[NAMES[0]] = details()
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "80 % interval" in screen_text(app), "the chart")


async def test_an_empty_log_file_is_called_empty(tmp_path: Path) -> None:
    """A file without a line is not `being read` for ever."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        empty = engine.home.logs / "empty.log"
        empty.parent.mkdir(exist_ok=True)
        empty.touch()
        await pilot.press("3")
        await until(pilot, lambda: "empty.log" in screen_text(app), "the list")
        app.screen.query_one("#files").choose(str(empty))  # type: ignore[attr-defined]
        await pilot.press("enter")
        await until(pilot, lambda: "the file is empty" in screen_text(app), "the words")


@pytest.mark.parametrize("width", [1, 10, 20, 40, 80])
def test_titles_keep_their_marks(width: int) -> None:
    """Where a title has no room, dim facts go first, then the others; RO and errors stay."""
    facts = (
        ("20261021-143401-ab12cd", ""),
        ("RUNNING", "live"),
        ("manual", "dim"),
        ("SIMULATED", "mark"),
    )
    text = plain(title_of("Run", facts, (("RO", "mark"), ("CANNOT READ", "crit")), width))

    assert all(mark in text for mark in ("Run", "SIMULATED", "RO", "CANNOT READ"))
    assert len(text) <= max(width, len("Run  SIMULATED  RO  CANNOT READ"))
    assert ("manual" in text) == (width >= 80)


def test_waiting_words_fit() -> None:
    """An error is wrapped, not cut."""
    lines = waiting_lines("reading", "word " * 40, 0.0, 30)

    assert all(len(plain(found)) <= 30 for found in lines)
    assert sum("word" in plain(found) for found in lines) == len(lines) >= 7
