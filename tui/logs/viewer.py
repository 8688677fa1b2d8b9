"""One log file: follow or freeze, filter, search, next error, wrap, jump to a time.

A million lines open at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.records import Level
from engine.words import figures
from engine.words.phrases import plural
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.logs.file import LogFile, read_time
from tui.logs.matches import ERRORS, Matches
from tui.logs.text import log_line
from tui.record.text import readable
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Line, Lines, Span, line, plain, wrapped
from tui.work.background import HURRY_S
from tui.work.messages import Notice

LOOK_EVERY = 0.25
WORDS = (
    ("follows", "the newest line is in sight, and the page moves on with the file"),
    ("frozen", "the page stands still; the file goes on, {view_follow} follows it again"),
    ("indexing", "the end is there; the lines before it are still being counted"),
    (
        "errors",
        (
            "lines with one of the words error, failed, crit, lost, traceback; "
            "{view_error} and {view_error_before} go from one to the next"
        ),
    ),
    (
        "/text",
        (
            "how many lines have it; {view_next} and {view_previous} go from one to the next,"
            " {view_only} shows them alone"
        ),
    ),
    ("/=NVDA", "the lines that name this symbol, as {log} on the dashboard opens the log"),
)


class LogView(LiveScreen):
    """A thread brings index and matches forward; drawing reads the few lines in sight."""

    GROUP = "view"
    NAME = "Log"
    EVERY = LOOK_EVERY
    BINDINGS: ClassVar[list[BindingType]] = bindings("view")

    def __init__(self, path: Path, words: str = "") -> None:
        super().__init__()
        self._file = LogFile(path)
        self._errors = Matches(ERRORS)
        self._words = self._first_words = words
        """The filter now, and the one it was opened with."""
        self.matches = Matches.of(words) if words else None
        self.only = bool(words)
        """Whether only matching lines are shown."""
        self.follow = True
        self.wrap = False
        self.top = 0
        """The first line in sight, by its number in the file."""
        self._shift = 0
        self._turns = 0

    def look(self) -> Any:
        """In the thread: index, then matches; a tuple that differs when there is more to draw."""
        file = self._file
        was_whole = file.complete
        came_before = file.update()
        if file.turns != self._turns:
            self._turns = file.turns
            self._errors = Matches(ERRORS)
            self.matches = Matches.of(self._words) if self._words else None
        elif came_before:
            # Until the whole file is searched, what the end of it held stands at its new numbers.
            self._errors = self._errors.moved(came_before)
            self.matches = self.matches.moved(came_before) if self.matches else None
        self._shift += came_before
        self.EVERY = LOOK_EVERY if file.complete or file.problem else HURRY_S  # type: ignore[misc]
        if not file.problem:
            anew = file.complete and not was_whole
            self._errors = self._searched(self._errors, anew=anew)
            before = self.matches
            if before is not None:
                searched = self._searched(before, anew=anew)
                if self.matches is before:  # else the operator typed another filter meanwhile
                    self.matches = searched
        count = len(self.matches.lines) if self.matches else -1
        return (
            file.turns,
            len(file),
            file.size,
            file.complete,
            file.problem,
            self._words,
            count,
            len(self._errors.lines),
        )

    def _searched(self, matches: Matches, *, anew: bool) -> Matches:
        """The matches brought up to date; from the first line on once the whole file is known."""
        matches = matches.anew() if anew else matches
        self._file.search(matches)
        return matches

    def sections(self) -> Sections:
        return (("What stands in the title", WORDS),)

    def value_changed(self) -> None:
        if self._shift:
            self.top += self._shift
            self._shift = 0

    def compose_body(self) -> ComposeResult:
        yield Lines(id="page")

    def facts(self) -> Sequence[Span]:
        file = self._file
        spans: list[Span] = [(file.path.name, "")]
        if not file.problem:
            spans.append((_extent(file), "dim"))
        spans.append(
            ("follows", "live")
            if self.follow
            else (f"frozen, {key('view_follow')} follows", "warn")
        )
        if self._words:
            count = len(self.matches.lines) if self.matches else 0
            hides = f" ({key('view_only')} hides the others)"
            spans.append(
                (f"/{self._words}: {figures.count(count)}{'' if self.only else hides}", "mark")
            )
        spans.append(
            (
                f"{plural(len(self._errors.lines), 'error')}",
                "crit" if self._errors.lines else "dim",
            )
        )
        return spans

    # -- drawing --------------------------------------------------------------------------------

    def draw(self) -> None:
        page = self.query_one("#page", Lines)
        width, height = page.size
        if not width or not height:
            return
        file = self._file
        if file.problem or not len(file):
            style = "crit" if file.problem.startswith("cannot") else "dim"
            page.show((line(file.problem or "reading the file", style),))
            return
        if self._filtering() and not (self.matches and self.matches.lines):
            why = (
                f"no line matches /{self._words}; {key('view_only')} shows every line"
                if file.complete
                else "reading the whole file"
            )
            page.show((line(why, "dim"),))
            return
        if self.follow:
            page.show(self._end(width, height))
            return
        self.top = min(max(0, self.top), len(file) - 1)
        lines: list[Line] = []
        for number in self._numbers(self.top):
            lines += self._rows(number, width)
            if len(lines) >= height:
                break
        page.show(lines[:height])

    def _filtering(self) -> bool:
        return self.matches is not None and self.only

    def _numbers(self, start: int) -> Iterator[int]:
        """The lines to show from `start` on."""
        if not self._filtering():
            yield from range(start, len(self._file))
            return
        at: int | None = start - 1
        while at is not None and self.matches is not None:
            at = self.matches.after(at)
            if at is not None:
                yield at

    def _end(self, width: int, height: int) -> tuple[Line, ...]:
        """The last lines, as many as fit; the first of them becomes the top."""
        lines: list[Line] = []
        number = self._before(len(self._file))
        while number is not None and len(lines) < height:
            lines = [*self._rows(number, width), *lines]
            self.top = number
            number = self._before(number)
        return tuple(lines[-height:])

    def _before(self, number: int) -> int | None:
        if self._filtering() and self.matches is not None:
            return self.matches.before(number)
        return number - 1 if number > 0 else None

    def _rows(self, number: int, width: int) -> tuple[Line, ...]:
        row = log_line(readable(self._file.path, self._file.line(number)))
        if self.matches is not None and not self.only and self.matches.has(number):
            row = line(plain(row), "mark")
        return (wrapped(row, width, 4) or (line(""),)) if self.wrap else (row,)

    # -- moving ---------------------------------------------------------------------------------

    def _to(self, number: int | None, without: str = "") -> None:
        """Go to a line; `without` one, say so."""
        if number is None:
            self.tell(Notice(without))
            return
        self.follow, self.top = False, number
        self.redraw()

    def _move(self, by: int) -> None:
        self.follow = False
        at = self.top
        for _ in range(min(abs(by), 10_000)):
            step = next(iter(self._numbers(at + 1)), None) if by > 0 else self._before(at)
            if step is None:
                break
            at = step
        self.top = at
        self.redraw()

    def do_page_down(self) -> None:
        self._move(max(1, self.query_one("#page").size.height - 1))

    def do_page_up(self) -> None:
        self._move(-max(1, self.query_one("#page").size.height - 1))

    def do_top(self) -> None:
        self._to(next(iter(self._numbers(0)), 0))

    def do_bottom(self) -> None:
        self.follow = True
        self.redraw()

    def do_follow(self) -> None:
        self.follow = not self.follow
        self.redraw()

    def do_wrap(self) -> None:
        self.wrap = not self.wrap
        self.redraw()

    # -- finding --------------------------------------------------------------------------------

    def copyable(self) -> str:
        newest = self._before(len(self._file))
        number = self.top if not self.follow else newest
        return readable(self._file.path, self._file.line(number)) if number is not None else ""

    def do_filter(self) -> None:
        prompt = PromptScreen("filter (!text hides, =NVDA a symbol): ", self._words)
        ask_text(self.shell, prompt, self._filter)

    def _filter(self, text: str) -> None:
        self._words = text if text != "!" else ""
        self.matches = Matches.of(self._words) if self._words else None
        self.only = bool(self._words)
        self.do_refresh()
        self.redraw()

    def do_only(self) -> None:
        if self.matches is None:
            self.tell(Notice("there is no filter", f"{key('view_filter')} sets one"))
            return
        self.only = not self.only
        self.redraw()

    def _search_first(self) -> None:
        goes = f"{key('view_next')} and {key('view_previous')} go to"
        self.tell(Notice("nothing is searched for", f"{key('view_filter')} sets what {goes}"))

    def do_next(self) -> None:
        if self.matches is None:
            self._search_first()
        else:
            self._to(self.matches.after(self.top), "no match further down")

    def do_previous(self) -> None:
        if self.matches is None:
            self._search_first()
        else:
            self._to(self.matches.before(self.top), "no match further up")

    def do_next_error(self) -> None:
        if self.follow:
            self._to(self._errors.before(len(self._file)), "no error in this file")
        else:
            self._to(self._errors.after(self.top), "no error further down")

    def do_previous_error(self) -> None:
        self._to(self._errors.before(self.top), "no error further up")

    def do_time(self) -> None:
        def jump(text: str) -> None:
            newest = self._file.newest_moment()
            moment = read_time(text, newest) if newest else None
            if moment is not None:
                self._to(self._file.at_time(moment))
                return
            hint = "its last lines tell no time"
            if newest:
                hint = "type 14:30, 11-21 14:30 or 2026-11-21 14:30"
            self.tell(Notice(f"cannot jump to {text!r}", hint, level=Level.CRIT))

        ask_text(self.shell, PromptScreen("jump to time: "), jump)

    def do_back(self) -> None:
        """The notice, then the filter that was typed here, then the screen."""
        if self.notice is None and self.matches is not None and self._words != self._first_words:
            self._filter("")
        else:
            super().do_back()


def _extent(file: LogFile) -> str:
    """How much of the file is known."""
    return plural(len(file), "line") if file.complete else "indexing"
