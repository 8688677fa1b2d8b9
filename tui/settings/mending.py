"""Settings that cannot be used, on their screen: every fault, and a form for the line to mend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.errors import ConfigError
from engine.settings.mend import LineEdit, SettingsFault, lines_of, still_wrong
from engine.settings.sheet import Sheet
from engine.words.phrases import plural
from tui.dialogs.form import TypedForm
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.ports import Shell
from tui.settings.text import broken_lines
from tui.widgets.lines import Line, Lines, line, wrapped_all
from tui.widgets.picker import Picker
from tui.widgets.scroll import ScrollLines
from tui.work.messages import Notice

AROUND = 3
"""Lines that are shown above and below the one to mend."""


def around_lines(lines: Sequence[str], number: int) -> tuple[Line, ...]:
    """The lines around line `number`, that one marked."""
    first = max(1, number - AROUND)
    return tuple(
        line(f"{'>' if at == number else ' '}{at:>5}  {text}", "head" if at == number else "dim")
        for at, text in enumerate(lines[first - 1 : number + AROUND], first)
    )


def draw(sheet: Sheet, rows: Picker, page: ScrollLines) -> None:
    """Every fault as a row; below them the lines around the chosen one."""
    faults = [(str(at), line(str(fault), "warn")) for at, fault in enumerate(sheet.faults)]
    heading = f"{plural(len(sheet.problems), 'problem')}; {key('settings_edit')} mends its line"
    rows.fill(line(heading, "crit"), faults, broken_lines(sheet, rows.size.width))
    fault = _chosen(sheet, rows.chosen)
    if fault is None or sheet.texts is None:
        page.fill(())
        return
    about = wrapped_all((line(str(fault), "warn"), line("")), max(1, page.size.width), 2)
    page.fill((*about, *around_lines(lines_of(sheet.texts, fault.file), fault.line)))


def _chosen(sheet: Sheet, name: str) -> SettingsFault | None:
    return sheet.faults[int(name)] if name.isdigit() and int(name) < len(sheet.faults) else None


def open_form(shell: Shell, sheet: Sheet, chosen: str, mended: Callable[[], None]) -> None:
    """Ask for the line of the chosen fault and write it; `mended` once it is written."""
    fault = _chosen(sheet, chosen)
    if fault is None or not fault.line or sheet.texts is None:
        where = str(fault) if fault else "; ".join(sheet.problems)
        shell.say(Notice(f"no line of a file is to blame: {where}"))
        return

    def written(edit: LineEdit) -> None:
        mended()
        shell.take_keys()
        shell.look_now()
        shell.say(Notice(f"line {edit.line} written", "the file before is .stockml.toml.previous"))

    def write(edit: LineEdit | None) -> None:
        if edit is not None:
            settings = shell.engine.settings
            shell.ask("mend", lambda: settings.mend(edit), lambda _: written(edit))

    shell.push_screen(MendForm(fault, sheet), write)


class MendForm(TypedForm[LineEdit]):
    """Answers with the new line; another line of the file can be chosen, as a quote may be."""

    GROUP = "setting"
    BINDINGS: ClassVar[list[BindingType]] = bindings("setting")

    def __init__(self, fault: SettingsFault, sheet: Sheet) -> None:
        assert sheet.texts is not None
        self._fault, self._texts = fault, sheet.texts
        self._lines = lines_of(sheet.texts, fault.file)
        self._at = min(fault.line, len(self._lines))
        super().__init__(self._before.strip("\ufeff\r"))

    @property
    def _before(self) -> str:
        return self._lines[self._at - 1]

    def compose(self) -> ComposeResult:
        yield Lines(id="title")
        yield Lines(id="about")
        yield Lines(id="typed")
        yield Lines(id="page")
        yield from self.compose_footer()

    def _edit(self, text: str) -> LineEdit:
        return LineEdit(fault=self._fault, line=self._at, before=self._before, after=text)

    def draw(self) -> None:
        """The fault, the lines around, the field, and what would still be wrong."""
        width, height = self.app.size
        about = wrapped_all((line(str(self._fault), "warn"),), width, 2)
        context = around_lines(self._lines, self._at)
        above = self.query_one("#about", Lines)
        above.styles.height = max(1, min(len(about) + len(context), height - 5))
        self.query_one("#title", Lines).show((line("Mend a line", "head"),))
        above.show((*about, *context))
        self.draw_entry(f"{self._at}: ")
        wrong = still_wrong(self._texts, self._edit(self.entry.text))
        check = (
            line(wrong, "crit") if wrong else line(f"{key('setting_take')} writes this line", "ok")
        )
        self.query_one("#page", Lines).show(wrapped_all((check,), width, 2))
        self.draw_footer()

    def meaning_of(self, text: str) -> LineEdit:
        edit = self._edit(text)
        if wrong := still_wrong(self._texts, edit):
            raise ConfigError(wrong)
        return edit

    def _to_line(self, by: int) -> None:
        self._at = min(max(1, self._at + by), len(self._lines))
        self.put(self._before.strip("\ufeff\r"))

    def do_down(self) -> None:
        self._to_line(1)

    def do_up(self) -> None:
        self._to_line(-1)

    def do_default(self) -> None:
        """The line as it stands."""
        self._to_line(0)
