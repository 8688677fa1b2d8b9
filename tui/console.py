"""The console's application: reads the engine beside the event loop and hands snapshots to the dashboard."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any, ClassVar

from textual import on
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.core.clock import Clock, SystemClock
from engine.core.errors import StockmlError
from engine.core.records import Snapshot
from engine.core.text import clean
from tui import format as fmt
from tui.background import Poller, start_verb, write_log
from tui.engine_port import EnginePort
from tui.messages import Notice, SnapshotFailed, SnapshotRead, VerbDone, VerbFailed
from tui.screens.live import LiveScreen
from tui.screens.main import MainScreen
from tui.screens.tabs import make_tab
from tui.themes import BY_NAME, PALETTES, after, theme_of
from tui.words import leaving

LIVE_REFRESH_S = 0.5
STATUS_REFRESH_EVERY_S = 5.0
# A look that takes longer than this is told to the operator, who would trust old numbers otherwise.
LAG_S = 10.0
SLOW_VERB_S = 0.5


class StockmlApp(App[int], inherit_bindings=False):
    """One operator's view of one home; leaving it changes nothing that runs."""

    TITLE = "stockml"
    CSS_PATH = "stockml.tcss"
    ENABLE_COMMAND_PALETTE = False
    # ctrl+q leaves from everywhere; ctrl+c says how to leave, because people press it by reflex.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "leave the console", show=False, priority=True, id="quit"),
        Binding("ctrl+c", "help_quit", show=False, system=True),
    ]

    def __init__(
        self,
        engine: EnginePort,
        *,
        read_only: bool = False,
        ascii_only: bool = False,
        wall: Clock | None = None,
        theme_for: Callable[[str], str] = lambda setting: setting if setting in BY_NAME else "dark",
        few_colours: bool = False,
    ) -> None:
        """`theme_for` names the theme for what `[console] theme` says on this terminal."""
        self._theme_set = engine.settings.console.theme
        theme = theme_for(self._theme_set)
        super().__init__(ansi_color=BY_NAME[theme].ansi)
        self._wear(theme)
        self._theme_for, self._theme_wanted = theme_for, self._theme_set
        self.few_colours = few_colours
        self.engine = engine
        self.read_only = read_only
        self.ascii_only = ascii_only
        self.wall: Clock = wall or SystemClock()
        self.animation_level = "none"
        self.names = engine.settings.names
        """The symbols that the first paint makes room for."""
        self.started: list[str] = []
        """Runs started from here, also those no snapshot has shown yet."""
        self.event_loop: asyncio.AbstractEventLoop | None = None
        """The loop while it runs, for signal handlers."""
        self._busy: set[str] = set()
        self._last: Snapshot | None = None
        self._failure = ""
        self._good_look = self.wall.monotonic()
        self._status_asked = -STATUS_REFRESH_EVERY_S
        self._poller = Poller(self._look, "snapshot-reader")

    @property
    def main(self) -> MainScreen:
        """The dashboard, also while another screen covers it."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def snapshot(self) -> Snapshot | None:
        """What was read last."""
        return self._last

    def get_default_screen(self) -> Screen[Any]:
        return MainScreen()

    def on_mount(self) -> None:
        self.event_loop = asyncio.get_running_loop()
        self._tick()
        self.set_interval(1.0, self._tick)
        self._poller.start()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return dict.fromkeys(("dim", "ansi-background", "ansi-foreground"), "ansi_default")

    def _wear(self, theme: str) -> None:
        """Register our themes and begin with `theme`, without drawing in another one first."""
        for palette in PALETTES:
            self.register_theme(theme_of(palette))
        self.set_reactive(StockmlApp.ansi_color, None)
        self.set_reactive(StockmlApp.theme, theme)
        self.stylesheet.set_variables(self.get_css_variables())

    def on_unmount(self) -> None:
        self._poller.stop()

    def _tick(self) -> None:
        """Move the clock of the title, say so when the numbers are old, and follow the settings' theme."""
        self.main.clock = f"{self.wall.now().astimezone():%H:%M:%S}"
        old = self.wall.monotonic() - self._good_look
        self.main.lag = f"OLD {fmt.duration(old)}" if old > LAG_S and self._last else ""
        if self._theme_wanted != self._theme_set:
            self._theme_set = self._theme_wanted
            self.theme = self._theme_for(self._theme_set)

    # -- looking ------------------------------------------------------------------------------------------------

    def _look(self) -> float:
        """Read the engine once, in the reader's thread; the seconds until the next look."""
        try:
            snapshot = self.engine.snapshot()
            console = self.engine.settings.console
            pause, self._theme_wanted = console.refresh_s, console.theme
        except StockmlError as error:
            self._report_failure(f"{error.message}\n{error.hint}".strip())
            return 2.0
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            self._report_failure(f"{type(error).__name__}: {clean(str(error), 300)}\ndetails: logs/console.log")
            return 2.0
        self._good_look = self.wall.monotonic()
        if self._failure or not same(self._last, snapshot):
            self._failure = ""
            self._last = snapshot
            self.post_message(SnapshotRead(snapshot))
        self._refresh_status(snapshot)
        return min(pause, LIVE_REFRESH_S) if snapshot.live_runs else pause

    def _report_failure(self, text: str) -> None:
        if text != self._failure:
            self._failure = text
            write_log(self.engine.home, self.wall, f"action=snapshot error={text}")
            self.post_message(SnapshotFailed(text))

    def _refresh_status(self, snapshot: Snapshot) -> None:
        """Have outdated statuses rebuilt by a child process, at most every few seconds."""
        now = self.wall.monotonic()
        if now - self._status_asked < STATUS_REFRESH_EVERY_S or not any(row.stale_status for row in snapshot.rows):
            return
        self._status_asked = now
        try:
            self.engine.spawn_status_refresh()
        except Exception as error:  # noqa: BLE001 - rows stay marked as being read; the next look tries again
            write_log(self.engine.home, self.wall, f"action=status-refresh error={type(error).__name__}: {error}")

    def look_now(self) -> None:
        """Read the engine without waiting for the next turn."""
        self._poller.poke()

    @on(SnapshotRead)
    def _snapshot_read(self, message: SnapshotRead) -> None:
        self.main.failure = ""
        self.main.snapshot = message.snapshot

    @on(SnapshotFailed)
    def _snapshot_failed(self, message: SnapshotFailed) -> None:
        self.main.failure = message.text

    # -- asking -------------------------------------------------------------------------------------------------

    def ask(self, verb: str, work: Callable[[], Any], done: Callable[[Any], None]) -> None:
        """Run a verb of the engine in a thread; a second one of the same kind waits for the operator's next key."""
        if verb in self._busy:
            self.say(Notice(f"{verb}: the engine is still at it"))
            return
        self._busy.add(verb)
        self.set_timer(SLOW_VERB_S, lambda: self._say_slow(verb))
        start_verb(self, verb, work, done, lambda text: write_log(self.engine.home, self.wall, text))

    def _say_slow(self, verb: str) -> None:
        if verb in self._busy:
            self.say(Notice(f"{verb}: waiting for the engine"))

    @on(VerbDone)
    def _verb_done(self, message: VerbDone) -> None:
        self._busy.discard(message.verb)
        self.say(None)
        message.done(message.result)

    @on(VerbFailed)
    def _verb_failed(self, message: VerbFailed) -> None:
        self._busy.discard(message.verb)
        self.say(Notice(message.text, message.hint, bad=True))

    def say(self, notice: Notice | None) -> None:
        """Tell the operator something, on the screen they look at; None takes the last word away."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LiveScreen):
                screen.tell(notice)
                return
        if self.screen_stack:  # empty once the console ends
            self.main.notice = notice

    # -- screens ------------------------------------------------------------------------------------------------

    def go(self, name: str) -> None:
        """Show one of the screens of `tui.screens.tabs`; a screen with unwritten changes asks first."""

        def away() -> None:
            while len(self.screen_stack) > 1:
                self.pop_screen()
            if screen := make_tab(name):
                self.push_screen(screen)

        if not any(isinstance(screen, LiveScreen) and name == screen.TAB for screen in self.screen_stack[-1:]):
            self.when_free(away)

    def when_free(self, go: Callable[[], None]) -> None:
        """Do `go` at once, or after the screen that has unwritten changes was asked."""
        for screen in reversed(self.screen_stack):
            if isinstance(screen, LiveScreen):
                screen.before_leaving(go)
                return
        go()

    def next_theme(self) -> None:
        """Wear the next theme that this terminal can show, until the console is left."""
        if self.no_color:
            self.say(Notice("NO_COLOR is set: there are no colours to choose", "open the console without it"))
            return
        found = after(self.theme, few_colours=self.few_colours)
        self.theme = found.name
        keep = f"stockml config set console.theme {found.name}"
        self.say(Notice(f"colours: {found.name}, {found.meaning}; C shows the next", f"to keep them: {keep}"))

    # -- leaving ------------------------------------------------------------------------------------------------

    def leave(self, code: int = 0) -> None:
        """End the console; what trains goes on."""
        self.exit(code, return_code=code)

    async def action_quit(self) -> None:
        self.when_free(self.leave)

    def action_help_quit(self) -> None:
        self.say(Notice("ctrl+c does nothing here", "q leaves the console, x cancels a run"))

    def last_words(self) -> str:
        """What goes on without the console, for the shell."""
        return leaving(self._last, self.started, str(self.engine.home.root))


def same(old: Snapshot | None, new: Snapshot) -> bool:
    """Whether two snapshots show the same, whenever they were taken."""
    return old is not None and replace(old, taken_at=new.taken_at) == new
