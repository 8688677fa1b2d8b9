"""What every screen shares: its keys come from the table of actions, and a read-only console
refuses those that write."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events
from textual.app import ComposeResult
from textual.screen import Screen

from engine.core.records import Level
from engine.core.text import clean
from tui.keys.table import by_id, in_group
from tui.screens.verbs import Verbs
from tui.terminal.textual_private import forget_backgrounds
from tui.widgets.footer import Footer, live_keys
from tui.work.messages import Notice

if TYPE_CHECKING:
    from tui.ports import Shell

Result = TypeVar("Result")
Sections = tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
"""What the help says beside the keys: (title, ((name, meaning), …)) of each section."""
PASTED = 250
"""Characters of a pasted line that are typed."""


class ActingScreen(Screen[Result], inherit_bindings=False):
    """A screen whose bindings all run `act(id)`."""

    GROUP: ClassVar[str] = ""
    VERBS: ClassVar[tuple[type[Verbs], ...]] = ()
    """The verbs that do some of its actions."""
    TYPED_AHEAD: ClassVar[bool] = True
    """Keys typed before it stood there are meant for it: over a slow line `/NVDA` and enter
    arrive at once."""
    TAKES_TEXT: ClassVar[bool] = False
    """It has a line to type into: what is pasted is typed there."""
    AUTO_FOCUS = None

    def __init__(self, *args: Any, **values: Any) -> None:
        super().__init__(*args, **values)
        self._shell: Shell | None = None
        self._early: list[events.Key] | None = []
        """Keys that came before the first drawing; None behind it."""

    async def on_event(self, event: events.Event) -> None:
        """Keep a key until the screen is drawn, and hand one on that finds another screen on
        top."""
        if isinstance(event, events.Key) and self.app.screen_stack:
            if (top := self.app.screen) is not self:
                if isinstance(top, ActingScreen):
                    top.post_message(event)
                return
            if self._early is not None:
                self._early.append(event)
                return
        await super().on_event(event)

    def _stand(self) -> None:
        """It is drawn: what was typed for it is its own now; a question begins to listen."""
        early, self._early = self._early or [], None
        for event in early if self.TYPED_AHEAD else ():
            self.post_message(event)

    async def on_key(self, event: events.Key) -> None:
        """Act on a key before the next one is looked at.

        Textual acts when the application has seen all keys that came with it: `x` and `y` in one
        piece, as a slow line or a slip brings them, then answer a question before it is drawn.
        """
        if (found := self.active_bindings.get(event.key)) and found.enabled:
            event.stop()
            await self.app.run_action(found.binding.action, found.node)

    def on_paste(self, event: events.Paste) -> None:
        """Type the first line of what is pasted where text is taken;
        elsewhere it presses no key."""
        event.stop()
        for letter in clean(event.text.partition("\n")[0], PASTED) if self.TAKES_TEXT else "":
            self.post_message(events.Key(letter, letter))

    @property
    def shell(self) -> Shell:
        """The application; kept, because a reader's thread asks when the screen is gone too."""
        if self._shell is None:
            self._shell = cast("Shell", self.app)
        return self._shell

    def on_unmount(self) -> None:
        forget_backgrounds()
        self.shell.vitals.screen_closed()

    def compose_footer(self) -> ComposeResult:
        yield Footer(id="footer")

    def keys(self) -> dict[str, tuple[str, ...]]:
        """The live keys of each action of this screen."""
        return live_keys((key, found.binding.id) for key, found in self.active_bindings.items())

    def draw_footer(self) -> None:
        """Show what can be pressed now; a screen that was left before it stood has no footer."""
        for footer in self.query(Footer):
            footer.draw(in_group(self.GROUP), self.keys(), self.shell.read_only)

    def action_act(self, action_id: str) -> None:
        """Run the action of a key or of the palette: the one gate that keeps a read-only console
        from writing."""
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
        if self._early is not None:  # behind the drawing that the screen itself asked for
            self.call_after_refresh(self._stand)

    def copyable(self) -> str:
        """What `y` copies here."""
        return ""

    def do_copy(self) -> None:
        self.shell.copy(self.copyable())

    def do_go(self, tab: str) -> None:
        self.shell.go(tab)
