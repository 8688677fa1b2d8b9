"""The audit log in the log viewer: who did what, when, from where and with what result."""

from __future__ import annotations

import os
from pathlib import Path

from textual.app import ComposeResult

from tui.logs.viewer import LogView
from tui.screens.base import Sections
from tui.widgets.lines import Lines, line


class AuditScreen(LogView):
    """A tab of its own, so that it is one key away."""

    NAME = "Record"
    TAB = "audit"

    def __init__(self) -> None:
        super().__init__(Path(os.devnull))

    def compose_body(self) -> ComposeResult:
        self.open_file(self.shell.engine.home.audit_log)
        self.window.wrap = True  # a line ends with who did it
        yield from super().compose_body()

    def draw(self) -> None:
        super().draw()
        if not self._file.path.exists():
            self.query_one("#page", Lines).show(
                (line("nothing was done through stockml in this home yet", "dim"),)
            )

    def sections(self) -> Sections:
        return (
            *super().sections(),
            (
                "What a line says",
                (
                    ("time", "UTC, when the action ended, or began"),
                    (
                        "started",
                        (
                            "it began; a training continues after its starter leaves, and has a"
                            " second line at its end"
                        ),
                    ),
                    ("done", "it did what was asked"),
                    ("failed", "it was tried and did not work; the words behind say why"),
                    ("refused", "it was not tried: a guard, a lock or a wrong word said no"),
                    (
                        "by",
                        (
                            "the user, the address of the SSH session and the terminal, as far as"
                            " they are known"
                        ),
                    ),
                    ("from where", "console, command, or cron with the name of the job"),
                ),
            ),
        )
