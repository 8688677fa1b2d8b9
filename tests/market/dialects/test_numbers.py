"""Numbers of a file: point or comma is settled by all of them, or refused."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.dialects.fault import DialectError
from engine.market.dialects.numbers import NumberForm, number_form

POINT, COMMA = NumberForm("."), NumberForm(",")


def form_of(price: str, volume: str, delimiter: str = ";") -> NumberForm:
    return number_form([price] * 4, [volume], delimiter, [7])


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("48.14", 48.14),
        (" $48.14 ", 48.14),
        ("US$ 48.14", 48.14),
        ("48.14 €", 48.14),
        ("-$5", -5),
        ("\u22125", -5),
        ("1,234.5", 1234.5),
        ("1 234.5", 1234.5),
        ("1\u202f234.5", 1234.5),
        ("1’234.50", 1234.5),
        ("4.744983E+06", 4744983),
        (".5", 0.5),
    ],
)
def test_numbers_with_a_point(text: str, number: float) -> None:
    """With currency, groups of thousands and powers of ten."""
    assert POINT.value(text) == number
    assert COMMA.value(text.translate(str.maketrans(".,", ",."))) == number


@pytest.mark.parametrize("text", ["", "null", "N/A", "#N/A N/A", "-", "—", " NaN ", "$"])
def test_empty_texts_are_no_number(text: str) -> None:
    """They are not zero."""
    assert math.isnan(POINT.value(text))


@pytest.mark.parametrize(
    "text",
    [
        *("1_000", "1__0", "15,47", "1,23,456", "1.2.3", "1$5", "0x10", "inf", "١", "1 2"),
        *("12,3456", "5\0", "1K", "5%", "(5)", "e5", "1e9999", "9" * 400),
    ],
)
def test_texts_that_are_no_numbers(text: str) -> None:
    """Underscores, wrong groups, other digits, suffixes of volumes: ValueError, never a guess."""
    with pytest.raises(ValueError, match="not a number"):
        POINT.value(text)


@pytest.mark.parametrize(
    ("text", "shares"),
    [
        *(("4.74M", 4_740_000), ("4.74 Mio.", 4_740_000), ("1.2B", 1.2e9), ("985K", 985_000)),
        *(("474万", 4_740_000), ("4744983", 4_744_983), ("4,744,983", 4_744_983)),
    ],
)
def test_volumes_have_suffixes(text: str, shares: float) -> None:
    """4.74M is 4,740,000 exactly."""
    assert POINT.volume(text) == shares


@pytest.mark.parametrize(
    ("price", "volume", "delimiter", "decimal"),
    [
        ("48.14", "4744983", ",", "."),
        ("48,14", "4744983", ";", ","),
        ("48,14", "4.744.983", ";", ","),
        ("48", "4,744,983", ",", "."),
        ("48,140", "4744983", ";", ","),
        ("48,140", "4.744.983", "\t", ","),
        ("48,140", "4,74M", ",", ","),
        ("48.140", "4744983", ";", "."),
        ("48.140", "744", ",", "."),
        ("48.140", "4,744,983", ";", "."),
        ("1.234,56", "5", ";", ","),
        ("0.503", "5", ";", "."),
    ],
)
def test_the_file_settles_the_form(price: str, volume: str, delimiter: str, decimal: str) -> None:
    """By other numbers, or because fields parted by commas have a decimal point."""
    assert form_of(price, volume, delimiter) == NumberForm(decimal)


@pytest.mark.parametrize(
    ("price", "volume", "delimiter"),
    [
        ("48,140", "744", ";"),
        ("48,140", "", ";"),
        ("48,140", "4,744,983", ";"),
        ("48,140", "4744983", ","),
        ("48.140", "744", ";"),
        ("48.140", "4.744.983", ";"),
    ],
)
def test_an_open_form_is_refused_with_both_readings(
    price: str, volume: str, delimiter: str
) -> None:
    """48,140 is 48.140 or 48140; the line is named."""
    with pytest.raises(DialectError, match=r"'48.140' is 48\.140 or 48140") as caught:
        form_of(price, volume, delimiter)
    assert caught.value.line == 7


@given(st.floats(-1e12, 1e12).map(lambda number: round(number, 2)))
def test_every_number_reads_back(number: float) -> None:
    """From its shortest text, with groups of thousands, and with a comma."""
    grouped = f"{number:,.2f}"
    assert POINT.value(repr(number)) == number
    assert POINT.value(grouped) == number
    assert COMMA.value(grouped.translate(str.maketrans(",.", ".,"))) == number


@given(st.text(max_size=80))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """No text makes a parser fail in another way than ValueError."""
    for form in (POINT, COMMA):
        for parse in (form.value, form.volume):
            try:
                assert isinstance(parse(text), float)
            except ValueError as error:
                assert str(error) == "not a number"
