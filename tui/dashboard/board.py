"""The board: panels in a grid below the table, chosen by a table of sizes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Grid
from textual.reactive import var

from tui.dashboard.panels import PANELS, PanelContext, PanelPlace
from tui.dashboard.pulse import Pulse
from tui.widgets.lines import Line, in_ascii
from tui.widgets.pane import Pane


@dataclass(frozen=True, slots=True, kw_only=True)
class BoardSize:
    """The panels that appear from a size of the terminal on, row by row."""

    width: int
    height: int
    idle: tuple[tuple[str, ...], ...]
    training: tuple[tuple[str, ...], ...]
    """While something trains."""
    shares: str
    """Of the height, a row of panels each."""

    def rows(self, live: bool) -> tuple[tuple[str, ...], ...]:
        """Its rows of panels."""
        return self.training if live else self.idle


SIZES = (
    BoardSize(
        width=180,
        height=50,
        idle=(("price", "error", "alerts"), ("host", "next", "earlier")),
        training=(("price", "error", "lanes"), ("host", "next", "alerts")),
        shares="3fr 2fr",
    ),
    BoardSize(
        width=76,
        height=40,
        idle=(("price", "error"), ("host", "next")),
        training=(("price", "lanes"), ("error", "host")),
        shares="4fr 3fr",
    ),
)
"""The first that fits is taken, the largest first."""


def board_size(width: int, height: int) -> BoardSize | None:
    """The board of a terminal; none below the smallest size."""
    return next((size for size in SIZES if width >= size.width and height >= size.height), None)


class Panel(Pane):
    """One panel in its border."""

    cursor: var[str] = var("")
    pulse: var[Pulse] = var(Pulse())
    BORDER_TITLE: ClassVar[str] = ""

    def __init__(self, place: PanelPlace) -> None:
        super().__init__(id=f"panel-{place.name}")
        self._place = place

    def lines(self) -> Iterable[Line]:
        if self.snapshot is None:
            return ()
        context = PanelContext(
            snapshot=self.snapshot,
            row=self.snapshot.row(self.cursor),
            pulse=self.pulse,
            width=self.size.width,
            height=self.size.height,
            now=self.snapshot.taken_at,
            glyphs=self.glyphs,
        )
        title = self._place.title(context)
        self.border_title = in_ascii(title) if self.shell.ascii_only else title
        return self._place.lines(context)

    def watch_cursor(self) -> None:
        self.redraw()

    def watch_pulse(self) -> None:
        self.redraw()


class Board(Grid):
    """The grid of panels; those without a place are hidden."""

    def __init__(self, panels: Sequence[Panel]) -> None:
        super().__init__(id="board")
        self._panels = panels
        self._shown: tuple[tuple[str, ...], ...] | None = None

    def compose(self) -> ComposeResult:
        order = self._order()
        yield from sorted(self._panels, key=lambda panel: order.get(panel.id or "", len(PANELS)))

    def _order(self) -> dict[str, int]:
        names = (name for row in self._shown or () for name in row)
        return {f"panel-{name}": place for place, name in enumerate(names)}

    def show(self, rows: tuple[tuple[str, ...], ...], shares: str) -> None:
        """Show these rows of panels, each with its share of the height."""
        if rows == self._shown:
            return
        self._shown = rows
        order = self._order()
        for panel in self._panels:
            panel.display = panel.id in order
        if not rows:
            return
        self.styles.grid_size_columns = len(rows[0])
        self.styles.grid_size_rows = len(rows)
        self.set_styles(f"grid-rows: {shares};")
        self.sort_children(key=lambda child: order.get(child.id or "", len(PANELS)))


def new_panels() -> tuple[Panel, ...]:
    """A panel for each place of the table."""
    return tuple(Panel(place) for place in PANELS)
