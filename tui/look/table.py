"""Tables as text: widths from the content, the least important columns left out if need be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass

from tui.widgets.lines import Line, Span

# Cells in which a column that has no room for all of it still says something.
MIN_WIDTH = 12


@dataclass(frozen=True, slots=True)
class Head:
    """One column; columns with a lower `priority` stay longer."""

    title: str
    priority: int = 0
    _: KW_ONLY
    right: bool = False
    """It holds figures, which are never cut; words that do not fit are, with a mark."""
    max_width: int = 40
    meaning: str = ""


def meanings(heads: Sequence[Head]) -> tuple[tuple[str, str], ...]:
    """What each column shows, for the help."""
    return tuple((head.title, head.meaning) for head in heads)


def table(
    heads: Sequence[Head], rows: Sequence[Sequence[Span]], width: int
) -> tuple[Line, tuple[Line, ...]]:
    """The header and one line a row, within `width` cells."""
    widths = _fitted_widths(heads, rows, width)
    titles = tuple((head.title, "head") for head in heads)
    return _row(heads, titles, widths), tuple(_row(heads, row, widths) for row in rows)


def _fitted_widths(
    heads: Sequence[Head], rows: Sequence[Sequence[Span]], width: int
) -> dict[int, int]:
    """The width of each column that fits, by its index, from the left."""
    widths: dict[int, int] = {}
    used = 0
    for index in sorted(range(len(heads)), key=lambda index: heads[index].priority):
        head, room = heads[index], width - used - 2
        longest = max(len(head.title), *(len(row[index][0]) for row in rows), 0)
        ideal = min(head.max_width, longest)
        needed = ideal
        if index == len(heads) - 1:  # the last one may run out of the screen
            needed = min(ideal, max(len(head.title), 8))
        if widths and needed > room:
            if not head.right and room >= max(len(head.title), MIN_WIDTH):
                widths[index] = room
            break
        used += needed + (2 if widths else 0)
        widths[index] = ideal
    return dict(sorted(widths.items()))


def _row(heads: Sequence[Head], row: Sequence[Span], widths: dict[int, int]) -> Line:
    spans: list[Span] = []
    last = max(widths)
    for index, width in widths.items():
        text, style = row[index]
        if index != last and len(text) > width:
            text = f"{text[: width - 1]}…"
        if heads[index].right:
            text = text.rjust(width)
        elif index != last:
            text = text.ljust(width)
        spans += [("  ", "")] if spans else []
        spans.append((text, style))
    return tuple(spans)
