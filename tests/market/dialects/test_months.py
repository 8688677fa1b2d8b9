"""The names of months in many languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.dialects.months import month_of


@pytest.mark.parametrize(
    ("name", "month"),
    [
        *(("Nov", 11), ("november", 11), ("NOV", 11), ("Sept", 9), ("März", 3), ("Mrz", None)),
        *(("Dez", 12), ("févr", 2), ("août", 8), ("juil", 7), ("juin", 6), ("jui", None)),
        *(("ene", 1), ("dic", 12), ("gen", 1), ("out", 10), ("okt", 10), ("maj", 5), ("mrt", 3)),
        *(("paź", 10), ("Şub", 2), ("ноя", 11), ("мая", 5), ("No", None), ("", None)),
        ("Novembre!", None),
    ],
)
def test_a_name_or_its_first_letters_mean_a_month(name: str, month: int | None) -> None:
    """Where they mean one only."""
    assert month_of(name) == month


@given(st.text(max_size=12))
def test_any_text_is_a_month_or_none(text: str) -> None:
    """Never another number."""
    assert month_of(text) in {None, *range(1, 13)}
