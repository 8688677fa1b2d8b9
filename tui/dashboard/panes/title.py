"""The title line: host, clock, worst state, running work, source of bars and warning marks."""

from __future__ import annotations

from collections.abc import Iterable

from textual.reactive import var

from engine.core.records import Level
from engine.core.snapshot import Snapshot
from engine.core.sources import is_simulated
from engine.words.phrases import plural
from engine.words.sources import SIMULATED, short_source
from tui.alerts.text import firing_words
from tui.keys import labels as keys
from tui.screens.tabs import TABS
from tui.service.marks import title_rank, title_span
from tui.widgets.lines import Line, Span
from tui.widgets.pane import Pane

LEVEL_STYLES = {Level.OK: "ok", Level.WARN: "warn", Level.CRIT: "crit"}


def title_line(
    snapshot: Snapshot | None,
    clock: str,
    marks: tuple[str, ...],
    *,
    width: int,
    failure: str = "",
    lag: str = "",
    service: str = "",
) -> Line:
    """Fields that fit into `width` cells; the least important go first, the marks never."""
    fields: list[tuple[int, Span]] = [(3, ("stockml", "head"))]
    if snapshot is None:
        fields.append((0, ("CANNOT READ", "crit") if failure else ("reading", "dim")))
    else:
        fields.append((5, (snapshot.host, "")))
    fields.append((4, (clock, "")))
    if snapshot is not None:
        fields += _snapshot_fields(snapshot, service)
    if lag:
        fields.append((0, (lag, "crit")))
    if snapshot is not None and snapshot.simulated:
        fields.append((0, (SIMULATED, "mark")))
    fields += [(0, (mark, "mark")) for mark in marks]
    while len(fields) > 1 and sum(len(span[0]) + 2 for _, span in fields) - 2 > width:
        fields.remove(max(fields, key=lambda field: field[0]))
    spans: list[Span] = []
    for _, span in fields:
        spans += [("  ", ""), span] if spans else [span]
    return tuple(spans)


def _snapshot_fields(snapshot: Snapshot, service: str) -> list[tuple[int, Span]]:
    """What the newest look found, with the rank by which each part goes."""
    fields: list[tuple[int, Span]] = []
    running = len(snapshot.live_runs)
    fields.append((1, (snapshot.worst.value, LEVEL_STYLES[snapshot.worst])))
    fields.append((2, (f"{running} RUN" if running else "idle", "live" if running else "dim")))
    if not is_simulated(snapshot.source):
        fields.append((6, (short_source(snapshot.source), "")))
    if behind := snapshot.bars_behind:
        fields.append((2, (f"bars {plural(behind, 'session')} behind", "warn")))
    if rings := firing_words(snapshot):
        fields.append((1, rings))
    if service:
        fields.append((title_rank(service), title_span(service)))
    if screens := screens_words():
        fields.append((7, (screens, "dim")))
    return fields


def screens_words() -> str:
    """The keys of the screens in one word; nothing when they are no longer a row of digits."""
    numbered = [tab for tab in TABS if tab.key.isdigit()]
    digits = [tab.key for tab in numbered]
    in_force = [keys.key(f"main_to_{tab.name}") for tab in numbered]
    return f"{digits[0]}-{digits[-1]} screens" if digits == in_force else ""


class TitlePane(Pane):
    """Who and where, now, and how bad it is."""

    TITLE = "Title"
    HELP = (
        "host, local time, the worst state (OK, WARN, CRIT; a CPU that training keeps busy does not"
        " count), how many runs are live, where bars come from and, where they lack sessions, how"
        " many. ALERT: that many fire and nobody"
        " has acknowledged them ({main_to_alerts} shows them); UNSENT: messages nobody took."
        " service: off, starting, up, DEGRADED, UNHEALTHY, UNANSWERING, ERROR, DOWN (it ended"
        " without a word); {main_to_service} tells more. SIMULATED: some numbers come from the"
        " simulated market. RO: read-only. OLD: the home was not read for that long."
    )

    clock: var[str] = var("")
    view: var[str] = var("")
    """Which pane is chosen or alone."""
    filter_words: var[str] = var("")
    """Which rows are left out, and how they are sorted."""
    lag: var[str] = var("")
    """Words when the last good look is too old."""
    service: var[str] = var("")
    """The state of the prediction service; empty before the first look at it."""

    def lines(self) -> Iterable[Line]:
        marks = (
            *(("RO",) if self.shell.read_only else ()),
            *(text for text in (self.filter_words, self.view) if text),
        )
        return (
            title_line(
                self.snapshot,
                self.clock,
                marks,
                width=self.size.width,
                failure=self.failure,
                lag=self.lag,
                service=self.service,
            ),
        )

    def watch_view(self) -> None:
        self.redraw()

    def watch_filter_words(self) -> None:
        self.redraw()

    def watch_clock(self) -> None:
        self.redraw()

    def watch_lag(self) -> None:
        self.redraw()

    def watch_service(self) -> None:
        self.redraw()
