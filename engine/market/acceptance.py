"""Doubts that the operator accepts: written to `[market.accepted]` of stockml.toml."""

from __future__ import annotations

from datetime import date

from engine.core.doubts import Doubt, DoubtKind
from engine.core.errors import UsageError
from engine.core.paths import Home
from engine.core.text import clean
from engine.market.bars import Bars
from engine.settings.write import set_keys

MAX_REASON = 200


def accept(home: Home, bars: Bars, kind: str, day: date, reason: str) -> Doubt:
    """Close the doubt about `bars` of this kind and day; its reason may be given again.

    UsageError for an unknown kind, no such doubt or an empty reason.
    """
    reason = clean(" ".join(reason.split()), MAX_REASON)
    if not reason:
        raise UsageError("a doubt is accepted for a reason", '--reason "checked with the broker"')
    doubt = _doubt_of(bars, f"{kind_of(kind)} {day}")
    set_keys(home, {("market", "accepted", f"{bars.symbol} {doubt.key}"): reason})
    return doubt


def kind_of(text: str) -> DoubtKind:
    """The kind that a word means, a part of its name being enough; UsageError for none."""
    word = text.strip().lower().replace("_", "-").replace(" ", "-")
    kinds = [kind for kind in DoubtKind if word == kind]
    kinds = kinds or [kind for kind in DoubtKind if word and word in kind]
    if len(kinds) != 1:
        raise UsageError(
            f"unknown kind of doubt {clean(text, 40)!r}", f"use {', '.join(DoubtKind)}"
        )
    return kinds[0]


def _doubt_of(bars: Bars, key: str) -> Doubt:
    for doubt in (*bars.doubts, *bars.accepted):
        if doubt.key == key:
            return doubt
    known = ", ".join(doubt.key for doubt in bars.doubts)
    hint = f"open: {known}" if known else "`stockml data check` lists them"
    raise UsageError(f"no doubt {key} about the bars of {bars.symbol}", hint)
