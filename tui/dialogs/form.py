"""What every screen with a field to type into shares."""

from __future__ import annotations

from textual import events

from engine.core.errors import StockmlError
from tui.screens.base import ActingScreen, Result
from tui.widgets.lines import Lines
from tui.widgets.text_entry import TextEntry


class TypedForm(ActingScreen[Result]):
    """One field; enter answers with what its text means, escape with None."""

    TAKES_TEXT = True

    def __init__(self, text: str) -> None:
        super().__init__()
        self.entry = TextEntry.of(text)

    def draw(self) -> None:
        """Draw it for its text; called after a key and a resize."""
        raise NotImplementedError

    def meaning_of(self, text: str) -> Result:
        """What the form answers; StockmlError for a text that it does not take."""
        raise NotImplementedError

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    async def on_key(self, event: events.Key) -> None:
        entry = self.entry.pressed(event.key, event.character if event.is_printable else None)
        if entry is not None:
            event.stop()
            event.prevent_default()
            self.entry = entry
            self.draw()

    def put(self, text: str) -> None:
        """Replace the text in the field."""
        self.entry = TextEntry.of(text)
        self.draw()

    def draw_entry(self, prompt: str) -> None:
        """The field with its prompt, in the lines `#typed`."""
        self.query_one("#typed", Lines).show((self.entry.line(prompt),))

    def do_back(self) -> None:
        self.dismiss(None)

    def do_take(self) -> None:
        """Answer with the value of the text, unless it is wrong: the form shows why."""
        try:
            answer = self.meaning_of(self.entry.text)
        except StockmlError:
            self.app.bell()
            return
        self.dismiss(answer)
