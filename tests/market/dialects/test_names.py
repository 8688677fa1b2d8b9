"""Header names in many spellings mean one column each."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.dialects.names import BARS, NAMES, column_of, columns_of, plain_name


def test_no_name_means_two_columns() -> None:
    """Each name stands once in the table."""
    counted = Counter(plain_name(name) for names in NAMES.values() for name in names)
    twice = {name for name, count in counted.items() if count > 1}

    assert {name for name in twice if len({column_of(name)} & set(NAMES)) != 1} == set()
    assert {
        name for name in twice if sum(name in map(plain_name, row) for row in NAMES.values()) > 1
    } == set()


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("<CLOSE>", "close"),
        ("Close*", "close"),
        ("Close/Last", "close"),
        ("PX_LAST", "close"),
        ("4. close", "close"),
        ("Schlusskurs (USD)", "close"),
        ("ERÖFFNUNG", "open"),
        ("Eroeffnung", "open"),
        ("Najwyższy", "high"),
        ("Vol.", "volume"),
        ("Stück", "volume"),
        ("Дата", "date"),
        ("Adj Close**", None),
        ("adjClose", None),
        ("Volume (000s)", None),
        ("", None),
    ],
)
def test_what_a_header_means(header: str, column: str | None) -> None:
    """Case, accents, punctuation, numbers before it and units do not matter; adjusted prices and
    volumes in thousands are no column of ours."""
    assert column_of(header) == column


def test_the_best_name_wins() -> None:
    """`Close` before `Last` and `Price`, `Stück` before `Volumen`; a name twice has both places."""
    assert columns_of(["Price", "Last", "Close"]) == {"close": [2]}
    assert columns_of(["Volumen", "Stück"]) == {"volume": [1]}
    assert columns_of(["Close", "close"]) == {"close": [0, 1]}


def test_an_index_without_a_name_is_the_date() -> None:
    """Only where no other column is."""
    assert columns_of(["", *BARS[1:]])["date"] == [0]
    assert columns_of(["", *BARS])["date"] == [1]


@given(st.text(max_size=40))
def test_any_header_is_a_column_or_none(header: str) -> None:
    """No text breaks the look-up."""
    assert column_of(header) is None or column_of(header) in NAMES
