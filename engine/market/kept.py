"""Bars of a network source, kept in our own store.

what the store holds                    what is asked for
nothing, or too little                  the whole history
every session of the last year          nothing, until a session ends; once a week everything
bars that lack one                      as `refresh.resume_day` says, once a week everything
bars that the answer does not fit       the whole history again
the source does not answer              nothing; the stored bars serve, with a warning of their age
the source is on another base           nothing is taken; the stored bars serve, the factor is told
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime

from engine.core.errors import NoDataError
from engine.market import quality, refresh
from engine.market.bars import Bars
from engine.market.calendar import exchange_day
from engine.market.merge import MergedBars, merge
from engine.market.request import BarsRequest
from engine.market.store import BarStore

Ask = Callable[[BarsRequest, date], Bars]
"""The bars of a symbol since a day; SourceSilentError where there are none."""


class SourceSilentError(Exception):
    """The source has no usable answer: the stored bars stand in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredPart:
    """The stored bars, whether they reach back as far as needed, and what is wrong with them."""

    bars: Bars | None = None
    reaches_back: bool = False
    compared_at: datetime | None = None
    notes: tuple[str, ...] = ()


def fetch_kept(request: BarsRequest, ask: Ask) -> Bars:
    """The bars up to the last complete session, the newest fetched anew, all of them stored.

    NoDataError when the source gives none and none are stored.
    """
    store = BarStore(request.home)
    held = _stored_part(store, request)
    try:
        merged, compared_at = _refreshed(request, held, ask)
    except SourceSilentError as reason:
        return _stand_in(request, held, reason)
    notes = (*held.notes, *merged.notes)
    if merged.bars is None:
        return _finished(request, held.bars, notes)
    try:
        store.write(merged.bars, request.start, compared_at)
    except OSError as error:
        notes = (*notes, f"{request.symbol}: bars could not be kept: {error.strerror}")
    return _finished(request, merged.bars, notes)


def _stored_part(store: BarStore, request: BarsRequest) -> StoredPart:
    source, symbol = request.source.name, request.symbol
    try:
        bars = store.read(source, symbol)
        since = store.facts(source, symbol).since
        compared_at = store.compared_at(source, symbol)
    except NoDataError as error:
        note = f"{symbol}: the stored bars are damaged: {error.message}"
        return StoredPart(notes=(note,))
    reaches_back = since is not None and since <= request.start
    return StoredPart(bars=bars, reaches_back=reaches_back, compared_at=compared_at)


def _refreshed(
    request: BarsRequest, held: StoredPart, ask: Ask
) -> tuple[MergedBars, datetime | None]:
    """The stored bars with what was asked for, and when all of them were last compared."""
    now = request.clock.now()
    accept = request.accept_rebase
    is_due = refresh.is_compare_due(held.compared_at, now)
    if held.bars is not None and held.reaches_back and not is_due and not accept:
        today = exchange_day(now)
        if refresh.is_current(held.bars, request.newest, today):
            return MergedBars(), held.compared_at
        sessions = request.settings.market.refetch_sessions
        start = refresh.resume_day(held.bars, sessions, today)
        merged = merge(held.bars, ask(request, start), whole=False, accept_rebase=False)
        if not merged.needs_whole:
            return merged, held.compared_at
    answer = ask(request, request.start)
    return merge(held.bars, answer, whole=True, accept_rebase=accept), now


def _stand_in(request: BarsRequest, held: StoredPart, reason: Exception) -> Bars:
    """The stored bars with their age, or NoDataError: simulated ones never stand in."""
    bars = held.bars.since(request.start) if held.bars is not None else None
    if not bars:
        hint = (
            "try later, or name another source: --source csv:DIR; `stockml demo` shows a simulated"
            " market"
        )
        why = "; ".join((str(reason), *held.notes)) if held.notes else f"{reason}; none are stored"
        raise NoDataError(f"no bars of {request.symbol}: {why}", hint) from reason
    age = _age(request.clock.now(), bars.fetched_at)
    note = f"{request.symbol}: {reason}; bars stored {age} are used, up to {bars.last_date}"
    return _finished(request, bars, (note,))


def _finished(request: BarsRequest, bars: Bars | None, notes: tuple[str, ...]) -> Bars:
    """The bars in use with all warnings; NoDataError where all are before the `min_date`."""
    used = bars.since(request.start).until(request.newest) if bars else None
    if not bars or not used:
        ends = f"end on {bars.last_date}" if bars else "are none"
        raise NoDataError(
            f"the bars of {request.symbol} {ends}, and none is used before {request.start}",
            f"correct symbols.{request.symbol}.min_date",
        )
    used = quality.with_missing_warning(used, request.newest)
    return replace(used, warnings=(*notes, *used.warnings))


def _age(now: datetime, then: datetime | None) -> str:
    if then is None:
        return "at an unknown time"
    seconds = max(0.0, (now - then).total_seconds())
    for size, unit in ((86_400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return "a moment ago"
