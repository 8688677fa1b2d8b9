"""The drawn cells of a row."""

from __future__ import annotations

from dataclasses import replace

import pytest

from engine.core.recent import parse_recent, recent_text
from tests.tui.scenes import NOW, empty_row, row
from tui.dashboard.columns import CellContext
from tui.dashboard.sparklines import AGE_CELLS, age_bar, error, error_style, trend
from tui.look.glyphs import ASCII, UNICODE

CONTEXT = CellContext(NOW, UNICODE, real_source=True)


def test_a_row_without_a_model_has_no_curve() -> None:
    """Blank where there is nothing to draw."""
    blank = empty_row("NVDA")

    assert trend(blank, CONTEXT).strip() == error(blank, CONTEXT).strip() == ""
    assert age_bar(blank, CONTEXT) == ""
    assert error_style(blank) == "dim"


@pytest.mark.parametrize(("worse", "mark", "style"), [(-1, "↓", "ok"), (1, "↑", "warn")])
def test_an_arrow_marks_what_is_beyond_noise(worse: int, mark: str, style: str) -> None:
    """Half the naive error is better, one and a half is worse; seen without colour too."""
    recent = parse_recent(row("NVDA").recent)
    record = [
        replace_forecast
        for session in recent.record
        for replace_forecast in [
            type(session)(
                session.day,
                session.last_close,
                session.actual + (session.last_close - session.actual) * (1 + worse * 0.5),
                session.low80,
                session.high80,
                session.actual,
            )
        ]
    ]
    symbol = replace(row("NVDA"), recent=recent_text(recent.closes, record))

    assert error(symbol, CONTEXT).endswith(mark)
    assert error_style(symbol) == style


@pytest.mark.parametrize(("days", "bar"), [(0.0, "....."), (3.5, "##..."), (7.0, "#####")])
def test_the_age_runs_to_its_limit(days: float, bar: str) -> None:
    """Full when the model is as old as it may be."""
    context = CellContext(NOW, ASCII, real_source=True, max_age_days=7.0)

    assert age_bar(row("NVDA", age_days=days), context) == bar
    assert len(bar) == AGE_CELLS
