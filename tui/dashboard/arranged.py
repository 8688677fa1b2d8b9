"""How the dashboard's panes share its terminal: what is shown, chosen and zoomed."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from textual import on
from textual.reactive import var

from engine.core.records import JobState
from engine.core.snapshot import Away, Snapshot
from tui.dashboard.board import Board, board_size
from tui.dashboard.layout import ZOOMABLE, heights, side_width, zoomed_pane
from tui.dashboard.panels import PANELS
from tui.dashboard.panes.away import ideal_height
from tui.dashboard.panes.detail import DetailPane
from tui.dashboard.panes.table import PANES
from tui.dashboard.pulse import Pulse, PulseFeed, PulseRead
from tui.dashboard.table_text import fit
from tui.frame.frame import is_framed
from tui.screens.base import ActingScreen
from tui.widgets.notice import notice_lines
from tui.widgets.pane import Pane
from tui.work.background import post
from tui.work.messages import Notice

PULSE_AFTER_S = 1.0
"""The first sample is behind the first paint."""


class ArrangedScreen(ActingScreen[None]):
    """A screen of panes that share the terminal's lines by `tui.dashboard.layout`."""

    snapshot: var[Snapshot | None] = var(None, init=False)
    notice: var[Notice | None] = var(None, init=False)
    away: var[Away | None] = var(None, init=False)
    """Events while the console was not open; None once the operator dismissed them."""
    pulse: var[Pulse] = var(Pulse(), init=False)
    chosen: var[str] = var(ZOOMABLE[0], init=False)
    """The pane that `z` zooms; in a terminal for one pane, the one that is shown."""
    zoomed: var[bool] = var(False, init=False)
    view: var[str] = var("", init=False)
    """The title's words for the two."""

    _pulse_feed: PulseFeed | None = None

    def arrange_panes(self) -> None:
        """Give each pane its lines; nothing once the console ends and takes its panes away."""
        if len(self.query(Pane)) < len(PANES) + len(PANELS):
            return
        width, height = self.app.size
        tabs = is_framed(width, height)
        live = self.snapshot.live_runs if self.snapshot else ()
        rows = len(self.snapshot.rows) if self.snapshot else len(self.shell.names)
        zoom = zoomed_pane(width, height, self.chosen, self.zoomed)
        side = 0 if zoom else side_width(width)
        size = None if zoom else board_size(width, height)
        panels = size.rows(bool(live)) if size else ()
        lines = heights(
            height,
            rows,
            len(live),
            sum(job.state is JobState.RUNNING for run in live for job in run.jobs),
            len(notice_lines(self.notice, width - side)),
            away=ideal_height(self.away),
            tabs=tabs,
            zoom=zoom,
            side=side > 0,
            board=len(panels),
        )
        self._give(lines.items())
        self.query_one(Board).show(panels if lines["board"] else (), size.shares if size else "")
        shown = [name for row in panels for name in row] if lines["board"] else []
        columns = [column.title for column in fit(width - side, self.shell.names)]
        for pane in self.query(DetailPane):
            pane.known = frozenset() if zoom else frozenset(("row", *shown, *columns))
        beside = self.query_one("#side")
        beside.display = side > 0
        beside.styles.width = side
        beside.styles.height = height - 2 - int(tabs)
        beside.styles.margin = (1 + int(tabs), 0, 0, 0)
        self.view = self._view_words(zoom)

    def _give(self, lines: Iterable[tuple[str, int]]) -> None:
        for name, count in lines:
            pane = self.query_one(f"#{name}")
            pane.display = count > 0
            pane.styles.height = count

    def _view_words(self, zoom: str) -> str:
        """The title's words for the chosen pane and the zoomed one."""
        if zoom not in ("", "summary"):
            return f"{zoom} only"
        return f"pane {self.chosen}" if self.chosen != ZOOMABLE[0] else ""

    def start_pulse(self) -> None:
        """Take samples of host and service from now on, until the screen is closed."""
        shell = self.shell
        self._pulse_feed = PulseFeed(
            shell.engine,
            lambda: self.snapshot,
            publish=partial(post, self),
            log=shell.note,
        )
        self.set_timer(PULSE_AFTER_S, self._pulse_feed.poller.start)

    def on_unmount(self) -> None:
        if self._pulse_feed is not None:
            self._pulse_feed.poller.stop()

    @on(PulseRead)
    def _pulse_read(self, message: PulseRead) -> None:
        self.pulse = message.pulse

    def do_zoom(self) -> None:
        self.zoomed = not self.zoomed
        self.arrange_panes()

    def _choose_pane(self, by: int) -> None:
        self.chosen = ZOOMABLE[(ZOOMABLE.index(self.chosen) + by) % len(ZOOMABLE)]
        self.arrange_panes()

    def do_next_pane(self) -> None:
        self._choose_pane(1)

    def do_pane_before(self) -> None:
        self._choose_pane(-1)
