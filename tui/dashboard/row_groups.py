"""Groups of rows with a heading each, and how many rows are in which state: pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby

from engine.core.records import SymbolState
from engine.core.snapshot import SymbolRow
from engine.words import figures
from engine.words.phrases import plural

MANY = 50
"""Rows above which the table counts its states, and begins with the problems."""
WORST_FIRST = (
    SymbolState.CORRUPT,
    SymbolState.FOREIGN,
    SymbolState.FAILED,
    SymbolState.LOST,
    SymbolState.REFUSED,
    SymbolState.STALE,
    SymbolState.AGING,
    SymbolState.NONE,
    SymbolState.CANCELLED,
    SymbolState.HELD,
    SymbolState.TRAIN,
    SymbolState.QUEUED,
    SymbolState.DONE,
    SymbolState.FRESH,
)
_RANKS = {state: rank for rank, state in enumerate(WORST_FIRST)}
GROUPS: dict[str, Callable[[SymbolRow], str]] = {
    "": lambda _: "",
    "priority": lambda row: f"{row.priority.rank} {row.priority}",
    "sector": lambda row: row.sector,
}
"""What `u` goes through: the text that the rows of one group share, in its order."""
Entry = SymbolRow | str
"""A row of the table, or the heading of a group."""


def problem_rank(row: SymbolRow) -> int:
    """The place of a row where the worst comes first."""
    return _RANKS[row.state]


def entries(rows: Sequence[SymbolRow], group: str) -> tuple[Entry, ...]:
    """The rows, which are in the order of their groups, under the heading of each."""
    if not group:
        return tuple(rows)
    return tuple(_headed(rows, group))


def _headed(rows: Iterable[SymbolRow], group: str) -> Iterator[Entry]:
    for text, members in groupby(rows, GROUPS[group]):
        grouped = tuple(members)
        name = text.partition(" ")[2] if group == "priority" else text or "no sector"
        yield f"{name}: {state_counts(grouped)}"
        yield from grouped


def state_counts(rows: Sequence[SymbolRow]) -> str:
    """`1,000 symbols, 2 CORRUPT, 40 STALE, 958 FRESH`, the worst first."""
    counts = Counter(row.state for row in rows)
    states = (f"{figures.count(counts[state])} {state}" for state in WORST_FIRST if counts[state])
    return ", ".join((plural(len(rows), "symbol"), *states))


def first_match(rows: Iterable[SymbolRow], text: str) -> str:
    """The symbol that begins with `text`, else one that holds it; empty where none does."""
    part = text.upper()
    names = [row.symbol for row in rows]
    beginning = next((name for name in names if name.startswith(part)), "")
    return beginning or next((name for name in names if part in name), "")
