"""The help of a screen: what only this screen can do stands first, under a title that reads as
words."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.tui.scenes import NOW, row
from tui.dashboard.away_screen import AwayScreen
from tui.dashboard.help import help_sections
from tui.dialogs.help import entry, help_lines
from tui.keys.table import in_group
from tui.logs.viewer import LogView
from tui.record.screen import AuditScreen
from tui.screens.live import LiveScreen
from tui.symbol.screen import SymbolScreen
from tui.symbol.text import SymbolPage, page
from tui.widgets.lines import plain


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
    assert (
        Counter(texts("main"))[
            "Summary        In a very small terminal: how many symbols stand how, the worst"
        ]
        == 1
    )
    assert sum(text.startswith("Current row") for text in texts("main")) == 1
