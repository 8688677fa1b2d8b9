"""How fields are parted, and where the columns are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.dialects.fault import DialectError
from engine.market.dialects.table import DELIMITERS, layout_of, records

HEAD = "date,open,high,low,close,volume"
ROW = "2024-02-20,1,2,1,2,5"


@pytest.mark.parametrize("delimiter", DELIMITERS)
def test_the_delimiter_is_the_one_that_gives_columns(delimiter: str) -> None:
    """Whatever stands above the header."""
    text = f"A title, with; signs\n{HEAD}\n{ROW}\n".replace(",", delimiter)
    layout = layout_of(text, "MP")
    assert (layout.delimiter.strip(" "), layout.start) == (delimiter.strip(" "), 2)
    assert list(records(text, layout.delimiter))[2] == (3, ROW.split(","))


def test_a_declared_delimiter_is_the_only_one() -> None:
    """`sep=;` above fields parted by commas finds no columns."""
    assert layout_of(f"sep=,\r\n{HEAD}\n{ROW}\n", "MP").delimiter == ","
    with pytest.raises(DialectError, match="no column"):
        layout_of(f"sep=;\n{HEAD}\n{ROW}\n", "MP")


def test_a_text_that_excel_keeps_is_the_text() -> None:
    """`="20240220"` is 20240220."""
    assert list(records('="20240220",="48.14"\n', ",")) == [(1, ["20240220", "48.14"])]


def test_rows_without_a_header_have_the_order_of_metatrader() -> None:
    """Day, time, open, high, low, close, volume; a ticker may stand before the day."""
    assert layout_of("2024.02.20,00:00,1,2,1,2,5\n", "MP").places == {
        "date": 0,
        "open": 2,
        "high": 3,
        "low": 4,
        "close": 5,
        "volume": 6,
    }
    assert layout_of("MP,2024-02-20,1,2,1,2,5\n", "MP").places["ticker"] == 0


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column date"),
        ("Dear customer,\nyour export failed\n", "no column date"),
        ("date,open,high,low,close\n2024-02-20,1,2,1,2\n", "no column volume"),
        ("Date,Open,High,Low,Adj Close,Volume\n2024-02-20,1,2,1,2,5\n", "no column close"),
        ("date,open,high,low,close,CLOSE,volume\n", "more than one column close"),
        ("a,b,c,d,e,f\n2024-02-20,1,2,1,2,5\n", "no column open in the header 'a,b,c,d,e,f'"),
        ("45342,1,2,1,2,5\n", "no column date"),
        ("2024.02.20\t1\t2\t1\t2\t811\t47449\t2\n", "no column date"),  # which is the volume?
        ("Price,Close,High,Low,Open,Volume\nTicker,A,A,A,A,A\nDate,,,,,\n", "of A, not of MP"),
    ],
)
def test_a_text_without_the_six_columns_is_refused(text: str, words: str) -> None:
    """The first missing column is named, with the line that names most of them."""
    with pytest.raises(DialectError, match=words) as caught:
        layout_of(text, "MP")
    assert caught.value.hint


def test_columns_in_an_unknown_order_are_not_guessed() -> None:
    """A header with names that are not known is one, even above rows like MetaTrader's."""
    with pytest.raises(DialectError):
        layout_of("Tag2,E,H2,T2,S2,V2\n2024-02-20,1,2,1,2,5\n", "MP")


@given(st.text(max_size=200))
def test_any_text_has_a_layout_or_is_refused(text: str) -> None:
    """Nothing but DialectError."""
    try:
        assert layout_of(text, "MP").places
    except DialectError as error:
        assert error.hint
