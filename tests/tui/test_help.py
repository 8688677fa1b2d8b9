"""The help of a screen: what only this screen can do stands first, under a title that reads as words."""

from __future__ import annotations

from tui.actions import in_group
from tui.screens.help import entry, help_lines
from tui.widgets.lines import plain


def texts(group: str) -> list[str]:
    """The help of a group with all its keys live."""
    keys = {action.id: action.keys for action in in_group(group)}
    return [plain(found).strip() for found in help_lines(group, keys, False, 80)]


def test_own_keys_come_before_those_that_every_screen_has() -> None:
    """In the Schedule's help `T run the job` stands above the rows' keys and the numbers of the screens."""
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
    assert [plain(found) for found in entry("ctrl+r F5", "", "read again", 80)] == [" ctrl+r F5      read again"]
