"""The form for one setting: shows at every key what is wrong with the value or what it changes."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.snapshot import Snapshot
from engine.settings.keys import KeyPath
from engine.settings.sheet import Setting, Sheet, typed_text, value_of
from tui.dialogs.form import TypedForm
from tui.keys.table import bindings
from tui.settings.text import check_lines
from tui.widgets.lines import Lines, Span, line, wrapped


class SettingForm(TypedForm[object]):
    """Answers with a value that the key takes, or None."""

    GROUP = "setting"
    BINDINGS: ClassVar[list[BindingType]] = bindings("setting")

    def __init__(
        self,
        setting: Setting,
        sheet: Sheet,
        draft: dict[KeyPath, object],
        snapshot: Snapshot | None,
    ) -> None:
        value = draft.pop(setting.path, setting.in_file)
        super().__init__(typed_text(setting.default if value is None else value))
        self._setting, self._sheet, self._snapshot = setting, sheet, snapshot
        self._draft = draft

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield Lines(id="about")
        yield Lines(id="typed")
        yield Lines(id="page")
        yield from self.compose_footer()

    def draw(self) -> None:
        """The meaning, the field, and what it would do."""
        width, height = self.app.size
        setting = self._setting
        about = [
            *wrapped(line(setting.meaning), width, 0),
            *wrapped(
                line(f"takes {setting.takes}; default {typed_text(setting.default)}", "dim"), width
            ),
        ]
        room = max(0, height - 5)
        above = self.query_one("#about")
        above.display = room > 0
        above.styles.height = min(len(about), room)
        unit: tuple[Span, ...] = ((f"  in {setting.unit}", "dim"),) if setting.unit else ()
        self.query_one("#title", Lines).show(((("Setting  ", "head"), (setting.key, ""), *unit),))
        self.query_one("#about", Lines).show(about)
        self.draw_entry(f"{setting.path[-1]} = ")
        self.query_one("#page", Lines).show(
            check_lines(setting, self.entry.text, self._sheet, self._draft, self._snapshot, width)
        )
        self.draw_footer()

    def _choice_by(self, by: int) -> None:
        """The next of the few values that the key takes."""
        choices = self._setting.choices
        if not choices:
            self.app.bell()
            return
        at = choices.index(self.entry.text) + by if self.entry.text in choices else 0
        self.put(choices[at % len(choices)])

    def do_down(self) -> None:
        self._choice_by(1)

    def do_up(self) -> None:
        self._choice_by(-1)

    def do_default(self) -> None:
        self.put(typed_text(self._setting.default))

    def meaning_of(self, text: str) -> object:
        return value_of(self._setting.path, text)
