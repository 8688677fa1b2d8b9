"""What every screen shares: keys from the table of actions, and the gate of a read-only console."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events, on
from textual.app import ComposeResult
from textual.screen import Screen

from engine.core.records import Level
from engine.core.text import clean
from tui.frame.frame import Frame
from tui.keys.table import by_id, in_group
from tui.screens.verbs import Verbs
from tui.terminal.textual_private import forget_backgrounds
from tui.widgets.footer import Footer, live_keys
from tui.widgets.picker import Picker
from tui.widgets.scroll import WHEEL_LINES
from tui.widgets.targets import TargetLines
from tui.work.messages import Notice

if TYPE_CHECKING:
    from tui.ports import Shell
    from tui.screens.typed_keys import Listener

Result = TypeVar("Result")
Sections = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""The help besides the keys: (title, ((name, meaning), …)) of each section."""
MAX_PASTE = 250
"""Characters of a pasted line that are typed."""


class ActingScreen(Screen[Result], inherit_bindings=False):
    """A screen whose bindings all run `act(id)`."""

    GROUP: ClassVar[str] = ""
    VERBS: ClassVar[tuple[type[Verbs], ...]] = ()
    """The verbs that do some of its actions."""
    TYPED_AHEAD: ClassVar[bool] = True
    """Keys typed before it is drawn are for it: on a slow line `/NVDA` and enter come at once."""
    TAKES_TEXT: ClassVar[bool] = False
    """It has a field: what is pasted is typed there."""
    UNDER: ClassVar[str] = ""
    """The tab that the frame shows it under."""
    AUTO_FOCUS = None

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self._shell: Shell | None = None
        self.listens = False
        """Whether it is drawn; what is typed before waits."""

    async def on_event(self, event: events.Event) -> None:
        """Act on one typed key at a time; the rest waits in the application."""
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif self.shell.typed_keys.begin(self, event):
            try:
                await super().on_event(event)
            finally:
                if self.app.screen_stack:
                    self.shell.typed_keys.end(cast("Listener", self.app.screen))

    def _listen(self) -> None:
        """It is drawn: act on what was typed for it; a question begins to listen."""
        self.listens = True
        if not self.TYPED_AHEAD:
            self.shell.typed_keys.forget()
        self._take_typed()

    def on_screen_resume(self) -> None:
        self._take_typed()

    def _take_typed(self) -> None:
        if self.app.screen is self:
            self.shell.typed_keys.give(self)

    async def on_key(self, event: events.Key) -> None:
        """Act on a key before the next: else a pasted `xy` answers a question not yet drawn."""
        active = self.active_bindings.get(event.key)
        if active is not None and active.enabled:
            event.stop()
            await self.app.run_action(active.binding.action, active.node)

    def on_paste(self, event: events.Paste) -> None:
        """Type the first line if the screen takes text; elsewhere a paste presses no key."""
        event.stop()
        if self.TAKES_TEXT:
            letters = clean(event.text.partition("\n")[0], MAX_PASTE)
            self.shell.typed_keys.insert(events.Key(letter, letter) for letter in letters)

    @property
    def shell(self) -> Shell:
        """The application; kept, because a reader's thread asks when the screen is gone too."""
        if self._shell is None:
            self._shell = cast("Shell", self.app)
        return self._shell

    def on_unmount(self) -> None:
        forget_backgrounds()
        self.shell.vitals.screen_closed()

    def compose_frame(self) -> ComposeResult:
        """The status line and the tab bar, above all else."""
        yield Frame(id="frame")

    @property
    def shown_tab(self) -> str:
        """The tab that the frame shows the screen under."""
        return self.UNDER

    def frame_marks(self) -> tuple[str, ...]:
        """What the screen adds to the status line."""
        return ()

    def draw_frame(self) -> None:
        """Show how the home is, on every screen that has a frame."""
        for frame in self.query(Frame):
            frame.draw(self.shell.frame, self.frame_marks(), self.shown_tab)

    @on(TargetLines.Pressed)
    def _target_pressed(self, message: TargetLines.Pressed) -> None:
        """Do what a part of frame or footer leads to when it is clicked."""
        kind, _, name = message.target.partition(":")
        if kind == "go":
            self.shell.go(name)
        elif kind == "symbol":
            self.shell.show_symbol(name)
        else:
            self.action_act(name)

    def redraw(self) -> None:
        """Draw again what depends on the chosen row."""

    @on(Picker.Clicked)
    async def _row_clicked(self, message: Picker.Clicked) -> None:
        self.query_one(Picker).choose(message.name)
        self.redraw()
        opener = self.active_bindings.get("enter")
        if message.opens and opener is not None:
            await self.app.run_action(opener.binding.action, opener.node)

    def on_mouse_scroll_down(self) -> None:
        self._wheel("do_down")

    def on_mouse_scroll_up(self) -> None:
        self._wheel("do_up")

    def _wheel(self, handler: str) -> None:
        """Move as the arrow keys do, some rows at once."""
        for _ in range(WHEEL_LINES if hasattr(self, handler) else 0):
            getattr(self, handler)()

    def compose_footer(self) -> ComposeResult:
        yield Footer(id="footer")

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The live keys of each action of this screen."""
        return live_keys((key, active.binding.id) for key, active in self.active_bindings.items())

    def draw_footer(self) -> None:
        """Show what can be pressed now; a screen left before it was drawn has no footer."""
        for footer in self.query(Footer):
            footer.draw(in_group(self.GROUP), self.keys(), self.shell.read_only)

    def action_act(self, action_id: str) -> None:
        """Run the action of a key or the palette; a read-only console refuses those that write."""
        action = by_id(action_id)
        if action.writes and self.shell.read_only:
            self.shell.say(
                Notice(
                    f"read-only: {action.name} is off",
                    "open the console without --read-only",
                    level=Level.WARN,
                )
            )
            return
        owner = next(part for part in (self, *self.verbs) if hasattr(part, action.handler))
        arguments = (action.argument,) if action.argument else ()
        getattr(owner, action.handler)(*arguments)

    @cached_property
    def verbs(self) -> tuple[Verbs, ...]:
        """The objects that do what the screen does not do itself."""
        return tuple(verbs(self.shell, self) for verbs in self.VERBS)

    def current_symbol(self) -> str:
        """The symbol under the cursor; empty without one."""
        return ""

    def marked_symbols(self) -> tuple[str, ...]:
        """The marked symbols, in the order of the screen."""
        return ()

    def clear_marks(self) -> None:
        """A verb has begun for the marked symbols."""

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw_footer)
        self.call_after_refresh(self.draw_frame)
        if not self.listens:  # behind the drawing that the screen itself asked for
            self.call_after_refresh(self._listen)

    def copyable(self) -> str:
        """What `y` copies here."""
        return ""

    def do_copy(self) -> None:
        self.shell.copy(self.copyable())

    def do_command(self) -> None:
        self.shell.open_command_line()

    def do_messages(self) -> None:
        self.shell.show_messages()

    def do_mouse(self) -> None:
        self.shell.say(self.shell.switch_mouse())

    def do_go(self, tab: str) -> None:
        self.shell.go(tab)
