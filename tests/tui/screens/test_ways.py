"""The ways between the screens: every size, back, out, and by name."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from engine.core.snapshot import Snapshot
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import empty_home, trained_home, training_home, watched_home
from tui.command.line import CommandScreen
from tui.dashboard.screen import MainScreen
from tui.dialogs.help import HelpScreen
from tui.dialogs.palette import PaletteScreen
from tui.logs.list import LogsScreen
from tui.logs.viewer import LogView
from tui.screens.tabs import TABS

SIZES = [(80, 24), (60, 15), (40, 10), (120, 40), (200, 50), (30, 5), (1, 1)]
# Every size with runs; the other homes where they draw differently (7 s each; the matrix has every
# screen of all of them).
PLACES = [
    *((training_home, size) for size in SIZES),
    (empty_home, (80, 24)),
    (empty_home, (40, 10)),
    (watched_home, (120, 40)),
    (watched_home, (1, 1)),
]
KEYS = (
    ["j", "space", "k"],
    ["G", "g"],
    ["A", "j", "n"],
    ["question_mark", "pagedown", "escape"],
    ["colon", "escape"],
    ["l", "g", "q"],
    ["enter", "pagedown", "escape"],
    ["2", "j", "enter", "escape"],
    ["3", "j", "enter", "w", "slash", "escape"],
    ["4", "v", "question_mark", "escape"],
    ["5", "j", "pagedown", "escape", "1"],
    ["6", "j", "s", "escape", "G", "escape"],
    ["w", "j", "pagedown", "escape"],
)


@pytest.mark.parametrize(
    ("scene", "size"),
    PLACES,
    ids=[f"{scene.__name__}-{size[0]}x{size[1]}" for scene, size in PLACES],
)
async def test_every_screen_at_every_size(
    tmp_path: Path, scene: Callable[[], Snapshot], size: tuple[int, int]
) -> None:
    """Dashboard, dialogs, help, palette and log draw within every size, and resizing to 1x1 and
    back ends nothing."""
    async with opened(tmp_path / "home", scene(), size) as (app, _, pilot):
        for keys in KEYS:
            await pilot.press(*keys)
            lines = screen_text(app).splitlines()
            assert len(lines) <= size[1]
            assert all(len(found) <= size[0] for found in lines)
        await pilot.resize_terminal(1, 1)
        await pilot.resize_terminal(*size)
        await pilot.press("1")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        if size[0] >= 60:
            await until(pilot, lambda: "? help  q quit" in screen_text(app), "the footer")


async def test_escape_goes_back_and_never_quits(tmp_path: Path) -> None:
    """esc clears the notice, then the marks, then does nothing; in a screen it goes back."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("space", "x")
        await until(pilot, lambda: app.main.notice, "the notice")
        await pilot.press("escape")
        assert app.main.notice is None
        assert app.main.marks == {"NVDA"}
        await pilot.press("escape", "escape", "escape")
        assert app.main.marks == frozenset()
        for key, screen in (
            ("question_mark", HelpScreen),
            ("l", LogView),
            ("colon", CommandScreen),
            ("ctrl+p", PaletteScreen),
        ):
            await pilot.press(key)
            await until(pilot, lambda screen=screen: isinstance(app.screen, screen), "the screen")  # type: ignore[misc]
            await pilot.press("escape")
            await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert app.is_running


@pytest.mark.parametrize("opener", [None, "question_mark", "colon", "l", "A"])
async def test_ctrl_q_leaves_from_everywhere(tmp_path: Path, opener: str | None) -> None:
    """ctrl+q ends the console with 0 from every screen."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        if opener:
            await pilot.press(opener)
            await until(pilot, lambda: not isinstance(app.screen, MainScreen), "the screen")
        await pilot.press("ctrl+q")
        await until(pilot, lambda: app.return_code is not None, "the end")

    assert app.return_code == 0
    assert "no training is running" in app.last_words()


async def test_palette_runs_what_was_typed(tmp_path: Path) -> None:
    """Typing some letters and enter runs the action, through the same gate as its key."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("ctrl+p", *"zzz", "enter")
        await until(pilot, lambda: isinstance(app.screen, MainScreen), "the dashboard")
        assert app.main.cursor == "NVDA", "nothing matches, so nothing runs"
        await pilot.press("ctrl+p", *"last", "space", *"rox", "backspace", "w", "enter")
        await until(pilot, lambda: app.main.cursor == "SPY", "the last row")


async def test_help_explains_states_and_columns(tmp_path: Path) -> None:
    """The help can be read to its end with the space bar, and explains MASE and REFUSED."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("question_mark")
        seen = ""
        for _ in range(10):
            await until(pilot, lambda: "Help" in screen_text(app), "the help")
            seen += screen_text(app)
            await pilot.press("space")

    words = " ".join(seen.split())
    assert "not better than the guard allows" in words
    assert "below 1 beats it" in words
    assert "off: read-only" not in words


async def test_a_screen_that_cannot_be_loaded_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A module that is gone or broken, as after an upgrade under an open console, costs its
    screen and nothing else."""
    screens = {tab.name: tab.screen for tab in TABS}
    monkeypatch.setattr(
        "tui.screens.stack.SCREENS", {**screens, "runs": "tui.screens.no_such_screen:RunsScreen"}
    )
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("2")
        await until(
            pilot,
            lambda: "the screen runs cannot be opened: ModuleNotFoundError" in screen_text(app),
            "the words",
        )
        assert "no_such_screen" in (engine.home.logs / "console.log").read_text()
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, LogsScreen), "another screen")
