"""Charts are lines of an exact size."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.look.chart import Band, Chart, Curve, Whisker, chart_lines, date_axis
from tui.widgets.lines import plain

NUMBERS = st.lists(
    st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=32)), max_size=200
)


@given(
    st.lists(NUMBERS, min_size=1, max_size=3),
    st.integers(0, 120),
    st.integers(0, 20),
    st.booleans(),
)
def test_any_numbers_fit(
    series: list[list[float | None]], width: int, height: int, ascii_only: bool
) -> None:
    """Whatever is drawn has the asked size; too little data or room draws nothing."""
    chart = Chart(curves=tuple(Curve(values=values) for values in series), cursor=3)
    drawn = [plain(spans) for spans in chart_lines(chart, width, height, ascii_only=ascii_only)]

    assert drawn == [] or (len(drawn) == height and {len(text) for text in drawn} == {width})
    assert not ascii_only or all(text.isascii() for text in drawn)


def _drawn(chart: Chart, width: int = 40, height: int = 7) -> list[str]:
    return [plain(spans) for spans in chart_lines(chart, width, height, ascii_only=True)]


def test_a_falling_line_falls_to_its_tag() -> None:
    """The first value stands at the top left, the last at the bottom with its value behind it."""
    drawn = _drawn(Chart(curves=(Curve(values=[4.0, 3.0, 2.0, 1.0]),), digits=1), 18, 4)

    assert [text[10:15].rstrip() for text in drawn] == ["*", ".*", "..*", "...*"] or [
        text.index("*") for text in drawn
    ] == sorted(text.index("*") for text in drawn)
    assert drawn[0].startswith("     4.0 |")
    assert drawn[-1].endswith("1.0")


def test_the_next_range_stands_behind_the_last_value() -> None:
    """A whisker from low to high with its middle, and the ends in figures."""
    chart = Chart(
        curves=(Curve(values=[10.0, 12.0, 11.0]),),
        whisker=Whisker(low=8.0, middle=11.5, high=14.0),
        digits=1,
    )
    drawn = _drawn(chart)

    assert drawn[0].endswith("+ 14.0")
    assert drawn[-1].endswith("+  8.0")
    assert any(" o" in text for text in drawn)


def test_noise_does_not_fill_the_scale() -> None:
    """Values around 1 stay in the middle of a scale that covers at least 0.9 to 1.1."""
    chart = Chart(curves=(Curve(values=[0.999, 1.001, 1.0]),), least=(0.9, 1.1), digits=2)
    drawn = _drawn(chart)

    assert drawn[0].lstrip().startswith("1.10")
    assert drawn[-1].lstrip().startswith("0.90")
    assert sum("*" in text for text in drawn) == 1


def test_a_cursor_and_a_band_are_seen_without_colour() -> None:
    """The band is shaded, the cursor a vertical bar."""
    values = [float(number % 3) for number in range(12)]
    chart = Chart(
        curves=(Curve(values=values),),
        band=Band(low=[-2.0] * 12, high=[4.0] * 12),
        cursor=11,
    )
    drawn = _drawn(chart)

    assert all("|" in text[10:] or "*" in text for text in drawn)
    assert ":" in drawn[1]


@pytest.mark.parametrize("count", [2, 20, 60, 250])
def test_dates_stand_under_the_axis(count: int) -> None:
    """Few sessions have days, many the names of their months; January has its year."""
    days = [str(date(2025, 11, 3) + timedelta(days=at)) for at in range(count)]
    text = date_axis(days, 60)

    assert len(text) == 60
    assert (" 11-" in text) == (count <= 26)
    assert ("Dec" in text) == (count == 60)
    assert ("2026" in text) == (count >= 60)
