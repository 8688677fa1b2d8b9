"""An application that keeps what is typed in its order."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TYPE_CHECKING, Any, cast

from textual import events
from textual.app import App

from tui.keys.keymap import Keymap, KeySettings, keymap
from tui.keys.labels import put_in_force
from tui.screens.typed_keys import Listener, TypedKeys
from tui.work.messages import Notice

if TYPE_CHECKING:
    from tui.ports import Shell, Unwritten

MAX_MESSAGES = 200


class TypingApp(App[Any], inherit_bindings=False):
    """Gives each key to the screen on top, but for those that leave the console at once."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typed_keys = TypedKeys()
        self.own_keys = Keymap({})
        """The keys of `[console.keys]` that are in force."""
        self.command_history: list[str] = []
        """The lines typed behind `:`, the newest last."""
        self.drafts: dict[str, Unwritten] = {}
        """What is changed and not written, by the tab of its screen."""
        self.messages: list[tuple[datetime, Notice]] = []
        """The notices of this session, the newest last."""
        self._leave_keys: Collection[str] = ("ctrl+q",)

    @property
    def unsaved(self) -> dict[str, tuple[str, ...]]:
        """The names of what is changed and not written, by tab."""
        return {tab: draft.changed for tab, draft in self.drafts.items() if draft.changed}

    def use_keys(self, keys: KeySettings) -> None:
        """Apply the operator's `keys` over the defaults."""
        self.own_keys = keymap(keys)
        self.set_keymap(self.own_keys.textual)
        self._leave_keys = self.own_keys.textual.get("leave", "ctrl+q").split(",")
        put_in_force(self.own_keys)

    def forget_keys(self) -> None:
        """The console ends: sentences name our keys again."""
        put_in_force(Keymap({}))

    def keep(self, notice: Notice | None, now: datetime) -> None:
        """Keep what is said for the list of messages."""
        if notice is not None:
            self.messages = [*self.messages[-MAX_MESSAGES:], (now, notice)]

    def open_command_line(self) -> None:
        """Ask for a command, a symbol or a screen, and do it."""
        from tui.command.run import open_command_line

        open_command_line(cast("Shell", self))

    def show_messages(self) -> None:
        """Show what was said in this session."""
        from tui.command.messages import MessagesScreen

        self.push_screen(MessagesScreen())

    async def on_event(self, event: events.Event) -> None:
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        leaves = isinstance(event, events.Key) and event.key in self._leave_keys
        if typed and not leaves and self.screen_stack:
            key = cast("events.Key | events.Paste", event)
            self.typed_keys.add(key, cast("Listener", self.screen))
        else:
            await super().on_event(event)
