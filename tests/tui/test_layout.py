"""How the dashboard's lines are shared out."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.layout import heights


@given(st.integers(0, 80), st.integers(0, 30), st.integers(0, 6), st.integers(0, 8), st.integers(0, 3))
def test_every_line_is_given_once(height: int, rows: int, runs: int, jobs: int, notice: int) -> None:
    """The panes together take the terminal's height, and none is negative."""
    given_lines = heights(height, rows, runs, jobs, notice)

    assert sum(given_lines.values()) == height
    assert min(given_lines.values()) >= 0
    assert height < 2 or given_lines["footer"] == given_lines["title"] == 1


@given(st.integers(24, 80), st.integers(0, 4), st.integers(0, 8), st.integers(0, 3))
def test_all_rows_stand_at_24_lines(height: int, runs: int, jobs: int, notice: int) -> None:
    """From 24 lines on, the header and 13 rows are never cut, whatever runs and whatever is said."""
    found = heights(height, 13, runs, jobs, notice)

    assert found["symbols"] == 14
    assert found["notice"] == notice
    assert found["meters"] == 1


def test_24_lines_exactly() -> None:
    """The classic terminal: everything once, five lines of log."""
    assert heights(24, 13, 0, 0, 0) == {
        "title": 1,
        "meters": 1,
        "symbols": 14,
        "runs": 1,
        "detail": 1,
        "notice": 0,
        "log": 5,
        "footer": 1,
    }


def test_small_terminals_keep_the_rows() -> None:
    """At 15 lines eleven rows stand with their reasons, at 10 seven rows, at 1 the title alone."""
    assert heights(15, 13, 0, 0, 0)["symbols"] == 12
    assert heights(10, 13, 0, 0, 0)["symbols"] == 8
    assert heights(1, 13, 0, 0, 0) == {"title": 1} | dict.fromkeys(
        ("footer", "symbols", "notice", "detail", "meters", "runs", "log"), 0
    )
