"""The help of a screen: what only this screen can do stands first, under a title that reads as
words."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.helpers import opened, screen_text, until
from tests.tui.scenes import NOW, row, trained_home
from tui.dashboard.away_screen import AwayScreen
from tui.dashboard.help import help_sections
from tui.dialogs.help import entry, help_lines, in_columns
from tui.keys.table import in_group
from tui.logs.viewer import LogView
from tui.record.screen import AuditScreen
from tui.screens.live import LiveScreen
from tui.symbol.screen import SymbolScreen
from tui.symbol.text import SymbolPage, page
from tui.widgets.lines import line, plain


def texts(group: str) -> list[str]:
    """The help of a group with all its keys live."""
    keys = {action.id: action.keys for action in in_group(group)}
    sections = help_sections() if group == "main" else ()
    return [plain(found).strip() for found in help_lines(group, keys, False, 80, sections)]


def test_own_keys_come_before_those_that_every_screen_has() -> None:
    """In the Schedule's help `T run the job` stands above the rows' keys and the numbers of the
    screens."""
    shown = texts("schedule")
    own = next(at for at, text in enumerate(shown) if text.startswith("T "))
    shared = [at for at, text in enumerate(shown) if text.startswith(("? F1", "1 ", "j down"))]

    assert len(shared) == 3
    assert own < min(shared)


def test_a_search_leaves_what_has_every_word() -> None:
    """In keys, names and meanings; a section without a match goes with its title."""
    keys = {action.id: action.keys for action in in_group("main")}

    def found(words: str) -> list[str]:
        lines = help_lines("main", keys, False, 80, help_sections(), search=words)
        return [plain(spans).strip() for spans in lines]

    assert found("retrain marked")[0] == "Keys of the dashboard"
    assert "Columns" not in found("retrain marked")
    assert found("STALE")[0] == "State words"
    assert found("no such word") == ["nothing has these words"]


@given(st.integers(1, 4), st.lists(st.text("ab ", max_size=9), max_size=30))
def test_columns_hold_every_line_once(count: int, texts: list[str]) -> None:
    """Read column by column they are the lines in their order."""
    rows = in_columns([line(text) for text in texts], count, 10)
    columns = [[plain(row)[at * 10 : at * 10 + 10].rstrip() for row in rows] for at in range(count)]
    read = [text for column in columns for text in column]

    assert read[: len(texts)] == [text.rstrip() for text in texts]


async def test_the_help_is_searched_and_jumped_through(tmp_path: Path) -> None:
    """`/` finds, esc takes the search away first; `]` and `[` go from title to title."""
    async with opened(tmp_path / "home", trained_home()) as (app, _, pilot):
        await pilot.press("question_mark")
        await until(pilot, lambda: "Keys of the dashboard" in screen_text(app), "the help")
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: screen_text(app).splitlines()[1] == "Columns", "the section")
        await pilot.press("left_square_bracket")
        await until(
            pilot,
            lambda: screen_text(app).splitlines()[1] == "Keys of the dashboard",
            "the section before",
        )
        await pilot.press("slash", *"stale", "enter")
        await until(pilot, lambda: "/stale" in screen_text(app), "the search")
        assert "Keys of the dashboard" not in screen_text(app)
        await pilot.press("escape")
        await until(pilot, lambda: "Keys of the dashboard" in screen_text(app), "all of it")


def test_titles_read_as_words() -> None:
    """No `the one` and no `the a`."""
    assert [texts(group)[0] for group in ("main", "runs", "run", "view", "backup")] == [
        "Keys of the dashboard",
        "Keys of the runs",
        "Keys of one run",
        "Keys of a log file",
        "Keys of one backup",
    ]


def test_a_long_name_stands_on_its_own_line() -> None:
    """A name as wide as its column never runs into its meaning."""
    assert [plain(found) for found in entry("While you were away", "", "what ended", 80)] == [
        " While you were away",
        " " * 16 + "what ended",
    ]
    assert [plain(found) for found in entry("ctrl+r F5", "", "read again", 80)] == [
        " ctrl+r F5      read again"
    ]


@pytest.mark.parametrize(
    "screen", [SymbolScreen("NVDA"), LogView(Path("a.log")), AwayScreen(), AuditScreen()]
)
def test_the_help_says_what_one_sees(screen: LiveScreen) -> None:
    """Below the keys stand words about the page itself, on the screens without columns too."""
    assert all(entries for _, entries in screen.sections())
    assert screen.sections()


def test_the_symbol_s_help_names_every_section_of_its_page() -> None:
    """In the order of the page, under the page's own titles."""
    content = SymbolPage(row=row("NVDA"), max_age_days=7)
    drawn = [plain(text) for text in page(content, 80, 24, NOW, ascii_only=True)]
    titles = [name for name, _ in SymbolScreen("NVDA").sections()[0][1]]

    assert titles == [text for text in drawn if text in titles]


def test_a_pane_is_told_of_once() -> None:
    """The current row's pane stands in two places of the dashboard and once in its help."""
    assert sum(text.startswith("Summary ") for text in texts("main")) == 1
    assert sum(text.startswith("Current row") for text in texts("main")) == 1
