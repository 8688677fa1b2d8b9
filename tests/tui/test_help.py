"""The help of a screen: what only this screen can do stands first, under a title that reads as words."""

from __future__ import annotations

from tui.actions import in_group
from tui.screens.help import help_lines
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
