"""A screen above the dashboard: reads in a thread of its own while it is on top, and draws it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult

from engine.core.errors import StockmlError
from engine.core.text import clean
from engine.words import times
from tui.dialogs.help import open_help
from tui.dialogs.palette import open_palette
from tui.frame.frame import is_framed
from tui.frame.status_line import warnings
from tui.keys.labels import key
from tui.look.waiting import LAG_S, stale_notice, title_of, waiting_lines
from tui.screens.base import ActingScreen, Sections
from tui.widgets.lines import Line, Lines, Span, plain
from tui.widgets.notice import NoticePane, NoticeTimer, notice_lines
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines
from tui.work.background import Poller, pause, post
from tui.work.messages import Looked, LookFailed, Notice

# A covered screen looks again when it is on top; its thread sleeps until then.
ASLEEP_S = 3600.0


class LiveScreen(ActingScreen[None]):
    """One tab, or a detail of one; a subclass says how to look, its body and how it is drawn."""

    EVERY: ClassVar[float] = 2.0
    NAME: ClassVar[str] = ""
    """What the title calls it."""
    TAB: ClassVar[str] = ""
    """Its name in the row of screens; empty for a detail of one."""

    def __init__(self) -> None:
        super().__init__()
        self.value: Any = None
        """The value of the last look; None before the first."""
        self.failure = ""
        self._turn = 0
        self._asleep = False
        self._old = ""
        self._read_at: datetime | None = None
        """When the last look returned, or the screen was opened."""
        self._read_tick = 0.0
        self._notice: Notice | None = None
        self._notice_timer = NoticeTimer(self, lambda: self.tell(None))
        self._poller = Poller(self._look, f"{self.GROUP}-reader")

    # -- for subclasses -------------------------------------------------------------------------

    def look(self) -> Any:
        """Read what the screen shows; runs in a thread. Equal values are drawn once."""
        raise NotImplementedError

    def compose_body(self) -> ComposeResult:
        """What is between title and notice."""
        raise NotImplementedError

    def draw(self) -> None:
        """Draw what is known; called after a look, a resize, a key."""
        raise NotImplementedError

    def facts(self) -> Sequence[Span]:
        """The facts in the title after the name."""
        return ()

    def sections(self) -> Sections:
        """The help sections besides the keys."""
        return ()

    def value_changed(self) -> None:
        """A new value is there and not drawn yet."""

    # -- life -----------------------------------------------------------------------------------

    def compose(self) -> ComposeResult:
        yield from self.compose_frame()
        yield Lines(id="title")
        yield from self.compose_body()
        yield NoticePane(id="notice")
        yield from self.compose_footer()

    def on_mount(self) -> None:
        self.query_one("#notice").display = False
        self._place_frame()
        self._was_read()
        self._poller.start()
        self.call_after_refresh(self.redraw)

    def on_unmount(self) -> None:
        self._poller.stop()

    def on_screen_suspend(self) -> None:
        self._asleep = True

    def on_screen_resume(self) -> None:
        self._asleep = False
        self._was_read()
        self._poller.poke()

    def on_resize(self) -> None:
        if self.is_composed:
            self._place_notice()
            self._place_frame()
        self.call_after_refresh(self.redraw)

    def _place_frame(self) -> None:
        self.query_one("#frame").display = is_framed(*self.app.size)

    def _look(self) -> float:
        if self._asleep:
            return ASLEEP_S
        turn, pace = self._turn, self.shell.vitals.pace
        try:
            value = self.look()
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            if not self._poller.stopped:
                self._report_failure(error)
            return self.EVERY
        if not self._poller.stopped:  # else the screen was left meanwhile
            self._was_read()
            if self.value is None or self.value != value or self.failure:
                post(self, Looked(value, turn))
        return pause(self.EVERY, pace)

    def _was_read(self) -> None:
        """The content is as old as now."""
        self._read_at = self.shell.wall.now()
        self._read_tick = self.shell.wall.monotonic()

    def _report_failure(self, error: Exception) -> None:
        if isinstance(error, StockmlError):
            text = f"{error.message}{f' ({error.hint})' if error.hint else ''}"
        else:
            text = f"{type(error).__name__}: {clean(str(error), 300)}"
            self.shell.note(f"action={self.GROUP} error={type(error).__name__}: {error}")
        post(self, LookFailed(text))

    @on(Looked)
    def _looked(self, message: Looked) -> None:
        if message.turn == self._turn:
            self.take(message.value)

    def take(self, value: Any) -> None:
        """Show a value; the looks that began before are dropped."""
        if not self.is_composed:
            return
        self._turn += 1
        had_failed = bool(self.failure)
        self.value = value
        self.failure = ""
        if had_failed:
            self._place_notice()
        self.value_changed()
        self.redraw()

    @on(LookFailed)
    def _look_failed(self, message: LookFailed) -> None:
        self.failure = message.text
        if self.is_composed:
            self._place_notice()
        self.redraw()

    @property
    def shown_tab(self) -> str:
        return self.TAB or self.UNDER

    @property
    def is_composed(self) -> bool:
        """Whether its widgets exist; a message may arrive after their removal."""
        return self.is_mounted and len(self.query("#title, #notice, #footer")) == 3

    def redraw(self) -> None:
        """Title, body and footer."""
        if not self.is_composed:
            return
        framed = is_framed(*self.app.size)
        marks: list[Span] = [] if framed else warnings(self.shell.frame, self.TAB)
        if self.failure:
            marks.append(("CANNOT READ", "crit"))
        if self._old:
            marks.append((self._old, "crit"))
        title = title_of(self.NAME, self.facts(), marks, self.app.size.width)
        self.query_one("#title", Lines).show((title,))
        self.draw()
        self.draw_footer()

    def tick(self) -> None:
        """Once a second: show how old the content is if no look returns."""
        old = f"OLD {times.duration(self._age)}" if self._age > LAG_S + self.EVERY else ""
        if old != self._old and self.is_composed:
            self._old = old
            self.redraw()

    def waiting(self, activity: str) -> tuple[Line, ...]:
        """The lines before the first look returns: its failure, or the `activity`."""
        width, back = self.app.size.width, key(f"{self.GROUP}_back")
        return waiting_lines(activity, self.failure, self._age, width, back)

    @property
    def _age(self) -> float:
        """Seconds since the last look returned."""
        return self.shell.wall.monotonic() - self._read_tick if self._read_at else 0.0

    # -- notices --------------------------------------------------------------------------------

    @property
    def notice(self) -> Notice | None:
        """The notice that is shown now."""
        return self._notice

    def tell(self, notice: Notice | None) -> None:
        """Show a notice above the footer for some seconds; None takes it away."""
        if not self.is_composed:
            return
        self._notice = notice
        self._notice_timer.restart(notice)
        self._place_notice()
        self.call_after_refresh(self.redraw)

    def _place_notice(self) -> None:
        pane = self.query_one("#notice", NoticePane)
        notice = self._notice
        if notice is None and self.value is not None and self._read_at:
            notice = stale_notice(self.failure, self._read_at)
        lines = notice_lines(notice, self.app.size.width)
        pane.display = bool(lines)
        pane.styles.height = len(lines)
        pane.notice = notice

    # -- keys that all have ---------------------------------------------------------------------

    def do_help(self) -> None:
        open_help(self, self.sections())

    def do_palette(self) -> None:
        open_palette(self)

    def do_refresh(self) -> None:
        self._poller.poke()

    def do_back(self) -> None:
        """One step back: the notice first, then the screen."""
        if self._notice is not None:
            self.tell(None)
        else:
            self._close()

    def copyable(self) -> str:
        """The row under the cursor; without rows, all that scrolls here."""
        for picker in self.query(Picker):
            return picker.chosen_text
        return "\n".join(plain(spans) for page in self.query(ScrollLines) for spans in page.content)

    def _close(self) -> None:
        self.dismiss()

    def _move(self, by: int) -> None:
        self.query_one(Picker).move(by)
        self.redraw()

    def do_down(self) -> None:
        self._move(1)

    def do_up(self) -> None:
        self._move(-1)

    def do_top(self) -> None:
        self._move(-1_000_000)

    def do_bottom(self) -> None:
        self._move(1_000_000)

    def _page(self, pages: int) -> None:
        self._move(pages * self.query_one(Picker).page)

    def do_next_section(self) -> None:
        self.query_one(ScrollLines).to_section(1)

    def do_section_before(self) -> None:
        self.query_one(ScrollLines).to_section(-1)

    def do_page_down(self) -> None:
        self._page(1)

    def do_page_up(self) -> None:
        self._page(-1)
