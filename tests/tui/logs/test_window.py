"""The lines of a log file that are in sight."""

from __future__ import annotations

from pathlib import Path

import pytest

from tui.logs.file import LogFile
from tui.logs.window import LogWindow
from tui.widgets.lines import plain


@pytest.fixture
def file(tmp_path: Path) -> LogFile:
    """Ten lines, every third with a word."""
    path = tmp_path / "a.log"
    path.write_text(
        "".join(f"{number} {'odd' if number % 3 else 'third'}\n" for number in range(10))
    )
    log_file = LogFile(path)
    log_file.update()
    return log_file


def shown(window: LogWindow, height: int = 3) -> list[str]:
    """The page as text."""
    return [plain(row) for row in window.lines(40, height)]


def test_a_new_window_shows_the_end(file: LogFile) -> None:
    """It follows the file, and its top is the first line in sight."""
    window = LogWindow(file)

    assert shown(window) == ["7 odd", "8 odd", "9 third"]
    assert window.top == 7
    assert window.current_text == "9 third"


def test_a_movement_freezes_the_page(file: LogFile) -> None:
    """The page stays where it was moved to, and stops at both ends."""
    window = LogWindow(file)
    shown(window)
    window.move(-100)

    assert not window.follow
    assert shown(window) == ["0 third", "1 odd", "2 odd"]
    window.move(100)
    assert shown(window) == ["9 third"]


def test_a_filter_hides_the_other_lines(file: LogFile) -> None:
    """Only matching lines are shown and counted as steps; a word nobody wrote matches nothing."""
    window = LogWindow(file, "third")
    assert window.matches is not None
    file.search(window.matches)

    assert shown(window) == ["3 third", "6 third", "9 third"]
    window.move(-1)
    assert window.top == 0
    window.filter("nobody wrote this")
    assert window.nothing_matches
