"""How stored bars and an answer become one series, and what changed in words: pure functions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date

import numpy as np
from numpy.typing import NDArray

from engine.market.bars import Bars, Floats, day
from engine.market.rebase import BIG, REBASED, Bases, Shared, bases, scaled, shared, with_own_splits
from engine.market.splits import ratio_words, split_jumps

REVISED = 1e-4
"""Relative: less is the rounding of 32-bit floats and of a division by a split's ratio."""
Events = tuple[tuple[date, float], ...]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedBars:
    """What becomes of the stored bars with an answer."""

    bars: Bars | None = None
    """None where the stored ones stay as they are."""
    notes: tuple[str, ...] = ()
    needs_whole: bool = False
    """Only an answer with the whole history can tell."""


def merge(held: Bars | None, answer: Bars, *, whole: bool, accept_rebase: bool) -> MergedBars:
    """The stored bars with an answer, which is the `whole` history or its newest part.

    A re-base that no split explains leaves the stored bars, unless the operator accepts it or the
    stored ones have more unadjusted splits than the answer.
    """
    fresh, notes = with_own_splits(answer)
    if held is None:
        return MergedBars(bars=fresh, notes=notes)
    both = shared(held, fresh)
    fits = len(both.days) and not (np.abs(both.ratios - 1.0) > REBASED).any()
    if not whole and not fits:
        return MergedBars(needs_whole=True)
    based = bases(held, fresh, both)
    factor = based.unexplained
    if factor is None:
        notes += _rebases(held, fresh, based)
    elif accept_rebase:
        notes += (f"{held.symbol}: re-based by {factor:.4g}, as accepted",)
    elif len(both.days) and _jumps(fresh) < _jumps(held.since(fresh.first_date)):
        based = Bases(factors=np.ones(len(held)))
    else:
        return MergedBars(notes=(_refusal(held, factor),))
    return _merged(scaled(held, based.factors), fresh, notes, accept_rebase)


def _merged(held: Bars, fresh: Bars, notes: tuple[str, ...], accept_rebase: bool) -> MergedBars:
    """Both series on one base in one, with the corrections told."""
    both = shared(held, fresh)
    joined = join(held, fresh)
    off = np.abs(np.log(both.ratios)) >= BIG
    if off.any() and not accept_rebase:
        cautious = join(held, _without(fresh, both.fresh[off]))
        if _jumps(cautious) < _jumps(joined):
            joined, notes = cautious, (*notes, _kept(held.symbol, both, off))
            both = _of(both, ~off)
    return MergedBars(bars=joined, notes=(*notes, *_corrections(held, fresh, both)))


def _jumps(bars: Bars) -> int:
    return len(split_jumps(bars))


def _without(bars: Bars, places: NDArray[np.intp]) -> Bars:
    return bars.where(~np.isin(np.arange(len(bars)), places))


def _of(both: Shared, rows: Flags) -> Shared:
    return Shared(
        days=both.days[rows],
        held=both.held[rows],
        fresh=both.fresh[rows],
        ratios=both.ratios[rows],
    )


def join(held: Bars, fresh: Bars) -> Bars:
    """Both series in one: fresh bars replace stored ones, which fill what the source lost."""
    kept = ~np.isin(held.dates, fresh.dates)
    dates = np.concatenate((held.dates[kept], fresh.dates))
    order = np.argsort(dates)

    def joined(old: Floats, new: Floats) -> Floats:
        return np.concatenate((old[kept], new))[order]

    return replace(
        fresh,
        dates=dates[order],
        open=joined(held.open, fresh.open),
        high=joined(held.high, fresh.high),
        low=joined(held.low, fresh.low),
        close=joined(held.close, fresh.close),
        volume=joined(held.volume, fresh.volume),
        splits=_events(held.splits, fresh.splits, fresh.first_date),
        dividends=_events(held.dividends, fresh.dividends, fresh.first_date),
        left_out=_left_out(held, fresh),
        warnings=(*held.warnings, *fresh.warnings),
    )


def _events(held: Events, fresh: Events, start: date) -> Events:
    return (*(event for event in held if event[0] < start), *fresh)


def _left_out(held: Bars, fresh: Bars) -> tuple[tuple[date, str], ...]:
    """The left-out rows of both, those of days that either has apart."""
    there = {*held.dates.tolist(), *fresh.dates.tolist()}
    older = (pair for pair in held.left_out if pair[0] < fresh.first_date)
    return tuple(pair for pair in (*older, *fresh.left_out) if pair[0] not in there)


def _refusal(held: Bars, factor: float) -> str:
    apart = f"are {factor:.4g} times the stored ones, and none of its splits explains it"
    if np.isnan(factor):
        apart = "share no session with the stored ones, so nothing proves that both are on one base"
    return (
        f"{held.symbol}: the source's bars {apart}: the stored ones stay (to take the source's:"
        f" stockml data fetch --accept-rebase {held.symbol})"
    )


def _rebases(held: Bars, fresh: Bars, based: Bases) -> tuple[str, ...]:
    """One line where the splits of the source re-base stored rows."""
    changed = int(np.count_nonzero(based.factors != 1.0))
    if not changed:
        return ()
    after = np.append(based.factors, 1.0)
    names = []
    for when, ratio in fresh.splits:
        row = int(np.searchsorted(held.dates, np.datetime64(when, "D")))
        if row and after[row - 1] != after[row]:
            names.append(f"{ratio_words(ratio)} of {when}")
    why = f" by its split {' and '.join(names)}" if names else ""
    return (f"{held.symbol}: the source re-based {changed} stored bars{why}: taken",)


def _kept(symbol: str, both: Shared, off: Flags) -> str:
    days = both.days[off]
    return (
        f"{symbol}: from {day(days[0])} to {day(days[-1])} the source gives"
        f" {float(np.median(both.ratios[off])):.4g} times what is stored and fits its neighbours:"
        " that stays"
    )


def _corrections(held: Bars, fresh: Bars, both: Shared) -> Iterator[str]:
    """What the source corrected in final bars."""
    sizes = np.exp(np.abs(np.log(both.ratios))) - 1.0
    count = int(np.count_nonzero(sizes > REVISED))
    if not count:
        return
    top = int(np.argmax(sizes))
    percent = 100.0 * float(sizes[top])
    closes = "close" if count == 1 else "closes"
    yield (
        f"{held.symbol}: {count} {closes} corrected by the source, largest"
        f" {percent:.{0 if percent >= 10 else 2}f} %: {day(both.days[top])} from"
        f" {held.close[both.held[top]]:.10g} to {fresh.close[both.fresh[top]]:.10g}"
    )
