"""An application that keeps what is typed in its order."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, cast

from textual import events
from textual.app import App

from tui.screens.typed_keys import Listener, TypedKeys


class TypingApp(App[Any], inherit_bindings=False):
    """Gives each key to the screen on top, but for those that leave the console at once."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.typed_keys = TypedKeys()
        self.leave_keys: Collection[str] = ("ctrl+q",)

    async def on_event(self, event: events.Event) -> None:
        typed = isinstance(event, events.Key | events.Paste) and not event.is_forwarded
        leaves = isinstance(event, events.Key) and event.key in self.leave_keys
        if typed and not leaves and self.screen_stack:
            key = cast("events.Key | events.Paste", event)
            self.typed_keys.add(key, cast("Listener", self.screen))
        else:
            await super().on_event(event)
