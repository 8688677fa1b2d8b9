"""The form for one setting: the value to type, and at every key why it is wrong or what it would
do."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.errors import ConfigError
from engine.core.snapshot import Snapshot
from engine.settings.document import KeyPath
from engine.settings.sheet import Setting, Sheet, typed
from engine.settings.write import value_of
from tui.keys.table import bindings
from tui.screens.base import ActingScreen
from tui.settings.text import check_lines
from tui.widgets.entry import Entry
from tui.widgets.lines import Lines, Span, line, wrapped


class SettingForm(ActingScreen[object]):
    """Answers with a value that the key takes, or None."""

    GROUP = "setting"
    TAKES_TEXT = True
    BINDINGS: ClassVar[list[BindingType]] = bindings("setting")

    def __init__(
        self, one: Setting, sheet: Sheet, draft: dict[KeyPath, object], snapshot: Snapshot | None
    ) -> None:
        super().__init__()
        self._one, self._sheet, self._snapshot = one, sheet, snapshot
        value = draft.pop(one.path, one.in_file)
        self._draft = draft
        self.entry = Entry.of(typed(one.default if value is None else value))

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield Lines(id="told")
        yield Lines(id="typed")
        yield Lines(id="page")
        yield from self.compose_footer()

    def on_resize(self) -> None:
        self.call_after_refresh(self.draw)

    def draw(self) -> None:
        """The meaning, the field, and what it would do."""
        width, height = self.app.size
        one = self._one
        about = [
            *wrapped(line(one.meaning), width, 0),
            *wrapped(line(f"takes {one.takes}; default {typed(one.default)}", "dim"), width),
        ]
        room = max(0, height - 5)
        told = self.query_one("#told")
        told.display = room > 0
        told.styles.height = min(len(about), room)
        unit: tuple[Span, ...] = ((f"  in {one.unit}", "dim"),) if one.unit else ()
        self.query_one("#title", Lines).show(((("Setting  ", "head"), (one.key, ""), *unit),))
        self.query_one("#told", Lines).show(about)
        self.query_one("#typed", Lines).show((self.entry.line(f"{one.path[-1]} = "),))
        self.query_one("#page", Lines).show(
            check_lines(one, self.entry.text, self._sheet, self._draft, self._snapshot, width)
        )
        self.draw_footer()

    async def on_key(self, event: events.Key) -> None:
        entry = self.entry.pressed(event.key, event.character if event.is_printable else None)
        if entry is not None:
            event.stop()
            event.prevent_default()
            self.entry = entry
            self.draw()

    def _choice_by(self, by: int) -> None:
        """The next of the few values that the key takes."""
        choices = self._one.choices
        if not choices:
            self.app.bell()
            return
        at = choices.index(self.entry.text) + by if self.entry.text in choices else 0
        self.entry = Entry.of(choices[at % len(choices)])
        self.draw()

    def do_down(self) -> None:
        self._choice_by(1)

    def do_up(self) -> None:
        self._choice_by(-1)

    def do_default(self) -> None:
        self.entry = Entry.of(typed(self._one.default))
        self.draw()

    def do_back(self) -> None:
        self.dismiss(None)

    def do_take(self) -> None:
        """Take it, unless it is wrong: the line below the field says why."""
        try:
            value = value_of(self._one.path, self.entry.text)
        except ConfigError:
            self.app.bell()
            return
        self.dismiss(value)
