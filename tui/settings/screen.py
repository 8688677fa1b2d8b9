"""The Settings screen: every key of stockml.toml, and changes that are shown before writing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.records import Level
from engine.settings.keys import KeyPath
from engine.settings.records import SettingChange
from engine.settings.sheet import Setting, Sheet, value_text
from engine.words.phrases import plural
from engine.words.tables import meanings
from tui.dialogs.confirm import Question, confirm
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.keys.keymap import problems_of
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.look.table import table
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.settings import mending
from tui.settings import text as words
from tui.settings.draft import SettingsDraft
from tui.settings.form import SettingForm
from tui.settings.limits import Reading, reading_of, readings
from tui.settings.list import SettingsPicker, grouped, matches
from tui.widgets.lines import Span, line
from tui.widgets.scroll import ScrollLines
from tui.work.messages import Notice


@dataclass(frozen=True, slots=True)
class SettingsView:
    """One look: the settings, and what the limits among them meet now."""

    sheet: Sheet
    readings: dict[KeyPath, Reading]


class SettingsScreen(LiveScreen):
    """Collects changes; `w` writes them together, checked as `stockml config set` does."""

    GROUP = "settings"
    NAME = "Settings"
    TAB = "settings"
    BINDINGS: ClassVar[list[BindingType]] = bindings("settings")

    value: SettingsView | None

    def __init__(self) -> None:
        super().__init__()
        self._filter = ""
        self._only_changed = False
        self._read: tuple[object, Sheet] | None = None

    @property
    def draft(self) -> SettingsDraft:
        """Changes that are not written; they outlive the screen."""
        draft = self.shell.drafts.setdefault(self.TAB, SettingsDraft())
        assert isinstance(draft, SettingsDraft)
        return draft

    # -- looking --------------------------------------------------------------------------------

    def look(self) -> SettingsView:
        version = self.shell.engine.settings.version
        if self._read is None or self._read[0] != version or version is None:
            self._read = (version, self.shell.engine.settings.sheet())
        sheet = self._read[1]
        return SettingsView(sheet, readings(sheet.settings, self.shell.snapshot))

    def value_changed(self) -> None:
        if self.value is not None:
            self.draft.drop_written(self.value.sheet.settings)

    def compose_body(self) -> ComposeResult:
        yield SettingsPicker(id="keys")
        yield ScrollLines(id="page")

    def on_mount(self) -> None:
        self._place()

    def on_resize(self) -> None:
        self._place()

    def _place(self) -> None:
        """The page of the current key gets a third of the height, nothing on a small terminal."""
        height = self.app.size.height
        page = self.query_one("#page")
        page.display = height >= 9
        page.styles.height = max(2, min(9, (height - 2) // 3))

    def facts(self) -> Sequence[Span]:
        if self.value is None:
            return ()
        sheet = self.value.sheet
        changed = sum(setting.changed for setting in sheet.settings)
        spans: list[Span] = [("stockml.toml", "")]
        if sheet.problems:
            spans.append(("BROKEN", "crit"))
        else:
            spans.append((f"{changed} changed from default" if changed else "all defaults", "dim"))
        spans += [(f"/{self._filter}", "mark")] if self._filter else []
        spans += [("changed only", "mark")] if self._only_changed else []
        if changes := len(self.draft.values):
            spans.append((f"{plural(changes, 'change')} {words.NEW}", "mark"))
        return spans

    def sections(self) -> Sections:
        secrets = ("secrets.toml", "URLs and tokens; it is never shown or written here")
        return (
            ("Columns", meanings(words.HEADS)),
            ("Words under FROM", tuple(words.FROM_WORDS.items())),
            ("Beside it", (secrets,)),
        )

    # -- drawing --------------------------------------------------------------------------------

    def draw(self) -> None:
        keys, page = self.query_one(SettingsPicker), self.query_one(ScrollLines)
        if self.value is None:
            keys.fill((), (), self.waiting("reading stockml.toml"))
            page.fill(())
            return
        sheet = self.value.sheet
        if sheet.problems:
            mending.draw(sheet, keys, page)
            return
        listed = [setting for setting in sheet.settings if self._listed(setting)]
        width, draft = keys.size.width - 2, self.draft.values
        rows = [words.row(setting, draft, self._reading(setting), width) for setting in listed]
        header, lines = table(words.heads(width), rows, width)
        keys.fill(
            header,
            tuple(grouped(listed, lines)),
            (line(f"no key matches; {key('settings_back')} shows all of them", "dim"),),
        )
        keys.skip_heading()
        current = self.current
        if current is None:
            page.fill(())
        else:
            reading = self._reading(current)
            page.fill(words.detail_lines(current, draft, reading, page.size.width))

    def _reading(self, setting: Setting) -> Reading | None:
        """What the limit meets, or would meet with the value that is not written."""
        new_value = self.draft.values.get(setting.path)
        if new_value is not None:
            return reading_of(setting, new_value, self.shell.snapshot)
        return self.value.readings.get(setting.path) if self.value else None

    def _listed(self, setting: Setting) -> bool:
        """Whether the setting is listed under the filter."""
        changed = setting.changed or setting.variable or setting.path in self.draft.values
        return (bool(changed) or not self._only_changed) and matches(setting, self._filter)

    @property
    def current(self) -> Setting | None:
        """The setting under the cursor."""
        if self.value is None:
            return None
        chosen = self.query_one(SettingsPicker).chosen
        settings = self.value.sheet.settings
        return next((setting for setting in settings if setting.key == chosen), None)

    def copyable(self) -> str:
        setting = self.current
        return f"{setting.key} = {value_text(setting.value)}" if setting else ""

    # -- changing -------------------------------------------------------------------------------

    def _begin(self) -> Setting | None:
        """The current setting; None, and why, where nothing can be changed."""
        if self.value is None or self.value.sheet.problems:
            problem = self.failure or "stockml.toml was not read yet"
            if self.value is not None:
                problem = self.value.sheet.problems[0]
            text = f"nothing is changed: {problem}"
            self.tell(Notice(text, f"{key('settings_edit')} mends a line", level=Level.CRIT))
            return None
        return self.current

    def _put(self, setting: Setting, value: object) -> None:
        self.draft.put(setting, value)
        self._draft_changed()

    def _draft_changed(self) -> None:
        self.draw_frame()
        self.redraw()

    def do_edit(self) -> None:
        if self.value is not None and self.value.sheet.problems:
            chosen = self.query_one(SettingsPicker).chosen
            mending.open_form(self.shell, self.value.sheet, chosen, self.do_refresh)
            return
        setting = self._begin()
        if setting is None or self.value is None:
            return

        def put(value: object) -> None:
            if value is not None:
                self._put(setting, value)

        draft = dict(self.draft.values)
        form = SettingForm(setting, self.value.sheet, draft, self.shell.snapshot)
        self.app.push_screen(form, put)

    def do_reset(self) -> None:
        """Reset to the default; a key without one is removed from the file unless required."""
        setting = self._begin()
        if setting is None:
            return
        if setting.default is None and setting.path[0] == "symbols":
            self.tell(Notice(f"{setting.key} has no default", f"{key('settings_edit')} changes it"))
            return
        self._put(setting, setting.default)

    def do_undo(self) -> None:
        setting = self._begin()
        if setting is None:
            return
        if setting.path not in self.draft.values:
            self.tell(Notice(f"{setting.key} has no change to take back"))
            return
        self.draft.drop(setting.path)
        self._draft_changed()

    def do_filter(self) -> None:
        def show(text: str) -> None:
            self._filter = text
            self.redraw()

        ask_text(self.shell, PromptScreen("keys with: ", self._filter), show)

    def do_changed(self) -> None:
        self._only_changed = not self._only_changed
        self.redraw()

    # -- writing --------------------------------------------------------------------------------

    def do_write(self) -> None:
        if self.value is None or self.value.sheet.problems:
            self._begin()
            return
        draft = self.draft.values
        if not draft:
            self.tell(Notice("nothing to write: the settings are unchanged"))
            return
        sheet = self.value.sheet
        if problems := sheet.with_changes(draft):
            hint = f"change that too, or {key('settings_undo')} takes a change back"
            self.tell(Notice(f"not written: {problems[0]}", hint, level=Level.CRIT))
            return
        overridden = any(setting.variable for setting in sheet.settings if setting.path in draft)
        if len(draft) == 1 and not overridden:
            self._write()
            return
        title = f"Write {plural(len(draft), 'change')} to stockml.toml?"
        changes = words.change_lines(sheet.settings, draft)
        confirm(self.shell, Question(title, changes, "Write"), self._write)

    def _write(self) -> None:
        new_values, before = self.draft.to_write()

        def work() -> tuple[tuple[SettingChange, ...], SettingsView]:
            changes = self.shell.engine.settings.write(new_values, before, problems_of)
            return changes, self.look()

        self.shell.ask("write", work, self._written)

    def _written(self, answer: tuple[tuple[SettingChange, ...], SettingsView]) -> None:
        changes, view = answer
        self.draft.clear()
        text = ", ".join(
            f"{change.key} = {value_text(change.after)} (was {value_text(change.before)})"
            for change in changes
        )
        self.tell(Notice(f"written: {text}", "the file before is .stockml.toml.previous"))
        self.take(view)
        self.shell.take_keys()

    # -- leaving --------------------------------------------------------------------------------

    def do_back(self) -> None:
        """One step back: the notice, the filter, then the screen."""
        if self.notice is None and (self._filter or self._only_changed):
            self._filter, self._only_changed = "", False
            self.redraw()
        else:
            super().do_back()
