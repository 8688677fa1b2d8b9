"""Cells that are drawn on."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.look.canvas import Canvas, Scale, stretched
from tui.widgets.lines import plain

NUMBERS = st.lists(
    st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=32)), max_size=60
)


@given(NUMBERS, st.integers(0, 80))
def test_stretching_gives_one_number_a_column(values: list[float | None], columns: int) -> None:
    """Fewer values than columns are interpolated, more are averaged; none gives none."""
    assert len(stretched(values, columns)) == (columns if values else 0)


def test_between_two_values_lies_a_line() -> None:
    """Five columns between 1 and 5 rise evenly instead of in two steps; a gap stays a gap."""
    assert stretched([1.0, 5.0], 5) == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert stretched([1.0, None], 4) == [1.0, 1.0, None, None]


def test_nothing_is_put_outside() -> None:
    """A text that is too long is cut at the edge."""
    canvas = Canvas(4, Scale(rows=2, low=0.0, high=1.0), ascii_only=True)
    canvas.write(0, 2, "long", "head")
    canvas.put(5, 0, "x", "")

    assert [plain(spans) for spans in canvas.lines()] == ["  lo", "    "]


def test_a_band_lies_under_a_curve() -> None:
    """The shade fills from low to high; the curve covers it in its own style."""
    canvas = Canvas(3, Scale(rows=3, low=0.0, high=2.0), ascii_only=True)
    canvas.fill([0.0] * 3, [2.0] * 3, 3)
    canvas.curve([1.0] * 3, 3, "live", "*")

    assert canvas.lines() == [((":::", "dim"),), (("***", "live"),), ((":::", "dim"),)]
