"""Days that the exchange is closed beyond the shipped table, as the settings name them.

One set a process: the calendar is asked in a hundred places, and every settings file that a process
reads is of the one home it works for.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

_extra: frozenset[date] = frozenset()


def use_closings(days: Iterable[date]) -> None:
    """From now on `days` are closed, and no others beyond the table."""
    global _extra
    _extra = frozenset(days)


def extra_closings() -> frozenset[date]:
    """The closed days that the table does not know."""
    return _extra
