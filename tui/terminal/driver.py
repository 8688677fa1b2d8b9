"""Textual's driver, with a count of the bytes that the console sends to its terminal, and a size
that is never lost."""

from __future__ import annotations

from typing import Any, TextIO

from textual.app import App
from textual.drivers.linux_driver import LinuxDriver


class CountedFile:
    """A text stream that counts the bytes handed to it, where its one writer thread writes."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.sent = 0

    def write(self, text: str) -> int:
        written = self._file.write(text)
        # Counted behind the write: what a stalled terminal did not take is not told as sent.
        self.sent += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        return written

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()


class CountingDriver(LinuxDriver):
    """A LinuxDriver that knows what it sent;
    its writer thread gets the counted stream in place of the terminal's."""

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.counted = CountedFile(self._file)  # type: ignore[arg-type]
        self._file = self.counted  # type: ignore[assignment]


def late_resize(app: App[Any]) -> None:
    """Tell the screens a new size that waits: Textual's timer of 8 ms for it never fires where
    the process slept through it.

    Then no later size is told either: on a busy machine the console kept the old one for good.
    """
    if app._resize_event is not None:
        app._check_resize()
