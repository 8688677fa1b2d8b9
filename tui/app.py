"""The console's application: the shell around its screens, fed with snapshots of the engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.core.clock import Clock, SystemClock
from engine.core.records import Level
from engine.core.snapshot import Away, Snapshot
from engine.words import times
from tui.dashboard.last_seen import LastSeen
from tui.dashboard.screen import MainScreen
from tui.dashboard.snapshot_feed import SnapshotFeed
from tui.dashboard.text import leaving
from tui.frame.facts import FrameFacts
from tui.keys.labels import key
from tui.look.themes import BY_NAME
from tui.look.waiting import LAG_S
from tui.ports import EnginePort
from tui.screens.asking_app import AskingApp
from tui.screens.live import LiveScreen
from tui.screens.stack import ScreenStack
from tui.service.feed import ServiceFeed
from tui.terminal.driver import CountingDriver, bytes_sent
from tui.terminal.line_speed import LineSpeed
from tui.terminal.textual_private import deliver_late_resize, driver_of
from tui.terminal.vitals import Vitals
from tui.work.background import post, while_open, write_log
from tui.work.copying import copy_text
from tui.work.messages import (
    AwayRead,
    Notice,
    ServiceSeen,
    SnapshotFailed,
    SnapshotRead,
    Unrecorded,
)

UNRECORDED_AFTER_S = 2.0
# The service is asked for its health after the first paint.
SERVICE_AFTER_S = 1.0


class StockmlApp(AskingApp, inherit_bindings=False):
    """One operator's view of one home; leaving it stops no work."""

    TITLE = "stockml"
    CSS_PATH = "stockml.tcss"
    ENABLE_COMMAND_PALETTE = False
    # ctrl+q leaves from everywhere; ctrl+c says how to leave, because people press it by reflex.
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+q", "quit", "leave the console", show=False, priority=True, id="leave"),
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
        line: LineSpeed | None = None,
        mouse: bool = True,
        tab: str = "",
    ) -> None:
        """`theme_for` names the theme of a setting on this terminal; `tab` is shown first."""
        settings = engine.settings.usable
        setting = settings.console.theme
        super().__init__(driver_class=CountingDriver, ansi_color=BY_NAME[theme_for(setting)].ansi)
        self.start_theme(setting, theme_for, few_colours=few_colours)
        self.start_line(line or LineSpeed(), mouse=mouse)
        self.engine = engine
        self.read_only = read_only
        self.ascii_only = ascii_only
        self.wall: Clock = wall or SystemClock()
        self.vitals = Vitals(engine.home, self.wall, self.line, read_only=read_only)
        self.stalled = ""
        """LAG in words for 30 s after the event loop stalled; else empty."""
        self.names = settings.names
        """The symbols that the first paint makes room for."""
        self.started: list[str] = []
        """Runs started from here, also those no snapshot has shown yet."""
        self.event_loop: asyncio.AbstractEventLoop | None = None
        """The loop while it runs, for signal handlers."""
        publish = partial(post, self)
        self.last_seen = LastSeen(engine, read_only=read_only, publish=publish, log=self.note)
        self._first_tab = tab
        self._service = ServiceSeen("", None)
        self._lag = ""
        self._stack = ScreenStack(self, self.say, self.note)
        self._feed = SnapshotFeed(engine, self.wall, self.vitals, publish=publish, log=self.note)
        self._service_feed = ServiceFeed(engine, publish=publish, log=self.note)

    @property
    def main(self) -> MainScreen:
        """The dashboard, also while another screen covers it."""
        screen = self.screen_stack[0]
        assert isinstance(screen, MainScreen)
        return screen

    @property
    def snapshot(self) -> Snapshot | None:
        """What was read last."""
        return self._feed.snapshot

    @property
    def away(self) -> Away | None:
        """What happened while the console was not open; None while that is being read."""
        return self.last_seen.away

    @property
    def frame(self) -> FrameFacts:
        """What the frame of every screen shows."""
        return FrameFacts(
            snapshot=self.main.snapshot,
            failure=self.main.failure,
            clock=times.time_of_day(self.wall.now()),
            service=self._service.word,
            latency_s=self._service.latency_s,
            slow=self.vitals.link == "slow",
            lag=self._lag,
            read_only=self.read_only,
            unsaved=tuple(self.unsaved),
        )

    def get_default_screen(self) -> Screen[Any]:
        return MainScreen()

    def on_mount(self) -> None:
        self.event_loop = asyncio.get_running_loop()
        self.vitals.start(self.event_loop.call_soon_threadsafe)
        self.take_keys()
        if self.own_keys.notice is not None:
            self.call_after_refresh(lambda: self.say(self.own_keys.notice))
        if self._first_tab:
            self.call_after_refresh(self.go, self._first_tab)
        self._tick()
        self.set_interval(1.0, self._tick)
        self._feed.poller.start()
        self.set_timer(SERVICE_AFTER_S, self._service_feed.poller.start)

    def on_unmount(self) -> None:
        self._feed.poller.stop()
        self._service_feed.poller.stop()
        self.vitals.stop(bytes_sent(driver_of(self)))
        self.last_seen.stop()
        self.forget_keys()

    @while_open
    def _tick(self) -> None:
        """Once a second: move the title's clock, mark old numbers, follow the settings' theme."""
        before = self.stalled
        self.stalled = self.vitals.tick(bytes_sent(driver_of(self)), self.size)
        deliver_late_resize(self)
        age_s = self._feed.age_s
        old = f"OLD {times.duration(age_s)}" if age_s > LAG_S and self.snapshot else ""
        self._lag = "  ".join(word for word in (self.stalled, old) if word)
        self._stack.draw_frame()
        if isinstance(self.screen, LiveScreen):
            self.screen.tick()
            if self.stalled != before:
                self.screen.redraw()
        self.follow_line(self.say)
        self.show_progress()
        self.theme_setting = self._feed.theme
        self.follow_settings()

    # -- reading --------------------------------------------------------------------------------

    @on(ServiceSeen)
    @while_open
    def _service_seen(self, message: ServiceSeen) -> None:
        self._service = message
        self._stack.draw_frame()
        if isinstance(self.screen, LiveScreen):
            self.screen.redraw()

    def look_now(self) -> None:
        """Read the engine without waiting for the next turn."""
        self._feed.poller.poke()
        self._service_feed.poller.poke()

    @on(SnapshotRead)
    @while_open
    def _snapshot_read(self, message: SnapshotRead) -> None:
        self.main.failure = ""
        if self.main.snapshot is None:  # behind the first paint
            self.last_seen.start()
        self.main.snapshot = message.snapshot
        self._stack.draw_frame()

    @on(SnapshotFailed)
    @while_open
    def _snapshot_failed(self, message: SnapshotFailed) -> None:
        self.main.failure = message.text

    @on(AwayRead)
    @while_open
    def _away_read(self, message: AwayRead) -> None:
        self.main.away = message.away

    # -- saying ---------------------------------------------------------------------------------

    @property
    def shown_notice(self) -> Notice | None:
        """The notice that the operator sees now."""
        return (self._stack.live_screen or self.main).notice

    def note(self, text: str) -> None:
        """One line in logs/console.log, from any thread."""
        write_log(self.engine.home, self.wall, text)

    def complain(self, text: str) -> None:
        """Report what the audit lacks, from any thread; stderr is the screen."""
        self.note(f"action=audit error={text}")
        post(self, Unrecorded(text))

    @on(Unrecorded)
    def _unrecorded(self, message: Unrecorded) -> None:
        """Show it after the action's own notice, which would replace it."""
        hint = "free space, and check the permissions of logs/"
        notice = Notice(message.text, hint, level=Level.CRIT)
        self.set_timer(UNRECORDED_AFTER_S, lambda: self.say(notice))

    def say(self, notice: Notice | None) -> None:
        """Show a notice on the screen that the operator looks at; None takes the last one away."""
        self.keep(notice, self.wall.now())
        self.show(notice)

    def show(self, notice: Notice | None) -> None:
        """Show a notice that the messages do not keep."""
        if screen := self._stack.live_screen:
            screen.tell(notice)
        elif self.screen_stack:  # empty once the console ends
            self.main.notice = notice

    def take_keys(self) -> None:
        """Apply the operator's keys over the defaults."""
        settings = self.engine.settings.usable
        self.names = settings.names
        self.use_keys(settings.console.keys)

    def copy(self, text: str) -> None:
        """Ask the terminal to take `text`; keep it in a file too, unless this is read-only."""
        driver = driver_of(self)
        copy_text(self, text, driver.write if driver else None)

    def go(self, name: str) -> None:
        """Show a screen of `tui.screens.tabs`."""
        self._stack.go(name)

    def show_symbol(self, symbol: str) -> None:
        """Show all about one symbol."""
        self._stack.go("dashboard", lambda: self.main.show_symbol(symbol))

    # -- leaving --------------------------------------------------------------------------------
    async def action_quit(self) -> None:
        self.quit()

    def action_help_quit(self) -> None:
        hint = f"{key('quit')} leaves the console, {key('cancel')} cancels a run"
        self.say(Notice("ctrl+c does nothing here", hint))

    def last_words(self) -> str:
        """The work that continues without the console, in words for the shell."""
        return leaving(self.snapshot, self.started, str(self.engine.home.root))
