"""The dashboard: its rows, its cursor, what it says."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.tui.helpers import asked, opened, screen_text, until
from tests.tui.scenes import NAMES, RUN_ID, row, snapshot, trained_home, training_home
from tui.dashboard.panes.symbols import SymbolsPane


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_all_rows_and_the_footer_while_it_trains(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    """Thirteen rows, the run, the log and the footer stand on one screen."""
    async with opened(tmp_path / "home", training_home(), size) as (app, _, _pilot):
        text = screen_text(app)

    assert all(f" {name} " in text for name in NAMES)
    assert text.count("ETA 3m 07s") >= 2
    assert RUN_ID in text
    assert "published symbol=AUR" in text
    assert text.splitlines()[-1].startswith("? help  q quit")


async def test_cursor_moves_and_scrolls(tmp_path: Path) -> None:
    """Arrows, j k g G and pages move the cursor; in a small terminal it stays in view."""
    async with opened(tmp_path / "home", trained_home(), (40, 10)) as (app, _, pilot):
        steps = (
            ("j", "TSLA"),
            ("down", "AAPL"),
            ("k", "TSLA"),
            ("up", "NVDA"),
            ("up", "NVDA"),
            ("G", "SPY"),
            ("g", "NVDA"),
            ("pagedown", "PLTR"),
        )
        for key, symbol in steps:
            await pilot.press(key)
            assert app.main.cursor == symbol
            assert f"> {symbol}" in screen_text(app)


async def test_cursor_stays_on_its_symbol(tmp_path: Path) -> None:
    """When rows change under it the cursor keeps its symbol; a removed one gives the first."""
    async with opened(tmp_path / "home", trained_home()) as (app, engine, pilot):
        await pilot.press("j", "j", "space")
        engine.snap = snapshot(
            tuple(row(name, index) for index, name in enumerate(reversed(NAMES)))
        )
        app.look_now()
        await until(pilot, lambda: app.main.snapshot is engine.snap, "the new rows")
        assert app.main.cursor == "MSFT"
        assert app.main.marks == {"AAPL"}
        engine.snap = snapshot((row("SPY"),))
        app.look_now()
        await until(pilot, lambda: app.main.cursor == "SPY", "the first row")
        assert app.main.marks == frozenset()


async def test_log_follows_freezes_and_filters(tmp_path: Path) -> None:
    """The log of a row shows its lines, `s` shows all, scrolling up freezes, the end follows
    again."""
    async with opened(tmp_path / "home", trained_home(), (60, 15)) as (app, engine, pilot):
        path = engine.home.training_log
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(
            "".join(f"line {n} symbol={'NVDA' if n % 2 else 'TSLA'}\n" for n in range(100))
        )
        await pilot.press("l")
        await until(pilot, lambda: "line 99 symbol=NVDA" in screen_text(app), "the log")
        assert "TSLA" not in screen_text(app)
        await pilot.press("s")
        await until(pilot, lambda: "line 98 symbol=TSLA" in screen_text(app), "every line")
        await pilot.press("g")
        await until(
            pilot, lambda: "frozen" in screen_text(app) and "line 0 " in screen_text(app), "the top"
        )
        with path.open("a") as file:
            file.write("line 100 symbol=NVDA \x1b[2J\n")
        await pilot.press("G")
        await until(
            pilot,
            lambda: "line 100" in screen_text(app) and "follows" in screen_text(app),
            "the new line",
        )
        path.unlink()
        await until(pilot, lambda: "does not exist yet" in screen_text(app), "the missing file")


async def test_a_mouse_click_moves_the_cursor(tmp_path: Path) -> None:
    """Where the mouse is on, a click on a row goes to it."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.click(SymbolsPane, offset=(10, 3))
        assert app.main.cursor == "AAPL"


async def test_simulated_home_is_marked(tmp_path: Path) -> None:
    """SIMULATED stands in the title and in the confirmation."""
    found = replace(trained_home(), source="simulated", simulated=True)
    async with opened(tmp_path / "home", found) as (app, _, pilot):
        assert "SIMULATED" in screen_text(app).splitlines()[0]
        await pilot.press("r")
        await asked(app, pilot)
        assert "on simulated bars (SIMULATED)" in screen_text(app)
