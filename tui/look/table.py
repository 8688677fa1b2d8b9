"""Tables as text: column widths from the content, the least important columns left out on a
narrow terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tui.widgets.lines import Line, Span

# Cells in which a column that has no room for all of it still says something.
LEAST = 12


@dataclass(frozen=True, slots=True)
class Head:
    """One column; those with a lower `rank` stay longer.
    A column of words that does not fit is cut, with a mark."""

    title: str
    rank: int = 0
    right: bool = False
    most: int = 40
    meaning: str = ""


def meanings(heads: Sequence[Head]) -> tuple[tuple[str, str], ...]:
    """What each column shows, for the help."""
    return tuple((head.title, head.meaning) for head in heads)


def table(
    heads: Sequence[Head], rows: Sequence[Sequence[Span]], width: int
) -> tuple[Line, tuple[Line, ...]]:
    """The header and one line a row, within `width` cells."""
    sizes = [
        min(head.most, max(len(head.title), *(len(row[at][0]) for row in rows), 0))
        for at, head in enumerate(heads)
    ]
    kept: list[int] = []
    used = 0
    for at in sorted(range(len(heads)), key=lambda at: heads[at].rank):
        head, room = heads[at], width - used - 2
        least = min(sizes[at], max(len(head.title), 8)) if at == len(heads) - 1 else sizes[at]
        if kept and least > room:
            if not head.right and room >= max(
                len(head.title), LEAST
            ):  # words may be cut, figures never
                sizes[at] = room
                kept.append(at)
            break
        used += least + (2 if kept else 0)
        kept.append(at)
    kept.sort()
    titles = tuple((head.title, "head") for head in heads)
    return _row(heads, titles, kept, sizes), tuple(_row(heads, row, kept, sizes) for row in rows)


def _row(
    heads: Sequence[Head], row: Sequence[Span], kept: Sequence[int], sizes: Sequence[int]
) -> Line:
    spans: list[Span] = []
    for at in kept:
        text, style = row[at]
        last = at == kept[-1]
        cut = text if last or len(text) <= sizes[at] else f"{text[: sizes[at] - 1]}…"
        padded = cut.rjust(sizes[at]) if heads[at].right else cut if last else cut.ljust(sizes[at])
        spans += [("  ", "")] if spans else []
        spans.append((padded, style))
    return tuple(spans)
