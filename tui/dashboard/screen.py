"""The dashboard: every symbol, what runs, what happened last."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.reactive import Reactive, var

from engine.core.snapshot import Snapshot
from tui.dashboard.arranged import ArrangedScreen
from tui.dashboard.board import Board, Panel, new_panels
from tui.dashboard.check_verbs import CheckVerbs
from tui.dashboard.columns import CellContext
from tui.dashboard.help import STATE_STYLES_BY_NAME, help_sections
from tui.dashboard.layout import ZOOMABLE
from tui.dashboard.panes.away import ideal_height
from tui.dashboard.panes.symbols import SymbolsPane, index_of
from tui.dashboard.panes.table import PANES
from tui.dashboard.row_filter import RowFilter
from tui.dashboard.row_groups import MANY
from tui.dashboard.row_verbs import RowVerbs
from tui.dashboard.table_text import labelled
from tui.dashboard.train_verbs import ManyTrainVerbs
from tui.dialogs.help import open_help
from tui.dialogs.palette import open_palette
from tui.keys.table import bindings
from tui.look.glyphs import ASCII, UNICODE
from tui.service.test_request import ServiceTest
from tui.widgets.notice import NoticeTimer


class MainScreen(ArrangedScreen):
    """Binds the snapshot to the panes and the keys to verbs."""

    GROUP = "main"
    UNDER = "dashboard"
    VERBS = (ManyTrainVerbs, CheckVerbs, ServiceTest, RowVerbs)
    BINDINGS: ClassVar[list[BindingType]] = bindings("main")

    failure: var[str] = var("", init=False)
    cursor: var[str] = var("", init=False)
    marks: var[frozenset[str]] = var(frozenset, init=False)
    row_filter: var[RowFilter] = var(RowFilter(), init=False)
    shown: var[Snapshot | None] = var(None, init=False)
    """The snapshot with the rows that the row_filter lets through."""
    filter_words: var[str] = var("", init=False)

    def __init__(self) -> None:
        super().__init__(id="main")
        self._met = False
        """Whether a snapshot was shown: only the first may set the order."""
        self._notice_timer = NoticeTimer(self, self._clear_notice)

    def compose(self) -> ComposeResult:
        yield from self.compose_frame()
        for place in PANES:
            if place.name == "log":
                yield Board(self._bound_panels())
            rows = MainScreen.shown if place.filtered else MainScreen.snapshot
            bound: list[Reactive[Any]] = [getattr(MainScreen, name) for name in place.bound]
            yield place.pane(id=place.name).data_bind(MainScreen.failure, *bound, snapshot=rows)
        yield from self.compose_footer()

    def _bound_panels(self) -> list[Panel]:
        bound = (MainScreen.failure, MainScreen.snapshot, MainScreen.cursor, MainScreen.pulse)
        return [panel.data_bind(*bound) for panel in new_panels()]

    def on_mount(self) -> None:
        self.set_class(self.shell.ascii_only, "-ascii")
        self.arrange_panes()
        self.start_pulse()

    def on_resize(self) -> None:
        self.arrange_panes()
        self.call_after_refresh(self.draw_footer)

    def watch_snapshot(self) -> None:
        if self.snapshot is None:
            return
        if not self._met and len(self.snapshot.rows) > MANY and self.row_filter == RowFilter():
            self.row_filter = RowFilter(order="problems")
        self._met = True
        self.marks = self.marks & frozenset(row.symbol for row in self.snapshot.rows)
        self._apply_filter()
        self.arrange_panes()
        self.draw_frame()

    def watch_failure(self) -> None:
        self.draw_frame()

    def watch_filter_words(self) -> None:
        self.draw_frame()

    def watch_view(self) -> None:
        self.draw_frame()

    def frame_marks(self) -> tuple[str, ...]:
        return tuple(text for text in (self.filter_words, self.view) if text)

    def watch_row_filter(self) -> None:
        self._apply_filter()

    def _apply_filter(self) -> None:
        """Choose the rows to show; the cursor stays on its symbol while that is among them."""
        if self.snapshot is None:
            return
        shown = self.row_filter.of(self.snapshot)
        names = [row.symbol for row in shown.rows]
        if self.cursor not in names:
            self.cursor = names[0] if names else ""
        self.filter_words = self.row_filter.words(len(names), len(self.snapshot.rows))
        self.shown = shown

    def watch_notice(self) -> None:
        self._notice_timer.restart(self.notice)
        self.arrange_panes()

    def watch_away(self) -> None:
        self.arrange_panes()

    def _clear_notice(self) -> None:
        self.notice = None

    @on(SymbolsPane.Clicked)
    def _symbol_clicked(self, message: SymbolsPane.Clicked) -> None:
        self.cursor = message.symbol
        if message.opens:
            self.do_open()

    @on(SymbolsPane.HeadClicked)
    def _head_clicked(self, message: SymbolsPane.HeadClicked) -> None:
        self.row_filter = self.row_filter.sorted_by(message.title)

    def _move(self, by: int) -> None:
        if self.shown is not None and self.shown.rows:
            rows = self.shown.rows
            self.cursor = rows[min(max(0, index_of(rows, self.cursor) + by), len(rows) - 1)].symbol

    def do_down(self) -> None:
        self._move(1)

    def do_up(self) -> None:
        self._move(-1)

    def do_page_down(self) -> None:
        self._move(self.query_one(SymbolsPane).page)

    def do_page_up(self) -> None:
        self._move(-self.query_one(SymbolsPane).page)

    def do_top(self) -> None:
        self._move(-1_000_000)

    def do_bottom(self) -> None:
        self._move(1_000_000)

    def do_mark(self) -> None:
        """Mark and step on, so that a range is a row of key presses."""
        if self.cursor:
            self.marks = self.marks ^ {self.cursor}
            self._move(1)

    def do_back(self) -> None:
        if self.notice is not None:
            self.notice = None
        elif self.zoomed or self.chosen != ZOOMABLE[0]:
            self.zoomed, self.chosen = False, ZOOMABLE[0]
            self.arrange_panes()
        elif ideal_height(self.away):
            self.away = None
        elif self.row_filter.text or self.row_filter.problems or self.row_filter.group:
            self.row_filter = replace(self.row_filter, text="", problems=False, group="")
        else:
            self.marks = frozenset()

    def do_refresh(self) -> None:
        self.shell.look_now()

    def do_theme(self) -> None:
        self.shell.say(self.shell.next_theme())

    def do_apply_theme(self, theme: str) -> None:
        self.shell.say(self.shell.apply_theme(theme))

    def copyable(self) -> str:
        if self.snapshot is None:
            return ""
        names = self.marks or {self.cursor}
        context = CellContext(
            self.snapshot.taken_at,
            ASCII if self.shell.ascii_only else UNICODE,
            False,
            self.snapshot.checked_at,
            self.shell.engine.settings.current.thresholds.max_model_age_days,
        )
        return "\n".join(
            labelled(row, context) for row in self.snapshot.rows if row.symbol in names
        )

    def current_symbol(self) -> str:
        return self.cursor

    def marked_symbols(self) -> tuple[str, ...]:
        rows = self.snapshot.rows if self.snapshot else ()
        return tuple(row.symbol for row in rows if row.symbol in self.marks)

    def clear_marks(self) -> None:
        self.marks = frozenset()

    def do_log(self) -> None:
        from tui.logs.viewer import LogView

        self.app.push_screen(
            LogView(self.shell.engine.home.training_log, f"={self.cursor}" if self.cursor else "")
        )

    def do_open(self) -> None:
        if self.cursor:
            self.show_symbol(self.cursor)

    def show_symbol(self, symbol: str) -> None:
        """Open the page of `symbol`, and put the cursor on its row."""
        from tui.symbol.screen import SymbolScreen

        self.cursor = symbol
        self.app.push_screen(SymbolScreen(symbol))

    def do_help(self) -> None:
        open_help(self, help_sections(), STATE_STYLES_BY_NAME)

    def do_palette(self) -> None:
        open_palette(self)

    def do_quit(self) -> None:
        self.shell.quit()
