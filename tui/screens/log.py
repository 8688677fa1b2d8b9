"""The log viewer: the end of training.log, of one symbol or whole; follows, or holds still while one reads."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.message import Message

from tui.actions import bindings
from tui.background import Poller
from tui.panes.log import log_line
from tui.screens.acting import ActingScreen
from tui.tail import FileTail, Tail, of_symbol
from tui.widgets.lines import Line, Lines, line
from tui.widgets.scroll import ScrollLines

LOOK_EVERY = 0.5


def page_lines(tail: Tail, symbol: str) -> tuple[Line, ...]:
    """The viewer's content: the lines of `symbol`, or of everything when it is empty; else why there are none."""
    if tail.problem:
        return (line(tail.problem, "dim"),)
    lines = of_symbol(tail.lines, symbol) if symbol else tail.lines
    if not lines:
        why = f"no line names {symbol}; s shows every line" if symbol and tail.lines else "the file is empty"
        return (line(why, "dim"),)
    older = (line("older lines are left out here; the file has them", "dim"),) if tail.cut else ()
    return (*older, *(log_line(text) for text in lines))


class LogScreen(ActingScreen[None]):
    """One log file."""

    GROUP = "log"
    BINDINGS: ClassVar[list[BindingType]] = bindings("log")

    class TailRead(Message):
        """The file was read and had changed."""

        def __init__(self, tail: Tail) -> None:
            super().__init__()
            self.tail = tail

    def __init__(self, path: Path, symbol: str = "") -> None:
        super().__init__()
        self._path, self._symbol = path, symbol
        self._only = bool(symbol)
        self._tail: Tail | None = None
        self._file = FileTail(path)
        self._posted: Tail | None = None
        self._poller = Poller(self._look, "log-reader")

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield ScrollLines(id="page", follow=True)
        yield from self.compose_footer()

    def on_mount(self) -> None:
        self._poller.start()
        self.call_after_refresh(self._draw)

    def on_unmount(self) -> None:
        self._poller.stop()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    def _look(self) -> float:
        tail = self._file.read()
        if tail != self._posted:
            self._posted = tail
            self.post_message(self.TailRead(tail))
        return LOOK_EVERY

    @on(TailRead)
    def _tail_read(self, message: TailRead) -> None:
        self._tail = message.tail
        self._draw()

    def _draw(self) -> None:
        page = self.query_one(ScrollLines)
        content = (
            (line("reading the log", "dim"),)
            if self._tail is None
            else page_lines(self._tail, self._symbol if self._only else "")
        )
        page.fill(content)
        what = f"lines of {self._symbol}" if self._only else "every line"
        state = "follows" if page.follow else "frozen, f follows"
        title = ((f"{self._path.name}  ", "head"), (f"{what}  ", ""), (state, "live" if page.follow else "warn"))
        self.query_one("#title", Lines).show((title,))
        self.draw_footer()

    def do_back(self) -> None:
        self.dismiss()

    def do_help(self) -> None:
        from tui.screens.help import HelpScreen

        self.app.push_screen(HelpScreen(self.GROUP, self.keys()))

    def do_toggle(self) -> None:
        self._only = bool(self._symbol) and not self._only
        self._draw()

    def do_follow(self) -> None:
        page = self.query_one(ScrollLines)
        page.follow = not page.follow
        self._draw()

    def _scroll(self, by: int) -> None:
        self.query_one(ScrollLines).move(by)
        self._draw()

    def do_down(self) -> None:
        self._scroll(1)

    def do_up(self) -> None:
        self._scroll(-1)

    def do_page_down(self) -> None:
        self._scroll(max(1, self.query_one(ScrollLines).size.height - 1))

    def do_page_up(self) -> None:
        self._scroll(-max(1, self.query_one(ScrollLines).size.height - 1))

    def do_top(self) -> None:
        self._scroll(-1_000_000)

    def do_bottom(self) -> None:
        self.query_one(ScrollLines).follow = True
        self._draw()
