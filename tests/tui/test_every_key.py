"""Every key of every screen, pressed where it is bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.tui.helpers import opened
from tests.tui.stops import STOPS, Stop, furnish, furnished, go
from tui.keys.table import in_group

LEAVING = "do_quit"
FIRST = tuple({stop.group: stop for stop in reversed(STOPS)}.values())
"""One stop for each table of keys."""


@pytest.mark.parametrize("stop", FIRST, ids=lambda stop: stop.group)
async def test_no_key_ends_the_console(tmp_path: Path, stop: Stop) -> None:
    """Each key of the screen is pressed on it; the console is there and can go back after each."""
    async with opened(tmp_path / "home", furnished()) as (app, engine, pilot):
        furnish(engine)
        for action in in_group(stop.group):
            if action.keys and action.handler != LEAVING:
                await go(app, pilot, stop)
                await pilot.press(action.keys[0])
                await pilot.pause()
                assert app.is_running, action.id
