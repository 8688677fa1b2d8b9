"""Tables in the console's styles."""

from __future__ import annotations

from collections.abc import Sequence

from engine.words.tables import GAP, TableColumn, lay_out, titles_of
from tui.widgets.lines import Line, Span


def table(
    columns: Sequence[TableColumn], rows: Sequence[Sequence[Span]], width: int
) -> tuple[Line, tuple[Line, ...]]:
    """The header and one line a row, within `width` cells."""
    layout = lay_out(columns, [[text for text, _ in row] for row in rows], width)

    def styled(row: Sequence[Span]) -> Line:
        texts = layout.cells([text for text, _ in row])
        spans: list[Span] = []
        for text, place in zip(texts, layout.places, strict=True):
            spans += [(GAP, "")] if spans else []
            spans.append((text, row[place][1]))
        return tuple(spans)

    header = [(title, "head") for title in titles_of(columns)]
    return styled(header), tuple(styled(row) for row in rows)
