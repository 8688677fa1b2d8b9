"""Thousands of rows: groups with headings, counts of states, problems first, a jump by typing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from engine.core.records import SymbolState
from engine.core.snapshot import Snapshot, SymbolRow
from engine.core.symbols import Priority
from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import trained_home
from tui.app import StockmlApp
from tui.dashboard import table_text
from tui.dashboard.panes import symbols as pane
from tui.dashboard.row_filter import RowFilter
from tui.dashboard.row_groups import (
    WORST_FIRST,
    entries,
    first_match,
    problem_rank,
    state_counts,
)
from tui.dashboard.row_verbs import FindScreen


def many(count: int = 3000) -> Snapshot:
    """A home of many symbols, all but three of them fresh."""
    home = trained_home()
    fresh = next(row for row in home.rows if row.state is SymbolState.FRESH)
    states = {7: SymbolState.STALE, 1500: SymbolState.CORRUPT, 2999: SymbolState.FAILED}
    rows = tuple(
        replace(
            fresh,
            symbol=f"A{number:04}",
            state=states.get(number, SymbolState.FRESH),
            sector=f"Sector {number % 3}",
            priority=tuple(Priority)[number % 3],
        )
        for number in range(count)
    )
    return replace(home, rows=rows)


def test_every_state_has_its_place_and_its_count() -> None:
    """The worst first."""
    assert sorted(WORST_FIRST) == sorted(SymbolState)
    assert state_counts(many().rows) == ("3,000 symbols, 1 CORRUPT, 1 FAILED, 1 STALE, 2,997 FRESH")


def test_problems_come_first() -> None:
    """The others keep their order."""
    rows = RowFilter(order="problems").of(many()).rows

    assert [row.symbol for row in rows[:4]] == ["A1500", "A2999", "A0007", "A0000"]
    assert [problem_rank(row) for row in rows] == sorted(problem_rank(row) for row in rows)


@pytest.mark.parametrize(
    ("group", "headings"),
    [
        ("priority", ["high", "medium", "low"]),
        ("sector", ["Sector 0", "Sector 1", "Sector 2"]),
        ("", []),
    ],
)
def test_groups_have_headings_with_their_counts(group: str, headings: list[str]) -> None:
    """Each row once, below the heading of its group, in the order within it."""
    rows = RowFilter(order="problems", group=group).of(many()).rows
    listed = entries(rows, group)

    heads = [entry for entry in listed if isinstance(entry, str)]
    assert [head.partition(":")[0] for head in heads] == headings
    assert all("1,000 symbols" in head for head in heads)
    assert tuple(entry for entry in listed if not isinstance(entry, str)) == rows


def test_the_first_match_begins_with_what_is_typed() -> None:
    """Else it holds it."""
    rows = trained_home().rows

    assert first_match(rows, "sm") == "SMCI"
    assert first_match(rows, "vd") == "NVDA"
    assert first_match(rows, "xx") == ""


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The rows that were built."""
    names: list[str] = []
    build = table_text.cells

    def counted(row: SymbolRow, *rest: Any) -> Any:
        names.append(row.symbol)
        return build(row, *rest)

    monkeypatch.setattr(pane, "cells", counted)
    return names  # type: ignore[return-value]


async def typed(app: StockmlApp, pilot: Pilot[Any], text: str) -> None:
    """A symbol typed into the line of `f`."""
    await pilot.press("f")
    await until(pilot, lambda: isinstance(app.screen, FindScreen), "the line")
    await pilot.press(*text)


async def test_thousands_of_rows_on_the_dashboard(tmp_path: Path, drawn: list[str]) -> None:
    """Problems first, counts above the titles, the cursor goes along with what is typed, and no
    row out of sight is built."""
    async with opened(tmp_path / "home", many(), (100, 30)) as (app, _, pilot):
        app.names = tuple(row.symbol for row in many().rows)
        app.main.arrange_panes()
        app.main.query_one(pane.SymbolsPane).redraw()
        await until(pilot, lambda: app.main.cursor == "A1500", "the worst row")
        assert "1 CORRUPT, 1 FAILED, 1 STALE" in screen_text(app)

        await typed(app, pilot, "a29")
        await until(pilot, lambda: app.main.cursor == "A2999", "the symbol")
        await pilot.press("enter", "u")
        await until(pilot, lambda: "low: 1,000 symbols, 1 FAILED" in screen_text(app), "the groups")
        assert "in priority groups 3000 of 3000" in screen_text(app)
        await pilot.press("G")
        await until(pilot, lambda: app.main.cursor == "A2996", "the last row")
        assert len(set(drawn)) < 200
