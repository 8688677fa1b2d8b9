"""A read-only console: every action that writes is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.vault.records import Backup
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NOW, training_home
from tui.keys.action import Action
from tui.keys.table import ACTIONS, in_group
from tui.screens.base import ActingScreen
from tui.screens.tabs import TABS

WAYS = {"symbol": ("enter",), "run": ("2", "enter"), "backup": ("4", "enter")}
"""The keys to the screens that are a detail of another."""


@pytest.mark.parametrize(
    "action", [action for action in ACTIONS if action.writes], ids=lambda action: action.id
)
async def test_read_only_refuses_every_writing_action(tmp_path: Path, action: Action) -> None:
    """Each action that writes is refused by key and by palette, in words, and the engine is
    never asked."""
    async with opened(tmp_path / "home", training_home(), read_only=True) as (app, engine, pilot):
        engine.backups_there = (Backup(engine.home.models / "backup_20261020_000000", NOW, ()),)
        for key in (
            "G",
            *WAYS.get(action.group, ()),
            *(tab.key for tab in TABS if tab.name == action.group),
        ):
            await pilot.press(key)
            await until(
                pilot, lambda: getattr(app.screen, "value", 1) is not None, "the first look"
            )
        await until(pilot, lambda: "RO" in screen_text(app).splitlines()[0], "the mark")
        screen = app.screen
        assert isinstance(screen, ActingScreen)
        assert screen.GROUP == action.group
        for key in action.keys:
            await pilot.press(key)
            await until(
                pilot, lambda: f"read-only: {action.name} is off" in screen_text(app), "the refusal"
            )
            await pilot.press("escape")
        screen.action_act(action.id)
        await until(
            pilot, lambda: f"read-only: {action.name} is off" in screen_text(app), "the refusal"
        )
        assert app.screen is screen

    assert [call for call in engine.calls if call[0] not in ("refresh", "details", "symbols")] == []


def test_actions_that_reach_the_engine_are_marked_as_writing() -> None:
    """Training, cancel, check and backup are the ones that write;
    the read-only test enumerates them."""
    assert [action.id for action in in_group("main") if action.writes] == [
        "retrain",
        "train_all",
        "quick_train",
        "cancel",
        "check",
        "auto_train",
        "backup_now",
    ]
