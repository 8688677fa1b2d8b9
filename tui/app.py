"""The console's application: reads the engine beside the event loop and hands snapshots to the
dashboard."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.screen import Screen

from engine.core.clock import Clock, SystemClock
from engine.core.errors import StockmlError
from engine.core.records import Level
from engine.core.snapshot import Away, Snapshot
from engine.core.text import clean
from engine.words import times
from tui.dashboard.last_seen import LastSeen
from tui.dashboard.screen import MainScreen
from tui.dashboard.status_refresh import StatusRefresh, same
from tui.dashboard.text import leaving
from tui.keys.keymap import Keymap, keymap
from tui.keys.labels import key, put_in_force
from tui.look.theme_switch import ThemedApp
from tui.look.themes import BY_NAME
from tui.look.waiting import LAG_S
from tui.ports import EnginePort
from tui.screens.live import LiveScreen
from tui.screens.tabs import TABS, make_screen
from tui.terminal import clipboard
from tui.terminal.driver import CountingDriver
from tui.terminal.textual_private import deliver_late_resize, driver_of
from tui.terminal.vitals import Vitals
from tui.work.background import Poller, post, start_verb, while_open, write_log
from tui.work.messages import (
    AwayRead,
    Notice,
    ServiceSeen,
    SnapshotFailed,
    SnapshotRead,
    Unrecorded,
    VerbDone,
    VerbFailed,
)

# While something trains; on a slow line what streams is drawn half as often, keys as fast as
# anywhere.
LIVE_REFRESH_S = {"fast": 0.5, "slow": 1.0}
SLOW_VERB_S = 0.5
UNRECORDED_AFTER_S = 2.0
# The service is asked for its health in a thousandth of a second; the first time after the first
# paint.
SERVICE_AFTER_S = 1.0
SERVICE_EVERY_S = 5.0
SERVICE_DEADLINE_S = 1.0
SCREENS = {tab.name: tab.screen for tab in TABS}
"""By name, where each screen is made; empty for the dashboard."""


class StockmlApp(ThemedApp, inherit_bindings=False):
    """One operator's view of one home; leaving it changes nothing that runs."""

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
        link: str = "fast",
    ) -> None:
        """`theme_for` names the theme for what `[console] theme` says on this terminal;
        `link` is fast or slow."""
        setting = engine.settings.current.console.theme
        super().__init__(driver_class=CountingDriver, ansi_color=BY_NAME[theme_for(setting)].ansi)
        self.start_theme(setting, theme_for)
        self.few_colours = few_colours
        self.engine = engine
        self.read_only = read_only
        self.ascii_only = ascii_only
        self.wall: Clock = wall or SystemClock()
        self.animation_level = "none"
        self.vitals = Vitals(engine.home, self.wall, link, read_only=read_only)
        self.stalled = ""
        """LAG in words for a while after the event loop stood still."""
        self.names = engine.settings.current.names
        """The symbols that the first paint makes room for."""
        self.started: list[str] = []
        """Runs started from here, also those no snapshot has shown yet."""
        self.event_loop: asyncio.AbstractEventLoop | None = None
        """The loop while it runs, for signal handlers."""
        self.own_keys = Keymap({})
        """The keys of `[console.keys]` as they were taken."""
        self.last_seen = LastSeen(
            engine,
            read_only=read_only,
            publish=lambda away: post(self, AwayRead(away)),
            log=self.note,
        )
        self._busy, self._failed = dict[str, Notice](), dict[str, Notice]()
        self._last: Snapshot | None = None
        self._failure = self._service_state = ""
        self._good_look = self.wall.monotonic()
        self._statuses = StatusRefresh(
            engine.children.start_status_refresh, self.wall.monotonic, self.note
        )
        self._poller = Poller(self._look, "snapshot-reader")
        self._service_poller = Poller(self._look_at_service, "service-reader")

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

    @property
    def away(self) -> Away | None:
        """What happened while the console was not open; None while that is being read."""
        return self.last_seen.away

    @property
    def service_word(self) -> str:
        """The state of the prediction service; empty before the first look at it."""
        return self.main.service

    def get_default_screen(self) -> Screen[Any]:
        return MainScreen()

    def on_mount(self) -> None:
        self.event_loop = asyncio.get_running_loop()
        self.vitals.start(self.event_loop.call_soon_threadsafe)
        self.take_keys()
        if self.own_keys.notice is not None:
            self.call_after_refresh(lambda: self.say(self.own_keys.notice))
        self._tick()
        self.set_interval(1.0, self._tick)
        self._poller.start()
        self.set_timer(SERVICE_AFTER_S, self._service_poller.start)

    def on_unmount(self) -> None:
        self._poller.stop()
        self._service_poller.stop()
        self.vitals.stop(self._sent())
        self.last_seen.stop()
        put_in_force(Keymap({}))

    @while_open
    def _tick(self) -> None:
        """Move the clock of the title, say so when the numbers are old, and follow the settings'
        theme."""
        self.main.clock = f"{self.wall.now().astimezone():%H:%M:%S}"
        old = self.wall.monotonic() - self._good_look
        before, self.stalled = self.stalled, self.vitals.tick(self._sent(), self.size)
        deliver_late_resize(self)
        words = (self.stalled, f"OLD {times.duration(old)}" if old > LAG_S and self._last else "")
        self.main.lag = "  ".join(word for word in words if word)
        if isinstance(self.screen, LiveScreen):
            self.screen.tick()
            if self.stalled != before:
                self.screen.redraw()
        self.follow_settings()

    def _sent(self) -> int | None:
        """Bytes sent to the terminal so far; None without one."""
        driver = driver_of(self)
        return driver.counted.sent if isinstance(driver, CountingDriver) else None

    # -- looking --------------------------------------------------------------------------------

    def _look(self) -> float:
        """Read the engine once, in the reader's thread; the seconds until the next look."""
        try:
            snapshot = self._statuses.told(self.engine.watch.snapshot())
            console = self.engine.settings.current.console
            pause, self.theme_setting = console.refresh_s, console.theme
        except StockmlError as error:
            self._report_failure(f"{error.message}\n{error.hint}".strip())
            return 2.0
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            self._report_failure(
                f"{type(error).__name__}: {clean(str(error), 300)}\ndetails: logs/console.log"
            )
            return 2.0
        self._good_look = self.wall.monotonic()
        if self._failure or not same(self._last, snapshot):
            self._failure = ""
            self._last = snapshot
            post(self, SnapshotRead(snapshot))
        self._statuses.ask(snapshot)
        self.vitals.save_sometimes()
        return min(pause, LIVE_REFRESH_S[self.vitals.link]) if snapshot.live_runs else pause

    def _report_failure(self, text: str) -> None:
        if text != self._failure:
            self._failure = text
            self.note(f"action=snapshot error={text}")
            post(self, SnapshotFailed(text))

    def _look_at_service(self) -> float:
        """Ask the service, where one runs, how it is; in a thread of its own, for it may hang."""
        try:
            word = self.engine.service.state(SERVICE_DEADLINE_S).word
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            self.note(f"action=service-state error={type(error).__name__}: {error}")
            word = ""
        if word != self._service_state:
            self._service_state = word
            post(self, ServiceSeen(word))
        return SERVICE_EVERY_S

    @on(ServiceSeen)
    @while_open
    def _service_seen(self, message: ServiceSeen) -> None:
        self.main.service = message.word
        if isinstance(self.screen, LiveScreen):
            self.screen.redraw()

    def look_now(self) -> None:
        """Read the engine without waiting for the next turn."""
        self._poller.poke()
        self._service_poller.poke()

    @on(SnapshotRead)
    @while_open
    def _snapshot_read(self, message: SnapshotRead) -> None:
        self.main.failure = ""
        if self.main.snapshot is None:  # behind the first paint
            self.last_seen.start()
        self.main.snapshot = message.snapshot

    @on(SnapshotFailed)
    @while_open
    def _snapshot_failed(self, message: SnapshotFailed) -> None:
        self.main.failure = message.text

    @on(AwayRead)
    @while_open
    def _away_read(self, message: AwayRead) -> None:
        self.main.away = message.away

    # -- asking ---------------------------------------------------------------------------------

    def ask(
        self,
        verb: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        slow: Notice | None = None,
    ) -> None:
        """Run a verb of the engine in a thread.

        A second one of the same kind waits for the operator's next key.

        `slow` is what is said while it goes on.
        """
        if verb in self._busy:
            self.say(Notice.still(verb))
            return
        self._busy[verb] = slow or Notice(f"{verb}: waiting for the engine")
        self.set_timer(SLOW_VERB_S, lambda: self._say_slow(verb))
        start_verb(self, verb, work, done, self.note)

    def _say_slow(self, verb: str) -> None:
        if verb in self._busy:
            self.say(self._busy[verb])

    @on(VerbDone)
    @while_open
    def _verb_done(self, message: VerbDone) -> None:
        own = (
            self._busy.pop(message.verb, None),
            self._failed.pop(message.verb, None),
            Notice.still(message.verb),
        )
        if (
            self._live_screen or self.main
        ).notice in own:  # else it is somebody's word, and stands for its own time
            self.say(next((notice for notice in self._busy.values() if notice.sticky), None))
        message.done(message.result)

    @on(VerbFailed)
    @while_open
    def _verb_failed(self, message: VerbFailed) -> None:
        self._busy.pop(message.verb, None)
        self._failed[message.verb] = Notice(message.text, message.hint, level=Level.CRIT)
        self.say(self._failed[message.verb])

    def note(self, text: str) -> None:
        """One line in logs/console.log, from whatever thread."""
        write_log(self.engine.home, self.wall, text)

    def complain(self, text: str) -> None:
        """What the audit lacks, from whatever thread; stderr is the screen."""
        self.note(f"action=audit error={text}")
        post(self, Unrecorded(text))

    @on(Unrecorded)
    def _unrecorded(self, message: Unrecorded) -> None:
        """Say it after what the action itself says, which would take it away."""
        notice = Notice(
            message.text, "free space, and check the permissions of logs/", level=Level.CRIT
        )
        self.set_timer(UNRECORDED_AFTER_S, lambda: self.say(notice))

    def say(self, notice: Notice | None) -> None:
        """Tell the operator something, on the screen they look at;
        None takes the last word away."""
        if screen := self._live_screen:
            screen.tell(notice)
        elif self.screen_stack:  # empty once the console ends
            self.main.notice = notice

    @property
    def _live_screen(self) -> LiveScreen | None:
        """The screen above the dashboard that the operator looks at, also while a dialog covers
        it."""
        return next(
            (screen for screen in reversed(self.screen_stack) if isinstance(screen, LiveScreen)),
            None,
        )

    def take_keys(self) -> None:
        """Lay the operator's keys over ours."""
        self.own_keys = keymap(self.engine.settings.current.console.keys)
        self.set_keymap(self.own_keys.textual)
        put_in_force(self.own_keys)

    def copy(self, text: str) -> None:
        """Ask the terminal to take `text`, and keep it in a file of the home unless this console
        is read-only."""
        text = clipboard.tidy(text)
        if not text.strip():
            self.say(Notice("there is nothing to copy here"))
            return
        asked = clipboard.sequence(text, os.environ)
        driver = driver_of(self)
        if asked and driver is not None:
            driver.write(asked)
        home = self.engine.home

        def done(problem: str) -> None:
            file = "" if self.read_only else str(home.copied.relative_to(home.root))
            self.say(clipboard.copied_notice(text, file, problem, asked=bool(asked)))

        self.ask("copy", lambda: "" if self.read_only else clipboard.keep(home, text), done)

    # -- screens --------------------------------------------------------------------------------

    def go(self, name: str) -> None:
        """Show one of the screens of `tui.screens.tabs`;
        a screen with unwritten changes asks first."""

        def away() -> None:
            try:
                screen = make_screen(SCREENS[name]) if SCREENS[name] else None
            except Exception as error:  # noqa: BLE001 - stockml was changed on disk while the console is open
                words = (
                    f"the screen {name} cannot be opened: {type(error).__name__}:"
                    f" {clean(str(error), 200)}"
                )
                write_log(self.engine.home, self.wall, f"action=open error={words}")
                self.say(
                    Notice(
                        words,
                        f"was stockml changed meanwhile? leave with {key('quit')} and open it"
                        " again",
                        level=Level.CRIT,
                    )
                )
                return
            while len(self.screen_stack) > 1:
                self.pop_screen()
            if screen:
                self.push_screen(screen)

        if not any(
            isinstance(screen, LiveScreen) and name == screen.TAB
            for screen in self.screen_stack[-1:]
        ):
            self.when_free(away)

    def when_free(self, go: Callable[[], None]) -> None:
        """Do `go` at once, or after the screen that has unwritten changes was asked."""
        if screen := self._live_screen:
            screen.before_leaving(go)
        else:
            go()

    # -- leaving --------------------------------------------------------------------------------

    def leave(self, code: int = 0) -> None:
        """End the console; what trains goes on."""
        self.exit(code, return_code=code)

    async def action_quit(self) -> None:
        self.when_free(self.leave)

    def action_help_quit(self) -> None:
        self.say(
            Notice(
                "ctrl+c does nothing here",
                f"{key('quit')} leaves the console, {key('cancel')} cancels a run",
            )
        )

    def last_words(self) -> str:
        """What goes on without the console, for the shell."""
        return leaving(self._last, self.started, str(self.engine.home.root))
