"""Days as people type them: a date, a weekday, a number of days or weeks from today."""

from __future__ import annotations

import re
from datetime import date, timedelta

from engine.core.errors import UsageError
from engine.core.text import clean

_WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_SPAN = re.compile(r"([0-9]{1,3})([dw])")


def parse_day(text: str, today: date) -> date:
    """The day of `text`: 2026-12-04, the next `fri` after today, `3d` or `2w` from today.

    Raises UsageError for anything else.
    """
    word = text.strip().lower()
    if (span := _SPAN.fullmatch(word)) is not None:
        return today + timedelta(days=int(span[1]) * (7 if span[2] == "w" else 1))
    names = [name for name in _WEEKDAYS if len(word) >= 3 and name.startswith(word)]
    if names:
        ahead = (_WEEKDAYS.index(names[0]) - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead)
    try:
        return date.fromisoformat(word)
    except ValueError as error:
        raise UsageError(
            f"not a day: {clean(text, 40)!r}", "write a date (2026-12-04), a weekday (fri) or 3d"
        ) from error
