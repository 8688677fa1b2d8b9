"""The Symbols screen: what it lists, and the commands behind its keys."""

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.helpers import asked, heading, opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.app import StockmlApp
from tui.command.line import CommandScreen
from tui.command.output import OutputScreen
from tui.symbol.screen import SymbolScreen
from tui.symbols.screen import SymbolsScreen


async def open_symbols(app: StockmlApp, pilot: Pilot[Any]) -> SymbolsScreen:
    """The screen once it has read the files."""
    await pilot.press("9")
    await until(pilot, lambda: "COMPANY" in screen_text(app), "the symbols")
    screen = app.screen
    assert isinstance(screen, SymbolsScreen)
    return screen


async def test_it_lists_what_both_files_have(tmp_path: Path) -> None:
    """A symbol of symbols.csv comes into sight when the file changes; nothing is read again
    meanwhile."""
    async with opened(tmp_path, trained_home(), size=(140, 30)) as (app, engine, pilot):
        await open_symbols(app, pilot)
        assert "13 symbols: 3 high, 3 medium, 7 low" in heading(app)
        settings = engine.home.settings.read_text().splitlines()
        where = f"stockml.toml {settings.index('[symbols.NVDA]') + 1}"
        assert where in screen_text(app)
        await pilot.press("ctrl+r")
        engine.home.symbols.write_text("symbol,company\nIBM,Int. Business\n")
        await pilot.press("ctrl+r")
        await until(pilot, lambda: "Int. Business" in screen_text(app), "the new symbol")

        assert "14 symbols" in heading(app)
        assert len(engine.asked("symbols")) == 2
        await pilot.press("G", "enter")
        await until(pilot, lambda: isinstance(app.screen, SymbolScreen), "its page")
        assert app.main.cursor == "IBM"


async def test_the_filter_looks_at_every_word(tmp_path: Path) -> None:
    """Symbol, company, sector, kind and priority; the title counts what is left."""
    async with opened(tmp_path, trained_home()) as (app, _, pilot):
        screen = await open_symbols(app, pilot)
        await pilot.press("slash", *"nuclear", "enter")
        await until(pilot, lambda: "1 of 13 symbols" in heading(app), "the filter")
        assert screen.current() == "SMR"
        await pilot.press("slash", *"x", "enter")
        await until(pilot, lambda: "no symbol has" in screen_text(app), "no row")


@pytest.mark.parametrize(
    ("key", "typed"),
    [("n", "symbols add "), ("i", "symbols import "), ("e", "symbols set NVDA priority ")],
)
async def test_a_change_is_its_command(tmp_path: Path, key: str, typed: str) -> None:
    """The command line, with the words that are known."""
    async with opened(tmp_path, trained_home()) as (app, _, pilot):
        await open_symbols(app, pilot)
        await pilot.press(key)
        await until(pilot, lambda: isinstance(app.screen, CommandScreen), "the command line")
        line = app.screen
        assert isinstance(line, CommandScreen)
        assert line.entry.text == typed


async def test_a_removal_asks_and_runs_the_command(tmp_path: Path) -> None:
    """The question says what becomes of the model; a yes runs `symbols remove` with --yes."""
    async with opened(tmp_path, trained_home(), size=(120, 30)) as (app, _, pilot):
        await open_symbols(app, pilot)
        await pilot.press("D")
        await asked(app, pilot)
        assert "which clean drops after 30 days" in screen_text(app)
        await pilot.press("y")
        await until(pilot, lambda: isinstance(app.screen, OutputScreen), "its output")
        assert "symbols remove NVDA --yes" in screen_text(app)
