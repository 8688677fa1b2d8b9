"""What a command prints, while it runs and after its end."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.events import Callback

from engine.core.records import Level
from engine.words import times
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.screens.live import LiveScreen
from tui.widgets.lines import Line, Span, line, wrapped_all
from tui.widgets.scroll import ScrollLines
from tui.work.background import post
from tui.work.messages import Notice

if TYPE_CHECKING:
    from engine.children.command_run import CommandRun


def end_notice(run: CommandRun) -> Notice:
    """How the command ended, with its last line."""
    last = run.lines[-1] if run.lines else ""
    took = times.duration(run.seconds)
    if run.exit_code:
        return Notice(f"{run.text}: exit {run.exit_code} after {took}", last, level=Level.WARN)
    return Notice(f"{run.text}: done in {took}", last)


class OutputScreen(LiveScreen):
    """Starts the command when it is shown; leaving it does not end the command."""

    GROUP = "output"
    NAME = "Command"
    UNDER = "dashboard"
    EVERY = 0.3
    BINDINGS: ClassVar[list[BindingType]] = bindings("output")

    value: tuple[tuple[str, ...], int | None] | None

    def __init__(
        self,
        words: Sequence[str],
        *,
        reads_bars: bool,
        plan_of: str = "",
        follow: Callable[[], None] | None = None,
    ) -> None:
        super().__init__()
        self._words = tuple(words)
        self._reads_bars = reads_bars
        self._plan_of = plan_of
        self._follow = follow
        self._run: CommandRun | None = None

    def look(self) -> tuple[tuple[str, ...], int | None]:
        """Start it at the first look; later read what it printed."""
        if self._run is None:
            app = self.app
            self._run = self.shell.engine.children.run_command(
                self._words,
                reads_bars=self._reads_bars,
                ended=lambda: post(app, Callback(self._tell_end)),
            )
        return self._run.lines, self._run.exit_code

    def _tell_end(self) -> None:
        """Say how it ended to who looks elsewhere."""
        if self._run is not None and not self.is_current:
            self.shell.say(end_notice(self._run))

    def compose_body(self) -> ComposeResult:
        yield ScrollLines(id="page", follow=True)

    def facts(self) -> Sequence[Span]:
        command: Span = (" ".join(self._words), "")
        if self._run is None:
            return (command,)
        spent = times.duration(self._run.running_s)
        if self._run.exit_code is None:
            return (command, (f"running {spent}", "live"), *self._how_far())
        style = "crit" if self._run.exit_code else "ok"
        return (command, (f"exit {self._run.exit_code} after {spent}", style))

    def _how_far(self) -> tuple[Span, ...]:
        """Steps done of all, and the time left, where the command tells them."""
        if self._run is None or (step := self._run.step) is None:
            return ()
        left = step.seconds_left(self._run.running_s)
        time_left = f" {times.duration(left)} left" if left is not None else ""
        return ((f"{step.done}/{step.total} {step.name}{time_left}", "live"),)

    def draw(self) -> None:
        page = self.query_one(ScrollLines)
        page.fill(wrapped_all(self._lines(), max(1, page.size.width), 2))

    def _lines(self) -> tuple[Line, ...]:
        if self.value is None:
            return self.waiting(f"starting {self._words[0]}")
        lines, code = self.value
        shown = tuple(line(text) for text in lines)
        if code == 0 and self._plan_of:
            ask = f"{key('output_follow')} runs {self._plan_of}, {key('output_back')} leaves it"
            return (*shown, line(""), line(ask, "head"))
        return shown

    def tick(self) -> None:
        super().tick()
        if self._run is not None and self._run.exit_code is None:
            self.redraw()

    def _move(self, by: int) -> None:
        self.query_one(ScrollLines).move(by)

    def _page(self, pages: int) -> None:
        self.query_one(ScrollLines).page(pages)

    def do_cancel(self) -> None:
        """Ask the command to end, as Ctrl-C does."""
        if self._run is not None and self._run.exit_code is None:
            self._run.cancel()
            self.shell.say(Notice(f"{self._run.text}: asked to end"))

    def do_follow(self) -> None:
        """Run what the plan is of."""
        if self._follow is not None and self.value is not None and self.value[1] == 0:
            self.dismiss()
            self._follow()
