"""Numbers as text, by the rules of the table in `engine.words`."""

from __future__ import annotations

import math

ABSENT = "-"
"""Shown in place of a missing figure."""


def is_absent(value: float | None) -> bool:
    """Whether there is no finite number to show."""
    return value is None or not math.isfinite(value)


def number(value: float | None, digits: int = 1, width: int = 0) -> str:
    """`value` with `digits` decimals, fewer where the text would be longer than `width`."""
    if value is None or not math.isfinite(value):
        return ABSENT
    for places in range(digits, -1, -1):
        text = f"{value:z.{places}f}"
        if not width or len(text) <= width:
            break
    return text


def signed(value: float | None, digits: int = 2, width: int = 0) -> str:
    """A change with its sign; one that rounds to zero has none."""
    text = number(value, digits, width - 1 if width else 0)
    if value is None or text == ABSENT:
        return ABSENT
    rises = value > 0 and text.strip("0.") != ""
    return f"+{text}" if rises else text


def percent(value: float | None, digits: int = 1) -> str:
    """`value`, already in percent, with its unit."""
    text = number(value, digits)
    return text if text == ABSENT else f"{text} %"


def chance(value: float | None) -> str:
    """A chance in percent without its unit, in at most four characters."""
    text = number(value, 1, 4)
    rounded_up = value is not None and value < 100 and text == "100"
    return ">99" if rounded_up else text


def interval(low: float | None, high: float | None, digits: int = 2) -> str:
    """Both ends of a range; nothing when one is absent."""
    if is_absent(low) or is_absent(high):
        return ABSENT
    return f"{number(low, digits)} to {number(high, digits)}"


def loss(value: float | None) -> str:
    """A loss in at most seven characters."""
    if value is None or not math.isfinite(value):
        return ABSENT
    if value != 0 and (abs(value) < 0.001 or abs(value) >= 10_000):
        return f"{value:.1e}"
    return number(value, 4, 6)


def count(number_of: int) -> str:
    """A whole number with its thousands apart."""
    return f"{number_of:,}"


def size(byte_count: float | None) -> str:
    """Bytes in decimal units."""
    if byte_count is None or not math.isfinite(byte_count):
        return ABSENT
    amount, unit = float(byte_count), "B"
    for larger in ("kB", "MB", "GB", "TB"):
        if abs(round(amount)) < 1000:
            break
        amount, unit = amount / 1000, larger
    digits = 0 if unit == "B" else _digits(amount)
    return f"{amount:.{digits}f} {unit}"


def measure(amount: float | None, unit: str) -> str:
    """An amount with its unit, one decimal below 10."""
    if amount is None or not math.isfinite(amount):
        return ABSENT
    return f"{amount:z.{_digits(amount)}f} {unit}"


def _digits(amount: float) -> int:
    """One decimal for what still reads below 10 with it."""
    return 1 if abs(amount) < 9.95 else 0
