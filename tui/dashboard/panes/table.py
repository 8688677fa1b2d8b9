"""Every pane of the dashboard, once: the screen makes them, the help explains them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tui.dashboard.panes.away import AwayPane
from tui.dashboard.panes.detail import DetailPane
from tui.dashboard.panes.log import LogPane
from tui.dashboard.panes.meters import MetersPane
from tui.dashboard.panes.runs import RunsPane
from tui.dashboard.panes.summary import SummaryPane
from tui.dashboard.panes.symbols import SymbolsPane
from tui.widgets.notice import NoticePane
from tui.widgets.pane import Pane


@dataclass(frozen=True, slots=True)
class PanePlace:
    """A pane in its place on the dashboard."""

    name: str
    """Its id; `heights` of tui.dashboard.layout gives it its lines by that name."""
    pane: Callable[..., Pane]
    bound: tuple[str, ...] = ()
    """The dashboard values it is bound to besides snapshot and failure."""
    filtered: bool = False
    """Whether it gets only the filtered rows instead of the whole home."""


PANES = (
    PanePlace("meters", MetersPane),
    PanePlace("symbols", SymbolsPane, ("cursor", "marks", "row_filter"), filtered=True),
    PanePlace("runs", RunsPane),
    PanePlace("detail", DetailPane, ("cursor",), filtered=True),
    PanePlace("notice", NoticePane, ("notice",)),
    PanePlace("away", AwayPane, ("away",)),
    PanePlace("log", LogPane),
    PanePlace("summary", SummaryPane, ("cursor",), filtered=True),
    PanePlace("side", DetailPane, ("cursor",), filtered=True),
)
