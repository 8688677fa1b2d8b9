"""How the dashboard's lines are shared out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tui.scenes import NAMES
from tui.dashboard.columns import WIDE_NOTE
from tui.dashboard.layout import (
    SIDE_FROM,
    TABLE_BESIDE_SIDE,
    ZOOMABLE,
    heights,
    side_width,
    zoomed_pane,
)
from tui.dashboard.table_text import fit


@given(
    st.integers(0, 80), st.integers(0, 30), st.integers(0, 6), st.integers(0, 8), st.integers(0, 3)
)
def test_every_line_is_given_once(
    height: int, rows: int, runs: int, jobs: int, notice: int
) -> None:
    """The panes together take the terminal's height, and none is negative."""
    given_lines = heights(height, rows, runs, jobs, notice)

    assert sum(given_lines.values()) == height
    assert min(given_lines.values()) >= 0
    assert height < 2 or given_lines["footer"] == given_lines["frame"] == 1


@given(st.integers(24, 80), st.integers(0, 4), st.integers(0, 8), st.integers(0, 3))
def test_all_rows_stand_at_24_lines(height: int, runs: int, jobs: int, notice: int) -> None:
    """From 24 lines on, the header and 13 rows are never cut, whatever runs and whatever is
    said."""
    found = heights(height, 13, runs, jobs, notice)

    assert found["symbols"] == 14
    assert found["notice"] == notice
    assert found["meters"] == 1


def test_24_lines_exactly() -> None:
    """The classic terminal: everything once, five lines of log."""
    assert heights(24, 13, 0, 0, 0) == {
        "frame": 1,
        "meters": 1,
        "symbols": 14,
        "runs": 1,
        "detail": 1,
        "notice": 0,
        "log": 5,
        "footer": 1,
        "away": 0,
        "summary": 0,
        "board": 0,
    }


def test_the_tab_bar_takes_a_line_of_the_log() -> None:
    """With it the frame has two lines, and everything else but the log has as many as before."""
    framed = heights(24, 13, 0, 0, 0, tabs=True)

    assert framed == heights(24, 13, 0, 0, 0) | {"frame": 2, "log": 4}


def test_small_terminals_keep_the_rows() -> None:
    """At 15 lines eleven rows stand with their reasons, at 10 seven rows, at 1 the status alone."""
    assert heights(15, 13, 0, 0, 0)["symbols"] == 12
    assert heights(10, 13, 0, 0, 0)["symbols"] == 8
    assert heights(1, 13, 0, 0, 0) == {"frame": 1} | dict.fromkeys(
        (
            "footer",
            "symbols",
            "notice",
            "detail",
            "meters",
            "runs",
            "log",
            "away",
            "summary",
            "board",
        ),
        0,
    )


@given(st.integers(0, 80), st.integers(0, 30), st.integers(0, 3), st.integers(1, 4))
def test_what_happened_meanwhile_has_a_line_where_rows_have(
    height: int, rows: int, notice: int, away: int
) -> None:
    """It takes lines of the log, or one row, so that its key is named; everything still adds up."""
    found = heights(height, rows, 1, 0, notice, away=away)

    assert sum(found.values()) == height
    assert found["away"] <= away
    assert height < 8 or found["away"] >= 1
    assert height < 24 or rows > 13 or found["symbols"] == rows + 1


@given(st.integers(0, 80), st.integers(0, 3), st.sampled_from((*ZOOMABLE, "summary")))
def test_a_zoomed_pane_has_all_but_frame_and_notice(height: int, notice: int, zoom: str) -> None:
    """Nothing else stands beside it, and it keeps a line while a notice is shown."""
    found = heights(height, 13, 1, 2, notice, zoom=zoom)

    assert sum(found.values()) == height
    assert {name for name, lines in found.items() if lines} <= {"frame", "footer", "notice", zoom}
    assert height < 3 or found[zoom] >= 1


@pytest.mark.parametrize(
    ("width", "side"), [(80, 0), (120, 0), (159, 0), (160, 44), (200, 44), (210, 54), (400, 60)]
)
def test_the_side_leaves_the_table_its_columns(width: int, side: int) -> None:
    """From 160 columns on there is a side, beside the sparklines of the table."""
    assert side_width(width) == side
    assert not side or width - side >= 110
    assert SIDE_FROM == 160


@pytest.mark.parametrize(
    ("size", "chosen", "zoomed", "shown"),
    [
        ((80, 24), "symbols", False, ""),
        ((80, 24), "log", False, ""),
        ((80, 24), "log", True, "log"),
        ((60, 15), "log", False, ""),
        ((40, 10), "symbols", False, ""),
        ((40, 10), "log", False, "log"),
        ((30, 5), "symbols", False, "summary"),
        ((30, 5), "log", True, "log"),
        ((1, 1), "symbols", False, "summary"),
    ],
)
def test_which_pane_stands_alone(
    size: tuple[int, int], chosen: str, zoomed: bool, shown: str
) -> None:
    """`z` zooms anywhere; where one pane has room the chosen one is shown;
    the smallest terminal has a sentence."""
    assert zoomed_pane(*size, chosen, zoomed) == shown


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (80, ()),
        (110, ("TREND", "ERROR", "LIMIT")),
        (119, ("TREND", "ERROR", "LIMIT", "FORECAST")),
        (TABLE_BESIDE_SIDE, ("TREND", "ERROR", "LIMIT", "FORECAST", "TRAINED", "80% INTERVAL")),
        (TABLE_BESIDE_SIDE + 37, ("80% INTERVAL", WIDE_NOTE)),
    ],
)
def test_what_the_table_gains_with_its_width(width: int, shown: tuple[str, ...]) -> None:
    """From 110 columns on there are sparklines, then figures, then notes."""
    titles = [column.title for column in fit(width, NAMES)]

    assert set(shown) <= set(titles)
    assert ("TREND" in titles) == (width >= 110)
    assert {"RANGE", "REPORT", "RETRAIN"} <= set(titles)


@given(st.integers(24, 90), st.integers(1, 30), st.integers(0, 2), st.integers(0, 2))
def test_the_log_has_no_more_than_a_third(height: int, rows: int, runs: int, board: int) -> None:
    """Six lines in rest and a third in a run, where something else has use for the rest."""
    lines = heights(height, rows, runs, 2, 0, board=board)

    assert sum(lines.values()) == height
    assert lines["log"] <= (max(6, height // 3) if runs else 6)
    assert not lines["board"] or lines["board"] >= 5 * board
