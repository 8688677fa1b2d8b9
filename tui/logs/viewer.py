"""A log file of any length: follow, filter, search, next error, wrap, jump to a time."""

from __future__ import annotations

from collections.abc import Sequence
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
from tui.logs.window import LogWindow
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Lines, Span, line
from tui.work.background import HURRY_S
from tui.work.messages import Notice

LOOK_EVERY = 0.25
WORDS = (
    ("follows", "the newest line is in sight, and the page moves on with the file"),
    ("frozen", "the page is frozen while the file grows; {view_follow} follows it again"),
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
    UNDER = "logs"
    NAME = "Log"
    EVERY = LOOK_EVERY
    BINDINGS: ClassVar[list[BindingType]] = bindings("view")

    def __init__(self, path: Path, words: str = "") -> None:
        super().__init__()
        self._words = self._first_words = words
        """The filter now, and the one it was opened with."""
        self.open_file(path)

    def open_file(self, path: Path) -> None:
        """Show this file from now on, from its end."""
        self._file = LogFile(path)
        self._errors = Matches(ERRORS)
        self.window = LogWindow(self._file, self._words)
        self._shift = 0
        self._turns = 0

    def look(self) -> Any:
        """In the thread: index, then matches; a tuple that differs when there is more to draw."""
        file, window = self._file, self.window
        was_whole = file.complete
        came_before = file.update()
        if file.turns != self._turns:
            self._turns = file.turns
            self._errors = Matches(ERRORS)
            window.matches = Matches.of(self._words) if self._words else None
        elif came_before:
            # Until the whole file is searched, the matches of its end have new numbers.
            self._errors = self._errors.moved(came_before)
            window.matches = window.matches.moved(came_before) if window.matches else None
        self._shift += came_before
        self.EVERY = LOOK_EVERY if file.complete or file.problem else HURRY_S  # type: ignore[misc]
        if not file.problem:
            anew = file.complete and not was_whole
            self._errors = self._searched(self._errors, anew=anew)
            before = window.matches
            if before is not None:
                searched = self._searched(before, anew=anew)
                if window.matches is before:  # else the operator typed another filter meanwhile
                    window.matches = searched
        count = len(window.matches.lines) if window.matches else -1
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
        """Update the matches; from the first line on once the whole file is indexed."""
        matches = matches.anew() if anew else matches
        self._file.search(matches)
        return matches

    def sections(self) -> Sections:
        return (("What the title shows", WORDS),)

    def value_changed(self) -> None:
        if self._shift:
            self.window.top += self._shift
            self._shift = 0

    def compose_body(self) -> ComposeResult:
        yield Lines(id="page")

    def facts(self) -> Sequence[Span]:
        file = self._file
        spans: list[Span] = [(file.path.name, "")]
        if not file.problem:
            spans.append((_extent(file), "dim"))
        if self.window.follow:
            spans.append(("follows", "live"))
        else:
            spans.append((f"frozen, {key('view_follow')} follows", "warn"))
        if self._words:
            count = len(self.window.matches.lines) if self.window.matches else 0
            hint = "" if self.window.only else f" ({key('view_only')} hides the others)"
            spans.append((f"/{self._words}: {figures.count(count)}{hint}", "mark"))
        errors = len(self._errors.lines)
        spans.append((plural(errors, "error"), "crit" if errors else "dim"))
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
        if self.window.nothing_matches:
            why = "reading the whole file"
            if file.complete:
                why = f"no line matches /{self._words}; {key('view_only')} shows every line"
            page.show((line(why, "dim"),))
            return
        page.show(self.window.lines(width, height))

    # -- moving ---------------------------------------------------------------------------------

    def _to(self, number: int | None, without: str = "") -> None:
        """Go to a line; `without` one, say so."""
        if number is None:
            self.tell(Notice(without))
            return
        self.window.go_to(number)
        self.redraw()

    def _move(self, by: int) -> None:
        self.window.move(by)
        self.redraw()

    def do_page_down(self) -> None:
        self._move(max(1, self.query_one("#page").size.height - 1))

    def do_page_up(self) -> None:
        self._move(-max(1, self.query_one("#page").size.height - 1))

    def do_top(self) -> None:
        self._to(self.window.first)

    def do_bottom(self) -> None:
        self.window.follow = True
        self.redraw()

    def do_follow(self) -> None:
        self.window.follow = not self.window.follow
        self.redraw()

    def do_wrap(self) -> None:
        self.window.wrap = not self.window.wrap
        self.redraw()

    # -- finding --------------------------------------------------------------------------------

    def copyable(self) -> str:
        return self.window.current_text

    def do_filter(self) -> None:
        prompt = PromptScreen("filter (!text hides, =NVDA a symbol): ", self._words)
        ask_text(self.shell, prompt, self._filter)

    def _filter(self, text: str) -> None:
        self._words = text if text != "!" else ""
        self.window.filter(self._words)
        self.do_refresh()
        self.redraw()

    def do_only(self) -> None:
        if self.window.matches is None:
            self.tell(Notice("there is no filter", f"{key('view_filter')} sets one"))
            return
        self.window.only = not self.window.only
        self.redraw()

    def _search_first(self) -> None:
        goes = f"{key('view_next')} and {key('view_previous')} go to"
        self.tell(Notice("nothing is searched for", f"{key('view_filter')} sets what {goes}"))

    def do_next(self) -> None:
        if self.window.matches is None:
            self._search_first()
        else:
            self._to(self.window.matches.after(self.window.top), "no match further down")

    def do_previous(self) -> None:
        if self.window.matches is None:
            self._search_first()
        else:
            self._to(self.window.matches.before(self.window.top), "no match further up")

    def do_next_error(self) -> None:
        if self.window.follow:
            self._to(self._errors.before(len(self._file)), "no error in this file")
        else:
            self._to(self._errors.after(self.window.top), "no error further down")

    def do_previous_error(self) -> None:
        self._to(self._errors.before(self.window.top), "no error further up")

    def do_time(self) -> None:
        def jump(text: str) -> None:
            newest = self._file.newest_moment()
            moment = read_time(text, newest) if newest else None
            if moment is not None:
                self._to(self._file.at_time(moment))
                return
            hint = "its last lines have no time"
            if newest:
                hint = "type 14:30, 11-21 14:30 or 2026-11-21 14:30"
            self.tell(Notice(f"cannot jump to {text!r}", hint, level=Level.CRIT))

        ask_text(self.shell, PromptScreen("jump to time: "), jump)

    def do_back(self) -> None:
        """The notice, then the filter that was typed here, then the screen."""
        typed = self.window.matches is not None and self._words != self._first_words
        if typed and self.notice is None:
            self._filter("")
        else:
            super().do_back()


def _extent(file: LogFile) -> str:
    """How much of the file is known."""
    return plural(len(file), "line") if file.complete else "indexing"
