"""Figures drawn in one line."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.look.glyphs import ASCII, UNICODE
from tui.look.sparkline import gauge, sparkline


@given(
    st.lists(st.one_of(st.none(), st.floats(allow_nan=True, width=32)), max_size=60),
    st.integers(0, 30),
    st.booleans(),
)
def test_a_sparkline_has_its_width(
    values: list[float | None], width: int, ascii_only: bool
) -> None:
    """Whatever the values, the cells are as many as asked for."""
    text = sparkline(values, width, ascii_only=ascii_only)

    assert len(text) == width
    assert not ascii_only or text.isascii()


def test_a_rise_rises() -> None:
    """The smallest value is the lowest cell, the largest the highest, in ASCII too."""
    assert sparkline([1.0, 2.0, 3.0], 3, ascii_only=False) == "▁▅█"
    assert sparkline([1.0, 2.0, 3.0], 3, ascii_only=True) == "_=#"
    assert sparkline([1.0, 1.01], 2, ascii_only=False, least=(0.0, 2.0)) == "▅▅"


@given(st.floats(allow_nan=True), st.integers(0, 30), st.booleans())
def test_a_gauge_is_full_at_its_limit(share: float, width: int, ascii_only: bool) -> None:
    """It has its width, whatever the share."""
    glyphs = ASCII if ascii_only else UNICODE
    assert len(gauge(share, width, glyphs, ascii_only=ascii_only)) == width
    assert gauge(1.0, 4, ASCII, ascii_only=True) == "####"
    assert gauge(0.5, 4, ASCII, ascii_only=True) == "##.."
    assert gauge(0.55, 4, UNICODE, ascii_only=False) == "██▏ "
