"""A column of texts as days: what one text leaves open is settled by the whole column."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from engine.market import calendar
from engine.market.dialects.fault import DialectError
from engine.market.dialects.months import month_of
from engine.market.dialects.stamps import LONGEST, day_of_stamp, split_time

FIRST_YEAR = 1900
"""Bars before it are none: a year of 1024 is a slip."""
_HINT = "write the dates as 2024-01-31"
_YEAR_FIRST = re.compile(r"([0-9]{4})\s*([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{1,2})\.?")
_CJK = re.compile(r"([0-9]{4})\s*[年년]\s*([0-9]{1,2})\s*[月월]\s*([0-9]{1,2})\s*[日일]?")
_TRIPLE = re.compile(r"([0-9]{1,2})\s*([-/.])\s*([0-9]{1,2})\s*\2\s*([0-9]{4}|[0-9]{2})\.?")
_DIGITS = re.compile(r"-?[0-9]{1,19}(?:[.,][0-9]+)?")
_WORDS = re.compile(r"[0-9]+|[^\W\d_]+")
_ORDERS = ("month/day/year", "day/month/year", "year/month/day")
_EXCEL_1900 = date(1899, 12, 30)
_EXCEL_1904 = date(1904, 1, 1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SERIAL_FROM, _SERIAL_BELOW = 10_000, 100_000
"""Serial days from 1927 to 2173; smaller numbers count rows."""
_STAMP_FROM = 10**8
"""Seconds in March 1973: a column of stamps reaches beyond it."""
# A stamp of 1e11 seconds is in the year 5138: larger ones count in thousandths and so on.
_UNITS = ((1e11, 1, "seconds"), (1e14, 10**3, "milliseconds"), (1e17, 10**6, "microseconds"))
_COMPACT = (6, 8)
"""Digits of 240220 and 20240220."""
_CLEARLY = 10
"""A reading has a tenth of the other's days off the sessions: weekends alone are two of seven."""
_NO_NAMES = frozenset({"de", "of", "st", "nd", "rd", "th"})


@dataclass(frozen=True, slots=True)
class DayColumn:
    """The days of a column."""

    days: tuple[date | None, ...]
    """None where the text is no day."""
    form: str
    """How the days are written, in words."""


_Reading = Callable[[str], date | None]


def looks_like_a_day(text: str) -> bool:
    """Whether a text alone can be a day, for a file without a header."""
    day, _ = split_time(text)
    return (
        _evident(day) is not None or _TRIPLE.fullmatch(day) is not None or _compact(day) is not None
    )


def read_days(texts: Sequence[str], lines: Sequence[int]) -> DayColumn:
    """The days of a column; DialectError where two readings of it remain, with both.

    Each text is read by every form; the form that reads most of them is the column's. Between
    forms that read as many, days without a session, then days out of order, decide.
    """
    columns: dict[tuple[date | None, ...], DayColumn] = {}
    for form, reading in _readings(texts).items():
        days = tuple(reading(text) for text in texts)
        columns.setdefault(days, DayColumn(days, form))
    most = max(map(_count, columns.values()))
    best = [column for column in columns.values() if _count(column) == most]
    for rank in (_off_sessions, _out_of_order):
        if len(best) > 1:
            least = min(map(rank, best))
            best = [column for column in best if rank(column) <= _CLEARLY * least]
    if len(best) > 1:
        raise _ambiguous(best[0], best[1], texts, lines)
    return best[0]


def _count(column: DayColumn) -> int:
    return sum(day is not None for day in column.days)


def _off_sessions(column: DayColumn) -> int:
    """How many of the days the exchange does not trade on."""
    return sum(day is not None and not calendar.is_session(day) for day in column.days)


def _out_of_order(column: DayColumn) -> bool:
    """Whether the days run neither up nor down; two rows are always in order."""
    days = [day for day in column.days if day is not None]
    up = all(first <= second for first, second in pairwise(days))
    return not up and not all(first >= second for first, second in pairwise(days))


def _ambiguous(
    first: DayColumn, second: DayColumn, texts: Sequence[str], lines: Sequence[int]
) -> DialectError:
    row = next(
        place
        for place, (day, other) in enumerate(zip(first.days, second.days, strict=True))
        if day != other
    )
    return DialectError(
        f"{texts[row]!r} is {first.days[row]} ({first.form}) or {second.days[row]}"
        f" ({second.form}), and no row of the column settles it",
        lines[row],
        _HINT,
    )


def _readings(texts: Sequence[str]) -> dict[str, _Reading]:
    """By form the function that reads a text of this column."""
    readings = {order: _in_order(place) for place, order in enumerate(_ORDERS)}
    digits = [text for text in texts if _DIGITS.fullmatch(text)]
    if sum(len(_whole(text)) in _COMPACT for text in digits) * 2 < len(digits):
        readings.update(_numbered(digits))
    return readings


def _in_order(order: int) -> _Reading:
    """The reading of days by words or in one order of day, month and year."""

    def read(text: str) -> date | None:
        text, stamp = split_time(text)
        day = _evident(text) or _compact(text, order)
        if day is None and (match := _TRIPLE.fullmatch(text)):
            day = _ordered(match[1], match[3], match[4], order)
        return day_of_stamp(day, stamp) if day and stamp else day

    return read


def _ordered(first: str, second: str, third: str, order: int) -> date | None:
    year, month, day = (
        (third, first, second),
        (third, second, first),
        (first, second, third),
    )[order]
    return None if len(year) == 1 or len(day) > 2 else _day(_year(year), int(month), int(day))


def _day(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _year(text: str) -> int:
    """A year of two digits is one of 1969..2068, as POSIX has it."""
    year = int(text)
    if len(text) > 2:
        return year
    return year + (1900 if year > 68 else 2000)


def _evident(text: str) -> date | None:
    """The day of a text that can mean one day only."""
    if match := _YEAR_FIRST.fullmatch(text):
        return _day(int(match[1]), int(match[3]), int(match[4]))
    if match := _CJK.fullmatch(text):
        return _day(*map(int, match.groups()))
    return _by_words(text)


def _by_words(text: str) -> date | None:
    """The day of `25-Nov-26`, `Nov 25, 2026` or `Wednesday, 25 November 2026`."""
    words = _WORDS.findall(text[:LONGEST])
    numbers = [word for word in words if word[0].isdecimal() and word.isascii()]
    names = [word for word in words if word.isalpha() and word.lower() not in _NO_NAMES]
    month = next((month for word in reversed(names) if (month := month_of(word))), None)
    if month is None or len(numbers) != 2 or len(names) > 2:  # a name beside it is the weekday's
        return None
    first, second = numbers
    if len(first) == 4:
        return _day(int(first), month, int(second))
    return _day(_year(second), month, int(first)) if len(second) in (2, 4) else None


def _compact(text: str, order: int = 2) -> date | None:
    """The day of 20240220, of 240220, or of eight digits that begin with day or month."""
    text = re.sub(r"\.0+$", "", text[:LONGEST])
    if not (text.isascii() and text.isdecimal()):
        return None
    if len(text) == 8:
        day = _day(int(text[:4]), int(text[4:6]), int(text[6:]))
        if day and FIRST_YEAR <= day.year < 2100:
            return day
        return _ordered(text[:2], text[2:4], text[4:], order) if order < 2 else day
    return _ordered(text[:2], text[2:4], text[4:], order) if len(text) == 6 else None


def _numbered(digits: Sequence[str]) -> dict[str, _Reading]:
    """The readings of a column of numbers: serial days of Excel, or unix stamps."""
    values = [_number(text) for text in digits]
    largest = max(map(abs, values))
    if largest < _SERIAL_FROM or _SERIAL_BELOW <= largest < _STAMP_FROM:
        return {}
    if largest < _SERIAL_BELOW:
        return {
            "Excel's serial days": _serial(_EXCEL_1900),
            "Excel's serial days from 1904": _serial(_EXCEL_1904),
        }
    per_second, unit = next(
        ((scale, unit) for limit, scale, unit in _UNITS if largest < limit),
        (10**9, "nanoseconds"),
    )
    midnight = all(value % (86_400 * per_second) == 0 for value in values)

    def read(text: str) -> date | None:
        if not _DIGITS.fullmatch(text):
            return None
        try:
            moment = _EPOCH + timedelta(seconds=_number(text) // per_second)
        except OverflowError:
            return None
        return moment.date() if midnight else calendar.exchange_day(moment)

    return {f"unix {unit}": read}


def _number(text: str) -> int:
    return int(_whole(text))


def _whole(text: str) -> str:
    """The digits before a point or comma, as frames write days as floats: 20240220.0."""
    return re.split(r"[.,]", text)[0]


def _serial(start: date) -> _Reading:
    def read(text: str) -> date | None:
        if not _DIGITS.fullmatch(text):
            return None
        try:
            return start + timedelta(days=_number(text))
        except OverflowError:
            return None

    return read
