"""Bars of a terminal's own characters."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from tui.look.glyphs import ASCII, progress_bar


@given(st.floats(allow_nan=True, allow_infinity=True), st.integers(0, 40))
def test_bar_keeps_its_width_and_is_full_only_at_the_end(fraction: float, width: int) -> None:
    """Whatever the fraction, the bar has its width, and it is full only when the work is done."""
    text = progress_bar(fraction, width, ASCII)

    assert len(text) == (width + 2 if width else 0)
    assert (text == f"[{'#' * width}]") == (
        bool(width) and math.isfinite(fraction) and fraction >= 1
    ) or not width
