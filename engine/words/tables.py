"""Tables of text: one layout for commands and console, as wide as the terminal allows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import KW_ONLY, dataclass
from textwrap import wrap

from engine.core.text import clean

GAP = "  "
LEAST = 12
"""The fewest characters that keep a cut column readable."""
_LAST_LEAST = 8
"""Characters that the last column needs: the terminal itself cuts the rest."""
ANY_WIDTH = 10_000
FOLD_ROOM = 24
"""A last column narrower than this is folded below its row instead of under its title."""


@dataclass(frozen=True, slots=True)
class TableColumn:
    """One column; the highest `priority` is dropped first, 0 never; only words are cut."""

    title: str
    priority: int = 0
    _: KW_ONLY
    right: bool = False
    max_width: int = 40
    meaning: str = ""


def columns(titles: Sequence[str], *, dropped_first: Sequence[str] = ()) -> tuple[TableColumn, ...]:
    """Columns by title, `>` aligns right; `dropped_first` are the first to go when narrow."""
    priorities = {title: rank for rank, title in enumerate(reversed(dropped_first), 1)}
    return tuple(
        TableColumn(
            title.removeprefix(">"),
            priorities.get(title.removeprefix(">"), 0),
            right=title.startswith(">"),
            max_width=ANY_WIDTH,
        )
        for title in titles
    )


def titles_of(shown: Sequence[TableColumn]) -> tuple[str, ...]:
    """The header of a table."""
    return tuple(column.title for column in shown)


def meanings(shown: Sequence[TableColumn]) -> tuple[tuple[str, str], ...]:
    """The meaning of each column, for the help."""
    return tuple((column.title, column.meaning) for column in shown)


@dataclass(frozen=True, slots=True, kw_only=True)
class TableLayout:
    """Which columns are shown, and how wide."""

    columns: tuple[TableColumn, ...]
    places: tuple[int, ...]
    """The cell index of each shown column."""
    widths: tuple[int, ...]

    def width(self, gap: str = GAP, *, least: bool = False) -> int:
        """Characters of a whole line, or at least of the columns that are never left out."""
        pairs = zip(self.columns, self.widths, strict=True)
        widths = [width for column, width in pairs if not (least and column.priority)]
        return sum(widths) + len(gap) * (len(widths) - 1)

    def cells(self, row: Sequence[str]) -> tuple[str, ...]:
        """The shown texts of a row, cut and padded; the last one as long as it is."""
        last = self.places[-1]
        return tuple(
            _fitted(row[place], column, width, is_last=place == last)
            for column, place, width in zip(self.columns, self.places, self.widths, strict=True)
        )


def _fitted(text: str, column: TableColumn, width: int, *, is_last: bool) -> str:
    if not is_last and len(text) > width:
        text = f"{text[: width - 1]}…"
    if column.right:
        return text.rjust(width)
    return text if is_last else text.ljust(width)


def lay_out(
    shown: Sequence[TableColumn],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    gap: str = GAP,
) -> TableLayout:
    """The most important columns that fit into `width` characters; all columns without it."""
    widths = [_content_width(column, [row[at] for row in rows]) for at, column in enumerate(shown)]
    places: list[int] = []
    used = 0
    for place in sorted(range(len(shown)), key=lambda place: shown[place].priority):
        column, needed = shown[place], widths[place]
        if width is not None and place == len(shown) - 1:
            needed = min(needed, max(len(column.title), _LAST_LEAST))
        room = needed if width is None else width - used - len(gap)
        if column.priority and places and needed > room:
            if not column.right and room >= max(len(column.title), LEAST):
                widths[place] = room
                places.append(place)
            break
        used += needed + (len(gap) if places else 0)
        places.append(place)
    places.sort()
    return TableLayout(
        columns=tuple(shown[place] for place in places),
        places=tuple(places),
        widths=tuple(widths[place] for place in places),
    )


def _content_width(column: TableColumn, texts: Sequence[str]) -> int:
    return min(column.max_width, max((len(column.title), *(len(text) for text in texts))))


def text_table(
    shown: Sequence[TableColumn],
    rows: Sequence[Sequence[str]],
    width: int | None = None,
    *,
    fold: bool = False,
    cut: bool = True,
) -> list[str]:
    """Header and rows as plain lines; spacing shrinks before a column is dropped.

    With `fold`, lines over `width` fold their last column; else they are cut, except that without
    `cut` the terminal wraps them if a column of priority 0 would be lost.
    """
    texts = [tuple(clean(cell) for cell in row) for row in rows]
    gap, layout = GAP, lay_out(shown, texts)
    if width is not None and not fold and layout.width() > width:
        gap = " "
        layout = lay_out(shown, texts, width, gap)
    harmless = cut or fold or (width is not None and layout.width(gap, least=True) <= width)
    limit = width if harmless else None
    lines = [_cut(gap.join(layout.cells(titles_of(shown))).rstrip(), limit)]
    for row in texts:
        *front, last = layout.cells(row)
        line = gap.join((*front, last)).rstrip()
        if fold and limit is not None and len(line) > limit:
            lines += _folded(gap.join((*front, "")), last, limit)
        else:
            lines.append(_cut(line, limit))
    return lines


def _cut(line: str, width: int | None) -> str:
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"


def _folded(before: str, text: str, width: int) -> list[str]:
    """The last cell of a row on as many lines as it needs, each under the first."""
    roomy = width - len(before) >= FOLD_ROOM
    indent = " " * (len(before) if roomy else min(4, width - 1))
    lines = wrap(
        text,
        width,
        initial_indent=before if roomy else indent,
        subsequent_indent=indent,
        break_on_hyphens=False,
    )
    return lines if roomy else [_cut(before.rstrip(), width), *lines]
