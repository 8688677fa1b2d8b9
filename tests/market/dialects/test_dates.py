"""A column of dates: what a text leaves open is settled by the column, or refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market import calendar
from engine.market.dialects.dates import looks_like_a_day, read_days
from engine.market.dialects.fault import DialectError

DAYS = calendar.sessions_between(date(2024, 2, 20), date(2024, 4, 19))


def days_of(*texts: str) -> list[str]:
    return [str(day) for day in read_days(texts, range(2, len(texts) + 2)).days]


def unix(day: date, hour: int) -> int:
    return int(datetime(day.year, day.month, day.day, hour, tzinfo=UTC).timestamp())


FORMS: dict[str, Callable[[date], str]] = {
    "ISO": str,
    "slashes": lambda day: f"{day:%Y/%m/%d}",
    "points": lambda day: f"{day:%Y.%m.%d}",
    "compact": lambda day: f"{day:%Y%m%d}",
    "compact, a float": lambda day: f"{day:%Y%m%d}.0",
    "compact, day first": lambda day: f"{day:%d%m%Y}",
    "six digits": lambda day: f"{day:%y%m%d}",
    "month first": lambda day: f"{day.month}/{day.day}/{day.year}",
    "month first, short": lambda day: f"{day:%m/%d/%y}",
    "day first": lambda day: f"{day:%d/%m/%Y}",
    "day first, points": lambda day: f"{day.day}.{day.month}.{day:%y}",
    "year first, short": lambda day: f"{day:%y-%m-%d}",
    "words": lambda day: f"{day:%d-%b-%y}",
    "capitals": lambda day: f"{day:%d%b%Y}".upper(),
    "long words": lambda day: f"{day:%A}, {day:%B} {day.day}, {day.year}",
    "zone": lambda day: f"{day} 00:00:00-05:00",
    "UTC": lambda day: f"{day}T00:00:00Z",
    "open in UTC": lambda day: f"{day}T14:30:00.000+00:00",
    "close": lambda day: f"{day} 4:00 PM",
    "a named zone": lambda day: f"{day:%Y%m%d} 09:30:00 America/New_York",
    "milliseconds": lambda day: f"{unix(day, 5)}000",
    "midnights of UTC": lambda day: str(unix(day, 0)),
    "serial": lambda day: str((day - date(1899, 12, 30)).days),
    "serial with a time": lambda day: f"{(day - date(1899, 12, 30)).days}.6875",
    "serial from 1904": lambda day: str((day - date(1904, 1, 1)).days),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_column_in_any_form_is_read(form: str) -> None:
    """Both upwards and downwards."""
    for days in (DAYS, DAYS[::-1]):
        assert days_of(*map(FORMS[form], days)) == list(map(str, days))


@given(st.data())
def test_a_long_column_has_one_reading(data: st.DataObject) -> None:
    """Sixty sessions in a row, wherever they begin, read back in every form from 1974 to 2060."""
    start = data.draw(st.dates(date(1974, 1, 1), date(2060, 1, 1)))
    days = calendar.sessions_between(start, date.fromordinal(start.toordinal() + 90))
    form = data.draw(st.sampled_from(sorted(FORMS)))
    assert days_of(*map(FORMS[form], days)) == list(map(str, days))


@pytest.mark.parametrize(
    ("texts", "day"),
    [
        (("1/2/2024", "1/25/2024"), "2024-01-02"),
        (("1/2/2024", "25/1/2024"), "2024-02-01"),
        (("1/6/2025", "1/7/2025"), "2025-01-06"),  # 1 June 2025 is a Sunday
        (("5/3/2024", "4/3/2024", "1/3/2024", "29/2/2024"), "2024-03-05"),
        (("2/1/2024", "5/2/2024", "1/3/2024", "2/4/2024"), "2024-01-02"),  # else out of order
    ],
)
def test_the_column_settles_day_and_month(texts: tuple[str, ...], day: str) -> None:
    """By a day above 12, a day without a session, or the order of the rows."""
    assert days_of(*texts)[0] == day


@pytest.mark.parametrize(
    "texts", [("1/2/2024",), ("1/2/2024", "2/2/2024"), ("01.02.2024", "02.02.2024")]
)
def test_what_nothing_settles_is_refused_with_both_readings(texts: tuple[str, ...]) -> None:
    """The text, both days and the line are named."""
    with pytest.raises(DialectError, match=r"2024-01-02 \(month.*2024-02-01 \(day") as caught:
        days_of(*texts)
    assert caught.value.line == 2
    assert repr(texts[0]) in str(caught.value)


@pytest.mark.parametrize(
    "text",
    [
        *("", "yesterday", "2024-13-01", "2024-02-30", "2024022", "1.70844E+09", "Feb 2024"),
        *("Data of 28 Nov 2026 ff", "٢٠٢٤-٠٢-٢٠", "2024-W08-2", "9" * 20, "x" * 10_000),
    ],
)
def test_what_is_no_day_is_none(text: str) -> None:
    """Beside days that are."""
    assert days_of("2024-02-20", text, "2024-02-21") == ["2024-02-20", "None", "2024-02-21"]


def test_the_numbers_of_rows_are_no_days() -> None:
    """Nor are others too small for serial days, or between them and stamps."""
    for number in (1, 9_998, 100_000, 9_999_999):
        assert days_of(str(number), str(number + 1)) == ["None", "None"]


def test_a_broken_day_does_not_make_the_others_stamps() -> None:
    """One of seven digits among those of eight."""
    assert days_of("20240220", "2024022", "20240222") == ["2024-02-20", "None", "2024-02-22"]


def test_the_evening_of_another_zone_is_the_session_of_new_york() -> None:
    """02:30 in Sydney is the day before at the exchange; midnight there is a day of its own."""
    assert days_of("2024-02-21T01:30:00+11:00") == ["2024-02-20"]
    assert days_of("2024-02-21T00:00:00+11:00") == ["2024-02-21"]


@given(st.lists(st.text(max_size=30), max_size=6))
def test_any_texts_are_days_or_refused(texts: list[str]) -> None:
    """Nothing but DialectError ends the reading."""
    try:
        assert len(read_days(texts, range(len(texts))).days) == len(texts)
    except DialectError as error:
        assert "settles it" in str(error)


@given(st.from_regex(r"[0-9]{1,4}[-/. ][0-9A-Za-z]{1,4}[-/. ][0-9]{1,5}( [0-9:]{1,8}Z?)?"))
def test_texts_like_days_are_days_or_not(text: str) -> None:
    """Alone, a text that looks like a day is one or is left open."""
    try:
        read_days([text], [1])
    except DialectError as error:
        assert looks_like_a_day(text), error
