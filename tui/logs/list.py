"""The Logs screen: every log file of the home, the newest first, and the end of the chosen one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from engine.core.paths import Home
from engine.core.tail import FileTail
from engine.words import figures, times
from engine.words.phrases import plural
from engine.words.tables import TableColumn, meanings
from tui.keys.labels import key
from tui.keys.table import bindings
from tui.logs.text import log_line
from tui.look.table import table
from tui.record.text import readable
from tui.screens.base import Sections
from tui.screens.live import LiveScreen
from tui.widgets.lines import Lines, Span, line
from tui.widgets.picker import Picker

HEADS = (
    TableColumn("FILE", 0, max_width=60, meaning="below logs/, or of a run"),
    TableColumn("SIZE", 1, right=True, meaning="bytes"),
    TableColumn("WRITTEN", 2, meaning="when its last line came"),
)
# Runs whose own logs are listed; older ones are opened from the Runs screen.
RUNS = 10


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One log file."""

    path: Path
    name: str
    size: int
    written: datetime


def log_files(home: Home) -> tuple[LogEntry, ...]:
    """Every file below logs/ and the logs of the newest runs, the last written first."""
    paths = [
        path for path in home.logs.rglob("*") if path.is_file() and not path.name.startswith(".")
    ]
    runs = sorted((path for path in home.runs.glob("*") if path.is_dir()), reverse=True)[:RUNS]
    paths += [path for run in runs for path in run.glob("*.log*") if path.is_file()]
    entries = []
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue  # rotated away between the listing and the look
        base = home.root if path.is_relative_to(home.logs) else home.data
        name = str(path.relative_to(base))
        written = datetime.fromtimestamp(status.st_mtime, UTC)
        entries.append(LogEntry(path, name, status.st_size, written))
    return tuple(sorted(entries, key=lambda entry: (entry.written, entry.name), reverse=True))


class LogsScreen(LiveScreen):
    """The list above, the end of the chosen file below."""

    GROUP = "logs"
    NAME = "Logs"
    TAB = "logs"
    EVERY = 1.0
    BINDINGS: ClassVar[list[BindingType]] = bindings("logs")

    value: tuple[LogEntry, ...] | None

    def look(self) -> tuple[LogEntry, ...]:
        return log_files(self.shell.engine.home)

    def compose_body(self) -> ComposeResult:
        yield Picker(id="files")
        yield Lines(id="page")

    def facts(self) -> Sequence[Span]:
        entries = self.value or ()
        size = figures.size(sum(entry.size for entry in entries))
        return ((f"{plural(len(entries), 'file')}, {size}", "dim"),)

    def sections(self) -> Sections:
        return (("Columns", meanings(HEADS)),)

    def draw(self) -> None:
        files, page = self.query_one(Picker), self.query_one("#page", Lines)
        if self.value is None:
            files.fill((), (), self.waiting("reading the logs"))
            return
        now = self.shell.wall.now()
        rows = [
            (
                (entry.name, "head"),
                (figures.size(entry.size), ""),
                (times.brief_moment(entry.written, now, 7), ""),
            )
            for entry in self.value
        ]
        header, lines = table(HEADS, rows, files.size.width - 2)
        empty = (line("no log file yet: nothing was written in this home", "dim"),)
        paths = [str(entry.path) for entry in self.value]
        files.fill(header, list(zip(paths, lines, strict=True)), empty)
        if not files.chosen or not page.size.height:
            page.show(())
            return
        tail = FileTail(Path(files.chosen), 16 * 1024).read()
        head = line(f"the end of {Path(files.chosen).name}; {key('logs_open')} opens it", "dim")
        texts = tail.lines[-max(0, page.size.height - 1) :] if not tail.problem else (tail.problem,)
        page.show((head, *(log_line(readable(Path(files.chosen), text)) for text in texts)))

    def copyable(self) -> str:
        return self.query_one(Picker).chosen

    def do_open(self) -> None:
        from tui.logs.viewer import LogView

        if chosen := self.query_one(Picker).chosen:
            self.app.push_screen(LogView(Path(chosen)))
