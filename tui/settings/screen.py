"""The Settings screen: every key of stockml.toml with its meaning, limits beside what is now,
changes shown before writing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.records import Level
from engine.settings.document import KeyPath
from engine.settings.sheet import Setting, Sheet, read_sheet, value_text
from engine.settings.write import SettingChange
from engine.words.phrases import plural
from tui.dialogs.confirm import Question, confirm, confirm_leaving
from tui.dialogs.prompt import PromptScreen, ask_text
from tui.keys.keymap import problems_of
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.look.table import meanings, table
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.settings import text as words
from tui.settings.form import SettingForm
from tui.widgets.lines import Line, Span, line
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines
from tui.work.messages import Notice


@dataclass(frozen=True, slots=True)
class Seen:
    """One look: the settings, and what the limits among them meet now."""

    sheet: Sheet
    nows: dict[KeyPath, words.Now]


class SettingsScreen(LiveScreen):
    """Changes are collected;
    `w` writes them together, through the same checks as `stockml config set`."""

    GROUP = "settings"
    NAME = "Settings"
    TAB = "settings"
    BINDINGS: ClassVar[list[BindingType]] = bindings("settings")

    value: Seen | None

    def __init__(self) -> None:
        super().__init__()
        self.draft: dict[KeyPath, object] = {}
        """What is not written."""
        self._based: dict[KeyPath, object] = {}
        """What stood in the file for each of them."""
        self._filter = ""
        self._only_changed = False
        self._read: tuple[tuple[int, int, int], Sheet] | None = None

    # -- looking --------------------------------------------------------------------------------

    def look(self) -> Seen:
        home = self.shell.engine.home
        try:
            found = home.settings.stat()
            key = (found.st_ino, found.st_size, found.st_mtime_ns)
        except OSError:
            key = (0, 0, 0)
        if self._read is None or self._read[0] != key or key == (0, 0, 0):
            self._read = (key, read_sheet(home))
        sheet = self._read[1]
        return Seen(sheet, words.nows(sheet.settings, self.shell.snapshot))

    def found(self) -> None:
        """A change that the file has already is none any more."""
        standing = (
            {one.path: one.in_file for one in self.value.sheet.settings} if self.value else {}
        )
        self.draft = {
            path: value
            for path, value in self.draft.items()
            if path not in standing or standing[path] != value
        }

    def compose_body(self) -> ComposeResult:
        yield Picker(id="keys")
        yield ScrollLines(id="page")

    def on_mount(self) -> None:
        self._place()

    def on_resize(self) -> None:
        self._place()

    def _place(self) -> None:
        """The list first;
        the current key's words get a third of the height, nothing on a small terminal."""
        height = self.app.size.height
        page = self.query_one("#page")
        page.display = height >= 9
        page.styles.height = max(2, min(9, (height - 2) // 3))

    def facts(self) -> Sequence[Span]:
        if self.value is None:
            return ()
        sheet = self.value.sheet
        changed = sum(one.changed for one in sheet.settings)
        spans: list[Span] = [("stockml.toml", "")]
        if sheet.problems:
            spans.append(("BROKEN", "crit"))
        else:
            spans.append((f"{changed} changed from default" if changed else "all defaults", "dim"))
        spans += [(f"/{self._filter}", "mark")] if self._filter else []
        spans += [("changed only", "mark")] if self._only_changed else []
        spans += (
            [(f"{plural(len(self.draft), 'change')} {words.NEW}", "mark")] if self.draft else []
        )
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
        keys, page = self.query_one(Picker), self.query_one(ScrollLines)
        if self.value is None:
            keys.fill((), (), self.waiting("reading stockml.toml"))
            page.fill(())
            return
        sheet = self.value.sheet
        if sheet.problems:
            keys.fill((), (), words.broken_lines(sheet, keys.size.width))
            page.fill(())
            return
        shown = [one for one in sheet.settings if self._wanted(one)]
        width = keys.size.width - 2
        rows = [words.row(one, self.draft, self._now(one), width) for one in shown]
        header, lines = table(words.heads(width), rows, width)
        keys.fill(
            header,
            self._grouped(shown, lines),
            (line(f"no key matches; {key('settings_back')} shows all of them", "dim"),),
        )
        self._skip_headings(1)
        current = self.current
        page.fill(
            words.detail_lines(current, self.draft, self._now(current), page.size.width)
            if current
            else ()
        )

    def _now(self, one: Setting) -> words.Now | None:
        """What the limit meets, or would meet with the value that is not written."""
        if self.draft.get(one.path) is not None:
            return words.now_of(one, self.draft[one.path], self.shell.snapshot)
        return self.value.nows.get(one.path) if self.value else None

    def _wanted(self, one: Setting) -> bool:
        if self._only_changed and not (one.changed or one.variable or one.path in self.draft):
            return False
        return all(
            word in f"{one.key} {one.meaning}".lower() for word in self._filter.lower().split()
        )

    def _grouped(self, shown: Sequence[Setting], lines: Sequence[Line]) -> list[tuple[str, Line]]:
        """The rows, with a heading above each section."""
        rows: list[tuple[str, Line]] = []
        section = ""
        for one, text in zip(shown, lines, strict=True):
            if one.path[0] != section:
                section = one.path[0]
                rows.append((f"[{section}]", words.heading(section)))
            rows.append((one.key, text))
        return rows

    def _skip_headings(self, direction: int) -> None:
        keys = self.query_one(Picker)
        if keys.chosen.startswith("["):
            keys.move(direction)
        if keys.chosen.startswith("["):  # the very first line
            keys.move(1)

    def _move(self, by: int) -> None:
        self.query_one(Picker).move(by)
        self._skip_headings(1 if by > 0 else -1)
        self.redraw()

    @property
    def current(self) -> Setting | None:
        """The setting under the cursor."""
        chosen = self.query_one(Picker).chosen
        return (
            next((one for one in self.value.sheet.settings if one.key == chosen), None)
            if self.value
            else None
        )

    def copyable(self) -> str:
        one = self.current
        return f"{one.key} = {value_text(one.value)}" if one else ""

    # -- changing -------------------------------------------------------------------------------

    def _begin(self) -> Setting | None:
        """The current setting; None, and why, where nothing can be changed."""
        if self.value is None or self.value.sheet.problems:
            problem = (
                self.value.sheet.problems[0]
                if self.value
                else self.failure or "stockml.toml was not read yet"
            )
            self.tell(
                Notice(
                    f"nothing is changed: {problem}", "repair the file by hand", level=Level.CRIT
                )
            )
            return None
        return self.current

    def _put(self, one: Setting, value: object) -> None:
        """Take a value into the draft; what the file says already is no change."""
        if value == one.in_file or (value is None and one.given is None):
            self.draft.pop(one.path, None)
        else:
            self.draft[one.path] = value
            self._based.setdefault(one.path, one.given)
        self.redraw()

    def do_edit(self) -> None:
        one = self._begin()
        if one is None or self.value is None:
            return

        def taken(value: object) -> None:
            if value is not None:
                self._put(one, value)

        self.app.push_screen(
            SettingForm(one, self.value.sheet, dict(self.draft), self.shell.snapshot), taken
        )

    def do_reset(self) -> None:
        """The default; a key that has none is taken out of the file, except where it must stand."""
        one = self._begin()
        if one is None:
            return
        if one.default is None and one.path[0] == "symbols":
            self.tell(Notice(f"{one.key} has no default", f"{key('settings_edit')} changes it"))
            return
        self._put(one, one.default)

    def do_undo(self) -> None:
        one = self._begin()
        if one is None:
            return
        if one.path not in self.draft:
            self.tell(Notice(f"{one.key} has no change to take back"))
            return
        del self.draft[one.path]
        self.redraw()

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
        if not self.draft:
            self.tell(Notice("nothing to write: the settings are as they stand"))
            return
        sheet = self.value.sheet
        if problems := sheet.with_changes(self.draft):
            self.tell(
                Notice(
                    f"not written: {problems[0]}",
                    f"change that too, or {key('settings_undo')} takes a change back",
                    level=Level.CRIT,
                )
            )
            return
        overridden = [one for one in sheet.settings if one.path in self.draft and one.variable]
        if len(self.draft) == 1 and not overridden:
            self._write()
            return

        title = f"Write {plural(len(self.draft), 'change')} to stockml.toml?"
        listed = words.change_lines(sheet.settings, self.draft)
        confirm(self.shell, Question(title, listed, "Write"), self._write)

    def _write(self) -> None:
        draft, based = dict(self.draft), {path: self._based.get(path) for path in self.draft}

        def work() -> tuple[tuple[SettingChange, ...], Seen]:
            made = self.shell.engine.settings.write(draft, based, problems_of)
            return made, self.look()

        self.shell.ask("write", work, self._written)

    def _written(self, done: tuple[tuple[SettingChange, ...], Seen]) -> None:
        made, seen = done
        self.draft, self._based = {}, {}
        told = ", ".join(
            f"{one.key} = {value_text(one.after)} (was {value_text(one.before)})" for one in made
        )
        self.tell(Notice(f"written: {told}", "the file before is .stockml.toml.previous"))
        self.take(seen)
        self.shell.take_keys()

    # -- leaving --------------------------------------------------------------------------------

    def do_back(self) -> None:
        """One step back: the notice, the filter, then the screen."""
        if self.notice is None and (self._filter or self._only_changed):
            self._filter, self._only_changed = "", False
            self.redraw()
        else:
            super().do_back()

    def before_leaving(self, go: Callable[[], None]) -> None:
        if not self.draft:
            go()
            return

        def leave() -> None:
            self.draft, self._based = {}, {}
            go()

        names = [".".join(path) for path in self.draft]
        confirm_leaving(self.shell, names, key("settings_write"), leave)
