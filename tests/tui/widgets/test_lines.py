"""Lines: the gate between outside text and the terminal, and the cost of a change."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.geometry import Region

from tests.tui.helpers import opened
from tests.tui.scenes import trained_home
from tui.dashboard.panes.detail import DetailPane
from tui.dashboard.panes.log import LogPane
from tui.widgets.lines import Line, Lines, changed_cells, in_ascii, line, plain, wrapped


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[tuple[Any, tuple[Region, ...]]]]:
    """Every partial refresh that a Lines widget asked for."""
    calls: list[tuple[Any, tuple[Region, ...]]] = []
    original = Lines.refresh

    def refresh(self: Lines, *regions: Region, **more: Any) -> Any:
        calls.append((self, regions))
        return original(self, *regions, **more)

    monkeypatch.setattr(Lines, "refresh", refresh)
    yield calls


async def test_only_changed_lines_are_drawn(
    tmp_path: Path, drawn: list[tuple[Any, tuple[Region, ...]]]
) -> None:
    """One changed line asks for its own row, an unchanged one for nothing."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        log = app.main.query_one(LogPane)
        before = list(log.shown)
        drawn.clear()
        log.show([*before[:2], line("changed"), *before[3:]])
        log.show([*before[:2], line("changed"), *before[3:]])

        assert drawn == [(log, (Region(0, 2, 80, 1),))]


async def test_a_moved_cursor_draws_two_rows(
    tmp_path: Path, drawn: list[tuple[Any, tuple[Region, ...]]]
) -> None:
    """Moving the cursor draws the row it left, the row it entered, and the detail: no more."""
    async with opened(tmp_path / "home", trained_home()) as (_app, _, pilot):
        drawn.clear()
        await pilot.press("j")

        table = [regions for widget, regions in drawn if widget.id == "symbols"]
        assert table == [(Region(0, 1, 80, 1), Region(0, 2, 80, 1))]
        assert {widget.id for widget, _ in drawn} == {"symbols", "detail"}


async def test_nothing_unclean_is_shown(tmp_path: Path) -> None:
    """Whatever a pane is given, controls and escape sequences are gone before the terminal."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, _pilot):
        pane = app.main.query_one(DetailPane)
        pane.show([line("a\x1b[2Jb\x07\x9b31mc\x1b]52;c;eA==\x07d\u202ee")])

        assert pane.text == "abcde"


async def test_ascii_consoles_show_ascii(tmp_path: Path) -> None:
    """Where the locale is not UTF-8 no other character reaches the terminal."""
    async with opened(tmp_path / "home", trained_home(), ascii_only=True) as (app, _, _pilot):
        pane = app.main.query_one(DetailPane)
        pane.show([line("1–2 … Zürich 株")])

        assert pane.text == "1-2 ~ Z?rich ?"
        pane.show([line("MAPE 6 % ≥ 5 %, a ≤ b, error ÷ naive, 1 → 2")])
        assert pane.text == "MAPE 6 % >= 5 %, a <= b, error / naive, 1 -> 2"


SPANS = st.lists(
    st.tuples(st.text(alphabet="ab cd", max_size=30), st.sampled_from(["", "ok"])), max_size=5
)


@given(SPANS, st.integers(1, 60))
def test_wrapping_keeps_every_letter(spans: list[tuple[str, str]], width: int) -> None:
    """Wrapped lines fit, and together say the same."""
    found: Line = tuple(spans)
    pieces = wrapped(found, width)

    assert all(len(plain(piece)) <= width for piece in pieces)
    assert "".join(plain(piece) for piece in pieces).replace(" ", "") == plain(found).replace(
        " ", ""
    )


def test_a_range_keeps_its_width_in_ascii() -> None:
    """A column of the table stays as wide as it is."""
    assert in_ascii("± 4.1 %") == "+-4.1 %"
    assert in_ascii("181.2–196.5") == "181.2-196.5"


SPANS = st.lists(
    st.tuples(st.text("ab 日\u0301", max_size=6), st.sampled_from(("", "ok"))), max_size=4
)


@given(SPANS, SPANS)
def test_the_cells_outside_a_change_are_the_same(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    """What is not drawn again had the same characters and styles at the same places."""
    old, new = tuple(before), tuple(after)
    start, end = changed_cells(old, new, 80)

    assert _placed(old, 0, start) == _placed(new, 0, start)
    assert _placed(old, end, 80) == _placed(new, end, 80)


def _placed(spans: Line, start: int, end: int) -> list[tuple[int, str, str]]:
    """Each character that begins in these cells, with its place and style."""
    cells: list[tuple[int, str, str]] = []
    at = 0
    for text, style in spans:
        for char in text:
            if start <= at < end:
                cells.append((at, char, style))
            at += cell_len(char)
    return cells


def test_a_clock_that_ticks_changes_one_cell() -> None:
    """The head and the tail of a line of the same width stay."""
    before, after = (line("OK  12:00:01  SIMULATED"), line("OK  12:00:02  SIMULATED"))

    assert changed_cells(before, after, 80) == (11, 12)
