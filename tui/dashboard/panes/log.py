"""The end of training.log, below what could not be read and, in an empty home, what to do next."""

from __future__ import annotations

from collections.abc import Iterable

from engine.core.snapshot import Snapshot
from engine.words.phrases import without_folders
from tui.dashboard.text import next_steps
from tui.logs.text import log_line
from tui.widgets.lines import Line, line
from tui.widgets.pane import Pane


def log_lines(snapshot: Snapshot, height: int, read_only: bool) -> tuple[Line, ...]:
    """Problems first, then an empty home's next steps, then as much of the log's end as fits."""
    head = [
        line(f"! {without_folders(text)}", "warn")
        for text in snapshot.problems[: max(1, height // 2)]
    ]
    head += [
        line(text, "head" if not index else "")
        for index, text in enumerate(next_steps(snapshot, read_only))
    ]
    room = height - len(head)
    tail = snapshot.log_tail[-room:] if room > 0 else ()
    if not head and not tail:
        return (line("training.log shows no line: nothing was trained since it began", "dim"),)
    return (*head, *(log_line(text) for text in tail))


class LogPane(Pane):
    """What happened last."""

    TITLE = "Log"
    HELP = (
        "The end of logs/training/training.log; ! lines name what could not be read. {log} opens"
        " the log of the current row."
    )

    def lines(self) -> Iterable[Line]:
        if self.snapshot is None:
            return (line("the log was not read" if self.failure else "reading the log", "dim"),)
        lines = log_lines(self.snapshot, self.size.height, self.shell.read_only)
        if self.failure:
            return (
                line(f"! {self.failure.splitlines()[0]}", "crit"),
                *lines[: self.size.height - 1],
            )
        return lines
