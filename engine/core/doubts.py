"""Doubts about bars: the record that travels with every forecast made from them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from enum import StrEnum
from typing import Any

from engine.core.errors import RefusedError
from engine.core.text import clean


class DoubtKind(StrEnum):
    """What is doubted; the word that `data accept` takes."""

    JUMP = "unadjusted-jump"
    """A close that a split, another unit or a typo explains better than a trade."""
    FLAT_TAIL = "flat-tail"
    """The newest rows repeat one price: a feed that stands still."""
    FUTURE_DATE = "future-date"
    """A row of a day to come; it is left out."""
    WEEKLY = "weekly-spacing"
    """A row a week or a month where there should be one a session."""
    HOLE = "long-hole"
    """Two weeks of sessions or more missing in a row."""
    NO_VOLUME = "no-volume"
    """Prices move in the newest rows, and no share was traded."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """One reason not to believe a symbol's bars."""

    kind: DoubtKind
    date: str
    """ISO day that it begins with, the same however many rows follow."""
    text: str
    withholds: bool = False
    """Whether a forecast from these bars means nothing."""

    @property
    def key(self) -> str:
        """The words by which it is accepted: `long-hole 2024-12-04`."""
        return f"{self.kind} {self.date}"


def doubt_trees(doubts: Iterable[Doubt]) -> list[dict[str, Any]]:
    """Doubts as JSON trees."""
    return [{**asdict(doubt), "kind": str(doubt.kind)} for doubt in doubts]


def doubts_from(trees: Iterable[Mapping[str, Any]]) -> tuple[Doubt, ...]:
    """The doubts of JSON trees; ValueError, KeyError or TypeError where one is none."""
    return tuple(
        Doubt(
            DoubtKind(tree["kind"]),
            date.fromisoformat(tree["date"]).isoformat(),
            clean(str(tree["text"]), 300),
            bool(tree["withholds"]),
        )
        for tree in trees
    )


class WithheldError(RefusedError):
    """No forecast: its bars raise doubts that would make it meaningless."""

    def __init__(self, symbol: str, doubts: tuple[Doubt, ...]) -> None:
        self.reason = withheld_reason(doubts)
        self.doubts = doubts
        self.symbol = symbol
        keys = [doubt.key for doubt in doubts if doubt.withholds]
        super().__init__(
            f"{symbol}: withheld: {self.reason}",
            "correct the bars; or accept them for good, `stockml data accept"
            f" {symbol} {keys[0]} --reason R`, or once, --accept-doubts",
        )


def withheld_reason(doubts: Iterable[Doubt]) -> str:
    """Why there is no forecast from bars with these doubts; empty where there may be one."""
    return "; ".join(doubt.text for doubt in doubts if doubt.withholds)
