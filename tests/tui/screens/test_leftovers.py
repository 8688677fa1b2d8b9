"""What is left when a screen is closed or covered: no timer, no thread, no task, and not the
screen itself."""

from __future__ import annotations

import asyncio
import gc
import threading
import weakref
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from textual._styles_cache import StylesCache
from textual.pilot import Pilot
from textual.widget import Widget

from engine.vault.records import Backup
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NOW, training_home
from tui.app import StockmlApp
from tui.dashboard import arranged
from tui.dashboard.screen import MainScreen
from tui.screens.live import LiveScreen
from tui.screens.tabs import TABS

READERS = {
    "thread snapshot-reader",
    "thread service-reader",
    "thread open-marker",
    "thread loop-watch",
    "thread pulse-reader",
}
"""They start one after the other, and stay as long as the console."""
TAB_KEYS = tuple(tab.key for tab in TABS[1:])
WAYS: dict[str, tuple[tuple[str, ...], ...]] = {
    "details": tuple((key, "enter") for key in TAB_KEYS),
    "dialogs": (
        ("enter",),
        ("l",),
        ("2", "question_mark"),
        ("colon",),
        ("slash",),
        ("A",),
        ("G", "x"),
        ("2", "y"),
    ),
}


def standing(app: StockmlApp) -> Counter[str]:
    """What works in the process now: running timers by their owner, tasks and threads by their
    names."""
    pumps = [app, *app._registry]
    timers = [
        f"timer {type(pump).__name__} {timer.name}"
        for pump in pumps
        for timer in pump._timers
        if timer._task and not timer._task.done()
    ]
    tasks = [f"task {task.get_name()}" for task in asyncio.all_tasks() if not task.done()]
    return Counter(
        [
            *(_plain(name) for name in (*timers, *tasks)),
            *(f"thread {each.name}" for each in threading.enumerate()),
        ]
    )


def _plain(name: str) -> str:
    """A name without its running number."""
    return "".join(char for char in name if not char.isdigit())


def orphans() -> int:
    """How many closed widgets' drawn lines are still held."""
    found = gc.get_objects()
    owned = {id(each._styles_cache) for each in found if isinstance(each, Widget)}
    return sum(isinstance(each, StylesCache) and id(each) not in owned for each in found)


async def _back(app: StockmlApp, pilot: Pilot[Any]) -> None:
    """The dashboard without a notice, from wherever the keys led."""

    for _ in range(8):
        await pilot.press("escape")
        if isinstance(app.screen, MainScreen) and app.main.notice is None:
            return
    app.main.notice = None


@pytest.mark.parametrize("group", WAYS)
async def test_closed_screens_leave_nothing(
    tmp_path: Path, group: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Screens, details and dialogs opened and closed: timers, tasks and threads are those of
    before, no screen is held."""
    monkeypatch.setattr(arranged, "PULSE_AFTER_S", 0.1)  # a minute may fall into the test
    seen: list[weakref.ref[Any]] = []
    async with opened(tmp_path / "home", training_home()) as (app, engine, pilot):
        engine.backups_there = (Backup(engine.home.models / "backup_20261020_000000", NOW, ()),)
        await until(pilot, lambda: READERS <= standing(app).keys(), "the readers of the dashboard")
        before, held = standing(app), orphans()
        for way in WAYS[group]:
            for key in way:
                await pilot.press(key)
                await until(
                    pilot, lambda: getattr(app.screen, "value", 1) is not None, "the first look"
                )
                seen += [weakref.ref(screen) for screen in app.screen_stack[1:]]
            await _back(app, pilot)
        assert len(set(seen)) >= len(WAYS[group])
        await until(
            pilot,
            # What drew the first page may have ended since: nothing else may be there.
            lambda: not standing(app) - before,
            f"what stood before: {before}, and no {standing(app) - before};",
        )
        await until(
            pilot,
            lambda: not any(ref() for ref in seen),
            "the end of every screen, by the console's own collector",
        )
        assert orphans() <= held + 2


async def test_a_covered_screen_sleeps(tmp_path: Path) -> None:
    """A screen below another one does not look again until it is on top; its thread waits."""
    async with opened(tmp_path / "home", training_home()) as (app, engine, pilot):
        await pilot.press("2")
        await until(pilot, lambda: getattr(app.screen, "value", None) is not None, "the runs")
        covered = app.screen
        assert isinstance(covered, LiveScreen)
        await pilot.press("enter")
        await until(
            pilot, lambda: app.screen is not covered and "Run" in screen_text(app), "the run"
        )
        looks: list[float] = []
        recent_runs = engine.runs.recent

        def counted(limit: int = 50) -> Any:
            looks.append(limit)
            return recent_runs(limit)

        engine.runs.recent = counted  # type: ignore[method-assign]
        assert covered._look() == 3600.0
        assert looks == []
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is covered and looks, "the next look")


async def test_a_look_that_begins_late_finds_nobody_and_breaks_nothing(tmp_path: Path) -> None:
    """A reader's thread that the machine held back until its screen was gone ends without an
    error."""
    async with opened(tmp_path / "home", training_home()) as (app, _, pilot):
        screens: list[LiveScreen] = []
        for key in (*TAB_KEYS, "enter"):
            await pilot.press(key)
            await until(
                pilot, lambda: getattr(app.screen, "value", None) is not None, "the first look"
            )
            assert isinstance(app.screen, LiveScreen)
            screens.append(app.screen)
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        await until(
            pilot, lambda: not any(screen._parent for screen in screens), "the end of every screen"
        )
        with ThreadPoolExecutor(1) as thread:
            for screen in screens:
                screen._asleep = False  # it was asked before it slept
                assert thread.submit(screen._look).result(60) > 0
                screen._poller._stopped = False  # and before it was told to stop
                screen.failure = "of the look before"
                assert thread.submit(screen._look).result(60) > 0
                screen._closing = screen._closed = (
                    False  # it was taken away while the look was being told
                )
                assert thread.submit(screen._look).result(60) > 0
