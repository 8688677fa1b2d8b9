"""The charts of a symbol's page."""

from __future__ import annotations

import pytest

from engine.core.symbol_details import Close, RecordedSession
from tests.tui.scenes import details, forecast
from tui.symbol.charts import against_naive_style, day_figures, error_lines, price_chart
from tui.widgets.lines import plain


def test_the_price_has_forecasts_band_dates_and_the_next_range() -> None:
    """Closes on top, what was forecast unseen below them, the next range behind."""
    model = details().model
    chart = price_chart(model.closes[-90:], model.record, forecast())

    assert [curve.style for curve in chart.curves] == ["head", "live"]
    assert chart.days[-1] == model.closes[-1].day
    assert chart.band is not None
    assert sum(low is not None for low in chart.band.low) == len(model.record)
    assert chart.whisker is not None
    assert chart.whisker.low < chart.whisker.middle < chart.whisker.high


@pytest.mark.parametrize(("high", "place"), [(102.0, "inside"), (100.5, "outside")])
def test_a_day_says_whether_it_closed_in_its_range(high: float, place: str) -> None:
    """Close, forecast and interval of the day, then the place."""
    session = RecordedSession("2026-05-29", 100.0, 100.2, 99.0, high, 101.0)
    text = plain(day_figures(Close("2026-05-29", 101.0), session))

    assert text == (f"2026-05-29  close 101.00  forecast 100.20  80 % 99.00 to {high:.2f}  {place}")
    assert "no unseen forecast" in plain(day_figures(Close("2026-05-28", 1.0), None))


@pytest.mark.parametrize(
    ("mase", "style"), [(0.95, "ok"), (0.99, "dim"), (1.01, "dim"), (1.05, "warn"), (None, "dim")]
)
def test_colour_is_for_more_than_noise(mase: float | None, style: str) -> None:
    """A difference of 0.01 is neither good nor bad."""
    assert against_naive_style(mase) == style


def test_the_error_stands_beside_its_verdict() -> None:
    """The newest window in figures, then the chart with the naive forecast at 1."""
    lines = [plain(spans) for spans in error_lines(details().model.record, 60, 9, ascii_only=True)]

    assert lines[0] == "MASE over 20 sessions 0.500 better than naive"
    assert len(lines) == 9
    assert any("---" in text for text in lines)
    assert plain(error_lines((), 60, 9, ascii_only=True)[0]) == "fewer than 5 unseen sessions"
