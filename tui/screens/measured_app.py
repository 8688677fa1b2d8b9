"""An application whose colours, mouse and pace follow the speed of its line."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, cast

from textual.drivers.linux_driver import LinuxDriver

from engine.core.records import Level
from engine.words import times
from tui.dialogs.confirm import confirm_leaving
from tui.keys.labels import key
from tui.look.theme_switch import ThemedApp
from tui.screens.typing_app import TypingApp
from tui.terminal.driver import CountingDriver
from tui.terminal.line_speed import LineSpeed
from tui.terminal.textual_private import driver_of, set_mouse, set_pace
from tui.work.messages import Notice

if TYPE_CHECKING:
    from tui.ports import Shell


class MeasuredApp(TypingApp, ThemedApp, inherit_bindings=False):
    """Asks its terminal for an answer now and then, and spares a line that is slow."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.line = LineSpeed()
        self.mouse_on = True
        """Whether the terminal reports the mouse."""
        self._mouse_works = True
        self._mouse_chosen = False
        """The operator switched it: it follows the line no more."""

    def start_line(self, line: LineSpeed, *, mouse: bool) -> None:
        """`mouse`: whether this terminal works with it; before the application runs."""
        self.line = line
        self._mouse_works = mouse
        self.mouse_on = mouse and line.link == "fast"

    def follow_line(self, say: Callable[[Notice], None]) -> None:
        """Once a second: ask, judge, and follow; `say` when the line became another."""
        driver = driver_of(self)
        if not isinstance(driver, CountingDriver):
            return
        before, worn = self.line.link, self.setting_theme
        self.line.blocked(driver.counted.take_blocked())
        driver.ask(self.line)
        driver.judge(self.line)
        if self.line.link == before:
            return
        if self.theme == worn:
            self.theme = self.setting_theme
        if not self._mouse_chosen:
            self.set_mouse_on(self._mouse_works and self.line.link == "fast")
        set_pace(self, self.line.link)
        say(self._line_notice())

    def _line_notice(self) -> Notice:
        took = times.latency(self.line.round_trip_s or 0.0)
        if self.line.link == "fast":
            return Notice(f"the line is fast again: it answers in {took}")
        spared = f"fewer colours, no mouse until {key('mouse')}, slower streams"
        return Notice(f"the line is slow: it answers in {took}", spared, level=Level.WARN)

    def set_mouse_on(self, on: bool) -> None:
        """Have the terminal report the mouse, or keep it for selecting text."""
        self.mouse_on = on
        driver = driver_of(self)
        if isinstance(driver, LinuxDriver):
            set_mouse(driver, on)

    def switch_mouse(self) -> Notice:
        """The operator's choice of the mouse, which no line changes."""
        self._mouse_chosen = True
        self.set_mouse_on(not self.mouse_on)
        if self.mouse_on:
            return Notice("mouse on", "shift and drag selects text")
        return Notice("mouse off", f"{key('mouse')} switches it on")

    def quit(self) -> None:
        """Leave at once, or after the operator agreed to lose what is not written."""
        if self.unsaved:
            confirm_leaving(cast("Shell", self), self.unsaved, self.leave)
        else:
            self.leave()

    def leave(self, code: int = 0) -> None:
        """End the console; trainings continue.

        An answer of the terminal that is on its way is waited for: the shell would read it.
        """
        driver = driver_of(self)
        if isinstance(driver, CountingDriver):
            driver.judge(self.line)
        if self.line.awaits(time.monotonic()):
            self.set_timer(0.05, lambda: self.leave(code))
        else:
            self.exit(code, return_code=code)
