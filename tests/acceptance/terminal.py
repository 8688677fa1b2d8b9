"""A program in a real terminal: tmux holds it, the test types and reads the screen."""

from __future__ import annotations

import shutil
import subprocess
import uuid
from collections.abc import Sequence
from types import TracebackType
from typing import Self

import pytest

from tests.helpers import ROOT, environment, wait_for

needs_tmux = pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")


class Terminal:
    """One tmux server of its own with one window."""

    def __init__(self, line: Sequence[str], columns: int = 80, rows: int = 24, **more: str) -> None:
        self._socket = f"stockml-{uuid.uuid4().hex[:12]}"
        self._line, self._size, self._more = list(line), (columns, rows), more

    def _tmux(self, *words: str) -> str:
        line = ["tmux", "-L", self._socket, "-f", "/dev/null", *words]
        return subprocess.run(
            line,
            capture_output=True,
            text=True,
            env=environment(**self._more),
            cwd=ROOT,
            check=False,
        ).stdout

    def __enter__(self) -> Self:
        columns, rows = self._size
        self._tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), *self._line)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._tmux("kill-server")

    def keys(self, *names: str) -> None:
        """Type keys by their tmux names."""
        self._tmux("send-keys", *names)

    def screen(self) -> str:
        """What stands on the screen now."""
        return self._tmux("capture-pane", "-p")

    def pid(self) -> int:
        """The process id of the program in the window."""
        return int(self._tmux("display-message", "-p", "#{pane_pid}").strip() or 0)

    def shows(self, text: str, seconds: float = 30.0) -> str:
        """Wait until the screen holds `text`, and return it."""

        def look() -> str:
            screen = self.screen()
            return screen if text in screen else ""

        try:
            return str(wait_for(look, seconds, f"{text!r} on the screen"))
        except AssertionError as error:
            raise AssertionError(f"{error}; it shows:\n{self.screen()}") from error

    def open_log(self, name: str) -> None:
        """From any screen to the log file of this name below the home."""
        self.keys("3")
        self.shows(name)
        for _ in range(
            50
        ):  # one step at a time: the newest file stands first, and another may become the newest
            before, wanted = self._at(name)
            if before == wanted:
                break
            self.keys("j" if before < wanted else "k")
            wait_for(lambda before=before: self._at(name)[0] != before, what="a step of the cursor")  # type: ignore[misc]
        self.keys("Enter")
        self.shows(f"Log  {name.rpartition('/')[2]}")

    def _at(self, name: str) -> tuple[int, int]:
        """Among the files of the Logs screen: the row of the cursor, and that of `name`."""
        files = [line for line in self.screen().splitlines() if line[1:].startswith(" logs/")]
        cursor = next(at for at, line in enumerate(files) if line.startswith(">"))
        return cursor, next(at for at, line in enumerate(files) if name in line)
