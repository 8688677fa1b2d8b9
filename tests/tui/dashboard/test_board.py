"""The board at each size: its panels, how much they say, and that nothing is said twice."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import combinations
from pathlib import Path

import pytest

from engine.core.snapshot import Snapshot
from tests.tui import showcase
from tests.tui.fake import FakeEngine
from tests.tui.helpers import screen_text, until
from tests.tui.scenes import clock
from tests.tui.screenshots import in_new_york
from tests.tui.showcase_home import furnish
from tui.app import StockmlApp
from tui.dashboard.board import SIZES, Panel, board_size
from tui.dashboard.panels import PANELS
from tui.dashboard.panes.log import LogPane
from tui.widgets.pane import Pane

LETTERS = re.compile(r"[A-Za-z0-9]")


@asynccontextmanager
async def furnished(
    folder: Path, size: tuple[int, int], scene: str = "trained", ascii_only: bool = False
) -> AsyncIterator[StockmlApp]:
    """The console over the home of the pictures, once its panels have a sample."""
    snapshot: Snapshot = getattr(showcase, scene)(folder)
    engine = FakeEngine(folder, snapshot)
    furnish(engine)
    with in_new_york():
        app = StockmlApp(engine, wall=clock(), ascii_only=ascii_only)
        async with app.run_test(size=size) as pilot:
            await until(pilot, lambda: app.main.pulse.schedule, "the first sample")
            await pilot.pause()
            yield app


def panels(app: StockmlApp) -> dict[str, Panel]:
    """The panels that are shown, by name."""
    return {
        str(panel.id).removeprefix("panel-"): panel
        for panel in app.main.query(Panel)
        if panel.display and app.main.query_one("#board").display
    }


@pytest.mark.parametrize("ascii_only", [False, True])
@pytest.mark.parametrize("scene", ["trained", "training"])
@pytest.mark.parametrize(
    ("size", "most"), [((80, 24), 0), ((120, 30), 0), ((80, 40), 4), ((120, 40), 4), ((200, 60), 6)]
)
async def test_each_size_has_its_panels(
    tmp_path: Path, size: tuple[int, int], most: int, scene: str, ascii_only: bool
) -> None:
    """The panels of the table of sizes are drawn, each with its title; the log keeps its share."""
    async with furnished(tmp_path / "home", size, scene, ascii_only) as app:
        board, shown = board_size(*size), panels(app)
        rows = board.rows(scene == "training") if board else ()
        assert list(shown) == [name for row in rows for name in row]
        assert len(shown) == most
        text = screen_text(app)
        assert all(str(panel.border_title) in text for panel in shown.values())
        assert all(panel.text.strip() for panel in shown.values())
        log = app.main.query_one(LogPane).size.height
        assert log <= (max(6, size[1] // 3) if scene == "training" else 6)
        assert not ascii_only or text.isascii()
        assert sum(name in text for name in showcase.FACTS) == len(showcase.FACTS)


def test_sizes_name_panels_that_there_are() -> None:
    """Every panel has a place in the table of sizes, every row as many as the others."""
    named = {
        name for size in SIZES for live in (True, False) for row in size.rows(live) for name in row
    }

    assert named == {place.name for place in PANELS}
    for size in SIZES:
        for live in (True, False):
            assert len({len(row) for row in size.rows(live)}) == 1


def said(app: StockmlApp) -> int:
    """Letters and digits outside the log."""
    log = app.main.query_one(LogPane)
    width, height = log.size
    logged = "\n".join(line[:width] for line in log.text.splitlines()[:height])
    return len(LETTERS.findall(screen_text(app))) - len(LETTERS.findall(logged))


async def test_a_large_terminal_says_three_times_as_much(tmp_path: Path) -> None:
    """Letters and digits outside the log at 200x60 and at 80x24."""
    async with furnished(tmp_path / "small", (80, 24)) as app:
        small = said(app)
    async with furnished(tmp_path / "large", (200, 60)) as app:
        large = said(app)

    assert large >= 3 * small
    assert small >= 760


def phrases(pane: Pane) -> set[tuple[str, ...]]:
    """Every three words that follow each other in a line, at least one of them no figure."""
    words = [line.split() for line in pane.text.splitlines()]
    triples = {tuple(line[at : at + 3]) for line in words for at in range(len(line) - 2)}
    return {triple for triple in triples if all(re.search("[a-z]{2}", word) for word in triple)}


@pytest.mark.parametrize("scene", ["trained", "training"])
@pytest.mark.parametrize("size", [(120, 40), (200, 60)])
async def test_nothing_is_said_twice(tmp_path: Path, size: tuple[int, int], scene: str) -> None:
    """No two panes of a screen share a phrase."""
    async with furnished(tmp_path / "home", size, scene) as app:
        panes = [
            pane
            for pane in app.main.query(Pane)
            if pane.display and pane.size.height and not isinstance(pane, LogPane)
        ]
        assert len(panes) > 4
        for first, second in combinations(panes, 2):
            if "board" not in (str(first.id), str(second.id)):
                shared = phrases(first) & phrases(second)
                assert not shared, (first.id, second.id, shared)
