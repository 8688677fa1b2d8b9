"""Numbers as text."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.words import figures


@pytest.mark.parametrize("value", [None, math.nan, math.inf, -math.inf])
def test_missing_numbers_are_a_dash(value: float | None) -> None:
    """What is not a finite number shows as absent, in every form."""
    texts = [
        figures.number(value, 2),
        figures.signed(value),
        figures.percent(value),
        figures.chance(value),
        figures.interval(value, 1.0),
        figures.interval(1.0, value),
        figures.loss(value),
        figures.size(value),
        figures.measure(value, "s"),
    ]
    assert [figures.ABSENT] * 9 == texts


@pytest.mark.parametrize(
    ("value", "digits", "width", "text"),
    [
        (52.34, 1, 4, "52.3"),
        (100.0, 1, 4, "100"),
        (12345.678, 2, 8, "12345.68"),
        (1234567.8, 2, 8, "1234568"),
        (-0.5, 2, 0, "-0.50"),
        (-0.001, 2, 0, "0.00"),
        (2.146, 2, 0, "2.15"),
    ],
)
def test_a_number_gives_up_decimals_for_width(
    value: float, digits: int, width: int, text: str
) -> None:
    """Decimals go before the column overflows."""
    assert text == figures.number(value, digits, width)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (1.234, "+1.23"),
        (-1.234, "-1.23"),
        (0.0, "0.00"),
        (0.001, "0.00"),
        (-0.004, "0.00"),
        (123.456, "+123.5"),
    ],
)
def test_a_change_shows_the_sign_of_what_is_shown(value: float, text: str) -> None:
    """A change that rounds to zero has no sign."""
    assert text == figures.signed(value, 2, 6)


def test_a_percentage_has_its_unit_after_a_space() -> None:
    """One decimal unless another number of them is asked for."""
    assert ["52.3 %", "2.15 %", "80 %"] == [
        figures.percent(52.34),
        figures.percent(2.146, 2),
        figures.percent(80.0, 0),
    ]


def test_only_certainty_reads_100_percent() -> None:
    """A chance keeps its decimal in four characters, and nothing below 100 is rounded up to it."""
    assert ["99.8", ">99", "100", "7.0"] == [
        figures.chance(value) for value in (99.8, 99.97, 100.0, 7.04)
    ]


def test_an_interval_shows_both_ends_alike() -> None:
    """Both ends have the same decimals."""
    assert "95.00 to 107.25" == figures.interval(95, 107.25)


@given(st.floats(min_value=1e-90, max_value=1e90))
def test_a_loss_fits_its_column(value: float) -> None:
    """A loss takes seven characters at most."""
    assert len(figures.loss(value)) <= 7


@pytest.mark.parametrize(
    ("byte_count", "text"),
    [
        (12, "12 B"),
        (999, "999 B"),
        (1500, "1.5 kB"),
        (9_960, "10 kB"),
        (412_345, "412 kB"),
        (999_700, "1.0 MB"),
        (1_900_000, "1.9 MB"),
        (24_300_000, "24 MB"),
        (5e15, "5000 TB"),
    ],
)
def test_a_size_is_in_decimal_units(byte_count: float, text: str) -> None:
    """A unit is left for the next before its number has four digits."""
    assert text == figures.size(byte_count)


def test_thousands_stand_apart() -> None:
    """A count of lines is read at a glance."""
    assert "12,345" == figures.count(12_345)


def test_a_measure_keeps_one_decimal_below_ten() -> None:
    """An amount with its unit, as precise as it needs to be."""
    assert ["4.2 ms", "10 ms", "120 ms"] == [
        figures.measure(amount, "ms") for amount in (4.21, 9.96, 120.4)
    ]
