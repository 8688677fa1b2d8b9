"""The screens above the dashboard: which one is shown, and how another one takes its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual.app import App

from engine.core.records import Level
from engine.core.text import clean
from tui.keys.labels import key
from tui.screens.base import ActingScreen
from tui.screens.live import LiveScreen
from tui.screens.tabs import TABS, make_screen
from tui.work.messages import Notice

SCREENS = {tab.name: tab.screen for tab in TABS}
"""By name, where each screen is made; empty for the dashboard."""


class ScreenStack:
    """Moves between the screens of an application, which asks before changes are forgotten."""

    def __init__(
        self, app: App[Any], say: Callable[[Notice], None], log: Callable[[str], None]
    ) -> None:
        self._app = app
        self._say = say
        self._log = log

    @property
    def live_screen(self) -> LiveScreen | None:
        """The highest screen above the dashboard that is no dialog."""
        screens = reversed(self._app.screen_stack)
        return next((screen for screen in screens if isinstance(screen, LiveScreen)), None)

    def draw_frame(self) -> None:
        """Show how the home is on the screen that the operator looks at."""
        bottom = self._app.screen_stack[:1]
        for screen in [self.live_screen] if self.live_screen else bottom:
            if isinstance(screen, ActingScreen):
                screen.draw_frame()

    def go(self, name: str, then: Callable[[], None] = lambda: None) -> None:
        """Show a screen of `tui.screens.tabs`, `then` do more."""
        top = self._app.screen_stack[-1] if self._app.screen_stack else None
        if not (isinstance(top, LiveScreen) and name == top.TAB):
            self._show(name)
            then()

    def _show(self, name: str) -> None:
        try:
            screen = make_screen(SCREENS[name]) if SCREENS[name] else None
        except Exception as error:  # noqa: BLE001 - stockml was changed on disk while this is open
            fault = f"{type(error).__name__}: {clean(str(error), 200)}"
            words = f"the screen {name} cannot be opened: {fault}"
            self._log(f"action=open error={words}")
            hint = f"was stockml changed meanwhile? leave with {key('quit')} and open it again"
            self._say(Notice(words, hint, level=Level.CRIT))
            return
        while len(self._app.screen_stack) > 1:
            self._app.pop_screen()
        if screen:
            self._app.push_screen(screen)
