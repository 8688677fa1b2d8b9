"""Sessions after the shipped table: of exchange_calendars where it is installed, else by rule.

The rules are the exchange's own of 2022 on: New Year (not moved back into the old year), Martin
Luther King, Presidents', Good Friday, Memorial, Juneteenth, Independence, Labor, Thanksgiving,
Christmas. What they cannot know is an early or an unscheduled closing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import cache
from importlib.util import find_spec

_LAST_YEAR = 2100
"""Beyond it a day is a slip, and the library's own limits are near."""
_DAY = timedelta(days=1)
_MONDAY, _THURSDAY = 0, 3


@dataclass(frozen=True, slots=True)
class YearOfSessions:
    """The weekdays of a year without a session, and the early closes (New York time)."""

    closed: frozenset[date]
    early: dict[date, time]


def has_library() -> bool:
    """Whether exchange_calendars says what follows the table."""
    return find_spec("exchange_calendars") is not None


@cache
def year_of_sessions(year: int) -> YearOfSessions:
    """A year that the shipped table does not have."""
    if not has_library() or year > _LAST_YEAR:
        return YearOfSessions(frozenset(holidays(year)), {})
    from engine.market.make_sessions import compute

    tree = compute(f"{year}-01-01", f"{year}-12-31")
    return YearOfSessions(
        frozenset(date.fromisoformat(day) for day in tree["closed"]),
        {date.fromisoformat(day): time.fromisoformat(at) for day, at in tree["early"].items()},
    )


def holidays(year: int) -> Iterator[date]:
    """The weekdays of a year that the exchange is closed on by rule."""
    new_year = date(year, 1, 1)
    if new_year.weekday() != 5:  # a Saturday's is not kept on the last day of the old year
        yield _observed(new_year)
    yield _nth(year, 1, _MONDAY, 3)
    yield _nth(year, 2, _MONDAY, 3)
    yield _easter(year) - 2 * _DAY
    yield _nth(year, 6, _MONDAY, 1) - 7 * _DAY  # the last Monday of May
    yield _observed(date(year, 6, 19))
    yield _observed(date(year, 7, 4))
    yield _nth(year, 9, _MONDAY, 1)
    yield _nth(year, 11, _THURSDAY, 4)
    yield _observed(date(year, 12, 25))


def _observed(day: date) -> date:
    """The day itself; of a Saturday the Friday before, of a Sunday the Monday after."""
    return day + {5: -_DAY, 6: _DAY}.get(day.weekday(), timedelta())


def _nth(year: int, month: int, weekday: int, count: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (count - 1))


def _easter(year: int) -> date:
    """Easter Sunday, by the anonymous Gregorian computus (Meeus, Astronomical Algorithms)."""
    golden, century, rest = year % 19, year // 100, year % 100
    skipped = (century + 8) // 25
    epact = (19 * golden + century - century // 4 - (century - skipped + 1) // 3 + 15) % 30
    weekday = (32 + 2 * (century % 4) + 2 * (rest // 4) - epact - rest % 4) % 7
    late = (golden + 11 * epact + 22 * weekday) // 451
    month, day = divmod(epact + weekday - 7 * late + 114, 31)
    return date(year, month, day + 1)
