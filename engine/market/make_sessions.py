"""Writes the table of sessions: `python -m engine.market.make_sessions [LAST_DAY]`."""

from __future__ import annotations

import json
import sys
from datetime import date
from typing import Any

from engine.core.files import write_atomic
from engine.market.calendar import TABLE

FIRST = "1990-01-02"
# The exchange announces about three years of holidays; the library's rules reach further.
LAST = "2028-12-29"


def compute(first: str, last: str) -> dict[str, Any]:
    """The table by exchange_calendars: closed weekdays, early closes in New York time."""
    import exchange_calendars
    import pandas

    xnys = exchange_calendars.get_calendar("XNYS", start=first, end=last)
    weekdays = pandas.bdate_range(first, last)
    closed = weekdays.difference(xnys.sessions)
    closes = xnys.closes.loc[xnys.early_closes].dt.tz_convert("America/New_York")
    return {
        "first": first,
        "last": last,
        "closed": [str(day.date()) for day in closed],
        "early": {str(day.date()): close.strftime("%H:%M") for day, close in closes.items()},
    }


def main(arguments: list[str]) -> None:
    """Write the table up to the day given, else up to the default one."""
    last = date.fromisoformat(arguments[0]).isoformat() if arguments else LAST
    text = json.dumps(compute(FIRST, last), indent=0)
    write_atomic(TABLE, (text + "\n").encode("ascii"))


if __name__ == "__main__":
    main(sys.argv[1:])
