"""Every screen at every size, in every theme, without colours and in ASCII: rendered and checked
as text."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from tests.tui.helpers import opened, until
from tests.tui.stops import SIZES, STOPS, Stop, furnish, furnished, go, problems
from tui.app import StockmlApp
from tui.keys.table import GROUPS
from tui.look.themes import PALETTES
from tui.screens.tabs import TABS

LOOKS = tuple((found.name, ascii_only) for found in PALETTES for ascii_only in (False, True))
COVERING = (("dark", False), ("no-colour", True))
"""The looks that the suite takes through every size; the others it takes through 80x24."""


def allowed(theme: str) -> str:
    """What colours a theme may send."""
    own = {found.name: "own" if found.ansi else "any" for found in PALETTES}
    return "none" if theme == "no-colour" else own[theme]


async def see(app: StockmlApp, pilot: Pilot[Any], stop: Stop, size: tuple[int, int]) -> None:
    """Have the stop drawn at a size; AssertionError with all that is wrong with it."""
    wrong: list[str] = []

    def right() -> bool:
        wrong[:] = problems(app, stop, size, colours=allowed(app.theme))
        return not wrong

    await pilot.resize_terminal(*size)
    try:
        await until(pilot, right, "")
    except AssertionError as error:
        raise AssertionError(
            f"{stop.name} at {size[0]}x{size[1]} in {app.theme}: {'; '.join(wrong)}\n{error}"
        ) from None


@pytest.mark.parametrize(("theme", "ascii_only"), COVERING, ids=str)
@pytest.mark.parametrize("half", [0, 1])
async def test_every_screen_at_every_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theme: str, ascii_only: bool, half: int
) -> None:
    """Title, state, way out and current row stand there, nothing is wider than the screen, and
    ASCII and NO_COLOR hold."""
    if theme == "no-colour":
        monkeypatch.setenv("NO_COLOR", "1")
    async with opened(tmp_path / "home", furnished(), theme=theme, ascii_only=ascii_only) as (
        app,
        engine,
        pilot,
    ):
        furnish(engine)
        for stop in STOPS[half::2]:
            await go(app, pilot, stop)
            for size in SIZES:
                await see(app, pilot, stop, size)


async def test_every_theme_on_screens(tmp_path: Path) -> None:
    """The dashboard wears every theme, each other screen one of them;
    those of sixteen colours send no other colour."""
    async with opened(tmp_path / "home", furnished()) as (app, engine, pilot):
        furnish(engine)
        for at, stop in enumerate(STOPS):
            await go(app, pilot, stop)
            for palette in PALETTES if not at else (PALETTES[at % len(PALETTES)],):
                app.theme = palette.name
                await see(app, pilot, stop, (80, 24))


@pytest.mark.soak
@pytest.mark.parametrize("no_color", [False, True], ids=["colour", "NO_COLOR"])
@pytest.mark.parametrize(("theme", "ascii_only"), LOOKS, ids=str)
async def test_the_whole_product(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, theme: str, ascii_only: bool, no_color: bool
) -> None:
    """Screens × sizes × themes × ASCII × NO_COLOR, which leaves no colour whatever the theme."""
    if no_color:
        monkeypatch.setenv("NO_COLOR", "1")
        theme = "no-colour"
    async with opened(tmp_path / "home", furnished(), theme=theme, ascii_only=ascii_only) as (
        app,
        engine,
        pilot,
    ):
        furnish(engine)
        for stop, size in product(STOPS, (*SIZES, (200, 50))):
            if size == SIZES[0]:
                await go(app, pilot, stop)
            await see(app, pilot, stop, size)


def test_the_table_of_stops_is_whole() -> None:
    """Every group of keys and every key of a screen has a stop: a new screen without a row here
    is noticed."""
    assert {stop.group for stop in STOPS} == set(GROUPS)
    assert {tab.key for tab in TABS[1:]} <= {stop.keys[0] for stop in STOPS if stop.keys}
