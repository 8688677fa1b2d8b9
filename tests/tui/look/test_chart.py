"""Charts are pure text of an exact size."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tui.look.chart import chart

NUMBERS = st.lists(
    st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True, width=32)), max_size=300
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
    drawn = chart(series, width, height, ascii_only=ascii_only)

    assert drawn == () or (len(drawn) == height and all(len(text) == width for text in drawn))
    assert not ascii_only or all(text.isascii() for text in drawn)


def test_a_falling_line_falls() -> None:
    """The first value stands at the top left, the last at the bottom right, with the scale
    beside them."""
    drawn = chart([[4.0, 3.0, 2.0, 1.0]], 13, 4, ascii_only=True)

    assert [text[9:] for text in drawn] == ["*   ", " *  ", "  * ", "   *"]
    assert drawn[0].startswith("  4.0000")
    assert drawn[-1].startswith("  1.0000")
