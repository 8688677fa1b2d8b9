"""Keys that arrive in one piece, as a slow line brings them: they go to the screen that they
were typed for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from textual import events
from textual.pilot import Pilot

from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import trained_home, training_home
from tui.dashboard.screen import MainScreen
from tui.dialogs.confirm import ConfirmScreen
from tui.schedule.screen import ScheduleScreen


def burst(pilot: Pilot[Any], *keys: str) -> None:
    """Post all keys before any of them is handled."""
    for key in keys:
        pilot.app.post_message(
            events.Key({"/": "slash"}.get(key, key), key if len(key) == 1 else None)
        )


async def test_a_filter_typed_at_once_is_whole(tmp_path: Path) -> None:
    """`/SMR` and enter in one piece leave one row, and no letter of it does anything else."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        burst(pilot, "/", "S", "M", "R", "enter")
        await until(
            pilot,
            lambda: "/SMR 1 of 13" in screen_text(app) and isinstance(app.screen, MainScreen),
            "the filter",
        )
        assert engine.asked("plan") == []


async def test_screens_follow_each_other_at_once(tmp_path: Path) -> None:
    """`2`, `5` and `j` in one piece end on the Schedule's second job."""
    async with opened(tmp_path / "home", trained_home(), (120, 40)) as (app, _, pilot):
        burst(pilot, "2", "5")
        await until(
            pilot,
            lambda: isinstance(app.screen, ScheduleScreen) and app.screen.value,
            "the schedule",
        )
        burst(pilot, "escape", "j")
        await until(
            pilot,
            lambda: isinstance(app.screen, MainScreen) and app.main.cursor == "TSLA",
            "the second row",
        )


async def test_a_question_is_never_answered_unseen(tmp_path: Path) -> None:
    """`x` and `y` in one piece ask, and cancel nothing."""
    async with opened(tmp_path / "home", training_home()) as (app, engine, pilot):
        app.main.cursor = "AMZN"
        burst(pilot, "x", "y")
        await until(pilot, lambda: isinstance(app.screen, ConfirmScreen), "the question")
        await pilot.pause()
        assert isinstance(app.screen, ConfirmScreen)
        assert engine.asked("cancel") == []


async def test_pasted_text_is_typed_where_text_is_taken(tmp_path: Path) -> None:
    """Its first line goes into the filter, without control characters;
    on the dashboard it presses no key."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        app.post_message(events.Paste("AAy\x1b[2J"))
        await pilot.pause()
        assert isinstance(app.screen, MainScreen)
        await pilot.press("slash")
        app.post_message(events.Paste("SM\x07R\nrm -rf /"))
        await until(pilot, lambda: "(!text without): SMR" in screen_text(app), "the text")
        await pilot.press("enter")
        await until(pilot, lambda: "/SMR 1 of 13" in screen_text(app), "the filter")
        assert engine.asked("plan") == []
