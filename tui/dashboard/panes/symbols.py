"""The symbol table: one row a symbol, a cursor, marks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from textual import events
from textual.message import Message
from textual.reactive import var

from engine.core.records import SymbolState
from engine.core.snapshot import Snapshot
from engine.core.sources import is_simulated
from tui.dashboard.columns import CellContext
from tui.dashboard.row_filter import WELL, RowFilter
from tui.dashboard.row_groups import MANY, Entry, entries, state_counts
from tui.dashboard.table_text import cells, column_at, fit, header
from tui.frame.status_line import LEVEL_STYLES
from tui.keys.labels import key
from tui.look.glyphs import Glyphs
from tui.widgets.lines import Line, line, plain, wrapped_all
from tui.widgets.pane import Pane
from tui.widgets.picker import window_top

_LEAST_FOR_COUNTS = 6


def table_lines(
    snapshot: Snapshot,
    cursor: str,
    marks: frozenset[str],
    glyphs: Glyphs,
    *,
    max_age_days: float = 7.0,
    order: str,
    top: int,
    width: int,
    height: int,
    group: str = "",
) -> tuple[Line, ...]:
    """The header and the rows from `top`; the gutter shows cursor, marks and further rows.

    Only the rows in sight are built; the headings of groups are among them.
    """
    rows = entries(snapshot.rows, group)
    columns = fit(width, [row.symbol for row in snapshot.rows])
    real = not is_simulated(snapshot.source)
    context = CellContext(snapshot.taken_at, glyphs, real, snapshot.checked_at, max_age_days)
    visible = rows[top : top + height]
    up = glyphs.up if top else " "
    down = glyphs.down if top + height < len(rows) else " "
    lines: list[Line] = [((f"{up}{down}{header(columns, order, glyphs)}", "head"),)]
    for row in visible:
        if isinstance(row, str):
            lines.append(((f"  {row}", "head"),))
            continue
        gutter = f"{'>' if row.symbol == cursor else ' '}{'*' if row.symbol in marks else ' '}"
        body = cells(row, columns, width, context)
        if row.symbol == cursor:
            lines.append(((f"{gutter}{plain(body)}".ljust(width), "cursor"),))
        else:
            lines.append(((gutter, "mark" if row.symbol in marks else ""), *body))
    return tuple(lines)


class SymbolsPane(Pane):
    """The symbols at a glance; only the rows in sight are built."""

    TITLE = "Symbols"
    HELP = (
        "> is the current row, * a marked one. While a row trains, its progress covers the figures"
        " to its right."
    )

    class Clicked(Message):
        """The mouse pressed a row; twice, to open it."""

        def __init__(self, symbol: str, opens: bool) -> None:
            super().__init__()
            self.symbol, self.opens = symbol, opens

    class HeadClicked(Message):
        """The mouse pressed the title of a column."""

        def __init__(self, title: str) -> None:
            super().__init__()
            self.title = title

    cursor: var[str] = var("")
    marks: var[frozenset[str]] = var(frozenset)
    row_filter: var[RowFilter] = var(RowFilter())

    def __init__(self, id: str | None = None) -> None:  # noqa: A002 - Textual's own name
        super().__init__(id=id)
        self._top = 0

    @property
    def page(self) -> int:
        """How many rows are visible."""
        return max(1, self.size.height - self._head)

    def lines(self) -> Iterable[Line]:
        snapshot, height = self.snapshot, self.size.height - self._head
        if snapshot is None:
            if self.failure:
                return (
                    line("The home cannot be read:", "crit"),
                    *(line(f"  {text}") for text in self.failure.splitlines()),
                )
            return (line("reading the home, one moment", "dim"),)
        if not snapshot.rows and self.row_filter.problems and not self.row_filter.text:
            return no_problem_lines(snapshot, self.size.width)
        if not snapshot.rows:
            left_out = bool(self.shell.names)
            why = (
                f"no row matches; {key('back')} shows every row"
                if left_out
                else "no symbol is configured in stockml.toml"
            )
            return (line(why, "warn"),)
        rows = self._entries()
        place = index_of(rows, self.cursor)
        self._top = window_top(self._top, place, len(rows), height)
        if 0 < place == self._top and height > 1 and isinstance(rows[place - 1], str):
            self._top -= 1  # its heading comes into sight with it
        counts = (line(f"  {state_counts(snapshot.rows)}", "dim"),) if self._head > 1 else ()
        return *counts, *table_lines(
            snapshot,
            self.cursor,
            self.marks,
            self.glyphs,
            max_age_days=self.shell.engine.settings.current.thresholds.max_model_age_days,
            order=self.row_filter.order,
            top=self._top,
            width=self.size.width,
            height=height,
            group=self.row_filter.group,
        )

    @property
    def _head(self) -> int:
        """Lines above the rows: the titles, and the counts by state where there are many."""
        many = len(self.shell.names) > MANY and self.size.height > _LEAST_FOR_COUNTS
        return 1 + int(many)

    def _entries(self) -> tuple[Entry, ...]:
        return entries(self.snapshot.rows if self.snapshot else (), self.row_filter.group)

    def watch_cursor(self) -> None:
        self.redraw()

    def watch_marks(self) -> None:
        self.redraw()

    def watch_row_filter(self) -> None:
        self.redraw()

    def on_click(self, event: events.Click) -> None:
        if event.y == self._head - 1 and self.snapshot is not None:
            columns = fit(self.size.width, [row.symbol for row in self.snapshot.rows])
            self.post_message(self.HeadClicked(column_at(columns, event.x)))
            return
        rows, index = self._entries(), self._top + event.y - self._head
        row = rows[index] if event.y >= self._head and index < len(rows) else ""
        if not isinstance(row, str):
            self.post_message(self.Clicked(row.symbol, event.chain > 1))


def no_problem_lines(snapshot: Snapshot, width: int) -> tuple[Line, ...]:
    """What stands in place of the rows with a problem, when only the home has one."""
    counted = ", ".join(state.value for state in SymbolState if state not in WELL)
    head = line("no symbol has a problem", "ok")
    causes = tuple(
        line(f"{cause.level.value} {cause.text}", LEVEL_STYLES[cause.level])
        for cause in snapshot.causes
    )
    about = line(f"counted are {counted}; {key('problems')} shows every row", "dim")
    return wrapped_all((head, *causes, about), max(1, width), 2)


def index_of(rows: Sequence[Entry], symbol: str) -> int:
    """The index of the row of `symbol`; 0 if it has none."""
    named = (index for index, row in enumerate(rows) if getattr(row, "symbol", "") == symbol)
    return next(named, 0)
