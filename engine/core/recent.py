"""The newest sessions of a symbol as the console's charts have them, kept as one text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import lru_cache

from engine.core.symbol_details import Close, RecordedSession

SESSIONS = 60
"""Sessions of a dashboard's charts: three months."""
WINDOW = 20
"""Sessions of one point of the error against naive."""
LEAST = 5


@dataclass(frozen=True, slots=True)
class Recent:
    """The newest closes, and the forecasts that the live model made for them unseen."""

    closes: tuple[Close, ...] = ()
    record: tuple[RecordedSession, ...] = ()


def recent_text(closes: Sequence[Close], record: Iterable[RecordedSession]) -> str:
    """One line a session: day, close, and forecast with its 80 % interval where there is one.

    A text of 3 kB a symbol takes a tenth of the memory of the records, with thousands of symbols.
    """
    by_day = {session.day: session for session in record}
    lines = []
    for close in closes[-SESSIONS - 1 :]:
        session = by_day.get(close.day)
        made = (session.forecast, session.low80, session.high80) if session else ()
        lines.append(",".join((close.day, *(f"{number:.6g}" for number in (close.price, *made)))))
    return "\n".join(lines)


@lru_cache(maxsize=128)
def parse_recent(text: str) -> Recent:
    """The sessions in a text of `recent_text`; lines of another form are left out."""
    closes: list[Close] = []
    record: list[RecordedSession] = []
    for line in text.splitlines():
        day, _, rest = line.partition(",")
        with suppress(ValueError):
            price, *made = (float(field) for field in rest.split(","))
            if made and closes:
                forecast, low80, high80 = made
                before = closes[-1].price
                record.append(RecordedSession(day, before, forecast, low80, high80, price))
            closes.append(Close(day, price))
    return Recent(tuple(closes), tuple(record))


def rolling_mase(record: Sequence[RecordedSession]) -> tuple[float | None, ...]:
    """The model's mean error divided by the naive forecast's, per window; below 1 is better."""
    own = [abs(session.forecast / session.actual - 1) for session in record]
    naive = [abs(session.last_close / session.actual - 1) for session in record]
    ratios: list[float | None] = []
    for end in range(LEAST, len(record) + 1):
        start = max(0, end - WINDOW)
        below = sum(naive[start:end])
        ratios.append(sum(own[start:end]) / below if below else None)
    return tuple(ratios)
