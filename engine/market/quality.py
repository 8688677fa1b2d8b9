"""Which bars can be believed: pure functions from rows to bars; what they raise is `doubts`.

an unfinished newest bar            dropped, with a warning
a row of a day to come              dropped, with a warning and a doubt
a row repeated word for word        dropped, with a warning
two captures of the newest session  the later one is used, with a warning
missing sessions                    named in a warning
anything else that cannot be true   NoDataError that names file and line
a true move of any size             kept
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from engine.core.doubts import Doubt
from engine.core.errors import NoDataError
from engine.market import calendar
from engine.market.bars import Bars
from engine.market.doubts import future_doubt
from engine.market.rows import COLUMNS, Rows

# Prices come through 32-bit floats (relative error 6e-8): less is rounding, not a broken bar.
ROUNDING = 1e-6
_NAMED = 5


def checked_bars(
    rows: Rows,
    moments: Iterable[datetime] = (),
    settle_minutes: int = 0,
    newest: date | None = None,
) -> Bars:
    """The bars of `rows`, oldest first; NoDataError on an impossible row, or when none is left.

    `newest`: the last session that is complete by the clock; later rows are dropped. A source
    that is its own clock has none, and gives `moments` instead: a last bar captured between its
    open and its close + `settle_minutes` is dropped.
    """
    if not len(rows):
        why = f": {rows.notes[0].removeprefix(f'{rows.origin}: ')}" if rows.notes else ""
        raise NoDataError(
            f"{rows.origin} has no bars of {rows.symbol}{why}",
            "name another source: --source csv:DIR",
        )
    rows, warnings = _one_row_a_session(rows)
    rows, early, doubts = _complete(rows, newest)
    _check_days(rows)
    rows, dropped = without_unfinished(rows, tuple(moments), settle_minutes)
    warnings = [*rows.notes, *warnings, *early, *dropped]
    if not len(rows):
        raise NoDataError(
            f"{rows.origin} has no finished bar of {rows.symbol}: {warnings[-1]}",
            "wait for the close",
        )
    _check_values(rows)
    return replace(_bars(rows, tuple(warnings)), doubts=doubts)


def with_missing_warning(bars: Bars, newest: date | None = None) -> Bars:
    """The bars with warnings that name the sessions left out, and those missing up to `newest`."""
    named = dict(bars.left_out)
    gone = missing_sessions(bars.dates.tolist(), newest)
    left_out = [(day, named[day]) for day in gone if day in named]
    missing = [day for day in gone if day not in named]
    return bars.with_warnings(
        *left_out_warning(bars.symbol, left_out),
        *([missing_warning(bars.symbol, missing)] if missing else []),
    )


def _bars(rows: Rows, warnings: tuple[str, ...]) -> Bars:
    dates = np.array(rows.days, dtype="datetime64[D]")
    columns: dict[str, Any] = {
        name: np.ascontiguousarray(rows.values[:, place]) for place, name in enumerate(COLUMNS)
    }
    return Bars(
        rows.symbol,
        rows.source,
        dates,
        **columns,
        splits=rows.splits,
        dividends=rows.dividends,
        fetched_at=rows.fetched_at,
        warnings=warnings,
    )


def _impossible(rows: Rows, row: int, reason: str) -> NoDataError:
    hint = f"correct the file, or set symbols.{rows.symbol}.min_date after {rows.days[row]}"
    return NoDataError(f"{rows.where(row)}: {reason}", hint)


def _one_row_a_session(rows: Rows) -> tuple[Rows, list[str]]:
    """The rows sorted by date, one a day; of two captures of the newest day the later one.

    Later = further down the file, or further up in a file that runs newest first.
    """
    places = range(len(rows))
    newest_first = rows.days[0] > rows.days[-1]
    order = sorted(reversed(places) if newest_first else places, key=rows.days.__getitem__)
    newest = rows.days[order[-1]]
    kept = [order[0]]
    warnings = []
    for place in order[1:]:
        before = kept[-1]
        if rows.days[place] != rows.days[before]:
            kept.append(place)
        elif np.array_equal(rows.values[place], rows.values[before], equal_nan=True):
            warnings.append(f"{rows.where(place)}: {rows.days[place]} stands twice; one is used")
        elif rows.days[place] == newest:
            warnings.append(
                f"{rows.where(before)}: an earlier capture of {newest} is replaced by"
                f" {rows.where(place)}"
            )
            kept[-1] = place
        else:
            reason = (
                f"{rows.days[place]} stands twice with different values (also {rows.where(before)})"
            )
            raise _impossible(rows, place, reason)
    return rows.take(kept), warnings


def _complete(rows: Rows, newest: date | None) -> tuple[Rows, list[str], tuple[Doubt, ...]]:
    """The rows up to the last complete session; each later one is named, one to come doubted."""
    if newest is None or rows.days[-1] <= newest:
        return rows, [], ()
    kept = [place for place, day in enumerate(rows.days) if day <= newest]
    later = range(len(kept), len(rows))
    reason = f"the last complete session is {newest}"
    under_way = calendar.next_session(newest)
    warnings = []
    for place in later:
        bar = "the unfinished bar"
        if rows.days[place] > under_way:
            bar = f"the bar of {rows.days[place]}"
        warnings.append(f"{rows.where(place)}: {bar} is dropped: {reason}")
    doubts = [
        future_doubt(rows.where(place).rpartition("/")[2], rows.days[place])
        for place in later
        if rows.days[place] > under_way
    ]
    return rows.take(kept), warnings, tuple(doubts[-_NAMED:])


def _check_days(rows: Rows) -> None:
    """NoDataError for the first row on a day without a session."""
    for place, day in enumerate(rows.days):
        if not calendar.is_session(day):
            raise _impossible(rows, place, f"{day} ({day:%A}) is not a session of the exchange")


def without_unfinished(
    rows: Rows, moments: Sequence[datetime], settle_minutes: int
) -> tuple[Rows, list[str]]:
    """The rows without a last bar that is not final: captured too early or incomplete."""
    if not len(rows):
        return rows, []
    last = len(rows) - 1
    reason = _unfinished(rows.days[last], moments, settle_minutes)
    reason = reason or _half_written(rows.values[last])
    if not reason:
        return rows, []
    warning = f"{rows.where(last)}: the unfinished bar of {rows.days[last]} is dropped: {reason}"
    return rows.take(list(range(last))), [warning]


def _unfinished(day: date, moments: Sequence[datetime], settle_minutes: int) -> str:
    final = calendar.session_close(day) + timedelta(minutes=settle_minutes)
    for moment in moments:
        if calendar.session_open(day) <= moment < final:
            return f"captured {moment:%Y-%m-%d %H:%M} UTC, final after {final:%H:%M} UTC"
    return ""


def _half_written(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> str:
    empty = [name for name, value in zip(COLUMNS, values, strict=True) if np.isnan(value)]
    if empty:
        return f"{' and '.join(empty)} missing"
    return "" if (values[:4] <= 0).any() else _disorder(*(float(value) for value in values[:4]))


def _disorder(open_: float, high: float, low: float, close: float) -> str:
    """Why four prices cannot be one session's, or nothing."""
    slack = ROUNDING * high
    for name, price in (("open", open_), ("close", close), ("high", high)):
        if low > price + slack:
            return f"low {low:.10g} above {name} {price:.10g}"
        if price > high + slack:
            return f"{name} {price:.10g} above high {high:.10g}"
    return ""


def _check_values(rows: Rows) -> None:
    """NoDataError for the first row with a missing, non-positive or disordered value."""
    prices, volume = rows.values[:, :4], rows.values[:, 4]
    slack = ROUNDING * prices[:, 1]
    inner = prices[:, [0, 3]]
    wrong = ~np.isfinite(rows.values).all(axis=1) | (prices <= 0).any(axis=1) | (volume < 0)
    wrong |= (prices[:, 2] > inner.min(axis=1) + slack) | (inner.max(axis=1) > prices[:, 1] + slack)
    for row in np.flatnonzero(wrong):
        raise _impossible(rows, int(row), row_fault([float(value) for value in rows.values[row]]))


def row_fault(values: list[float]) -> str:
    """Why a row's open, high, low, close and volume cannot be true, or nothing."""
    for name, value in zip(COLUMNS, values, strict=True):
        if not np.isfinite(value):
            return f"{name} is missing" if np.isnan(value) else f"{name} {value} is not finite"
        if value <= 0 and name != "volume":
            return f"{name} {value:g} is not a positive price"
        if value < 0:
            return f"volume {value:g} is negative"
    return _disorder(*values[:4])


def missing_sessions(days: Sequence[date], newest: date | None = None) -> tuple[date, ...]:
    """The sessions from the first of `days` to the last, or to `newest`, that are not in them."""
    start = max(days[0], calendar.covered_from())
    end = max(days[-1], newest or days[-1])
    present = set(days)
    return tuple(day for day in calendar.iter_sessions(start, end) if day not in present)


def left_out_warning(symbol: str, left_out: Sequence[tuple[date, str]]) -> tuple[str, ...]:
    """The sentence that names left-out rows with the reason, the newest few of many."""
    if not left_out:
        return ()
    count = f"{len(left_out)} session{'' if len(left_out) == 1 else 's'}"
    days = ", ".join(f"{day} ({reason})" for day, reason in left_out[-_NAMED:])
    more = f"; {len(left_out) - _NAMED} earlier ones too" if len(left_out) > _NAMED else ""
    return (f"{symbol}: {count} left out: {days}{more}",)


def missing_warning(symbol: str, missing: Sequence[date]) -> str:
    """The sentence that names missing sessions, the newest few of many."""
    count = f"{len(missing)} session{'' if len(missing) == 1 else 's'}"
    days = ", ".join(str(day) for day in missing[-_NAMED:])
    more = f"; {len(missing) - _NAMED} earlier ones too" if len(missing) > _NAMED else ""
    return f"{symbol}: {count} missing: {days}{more}"
