"""Textual's driver, with a count of the bytes that the console sends to its terminal."""

from __future__ import annotations

from typing import Any, TextIO

from textual.drivers.linux_driver import LinuxDriver

from tui.terminal.textual_private import replace_output


class CountedFile:
    """A text stream that counts the bytes written to it by its one writer thread."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.sent = 0

    def write(self, text: str) -> int:
        written = self._file.write(text)
        # Counted after the write: what a stalled terminal did not take was not sent.
        self.sent += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        return written

    def flush(self) -> None:
        self._file.flush()

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()


class CountingDriver(LinuxDriver):
    """A LinuxDriver that counts the bytes it sent."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counted = replace_output(self, CountedFile)


def bytes_sent(driver: object) -> int | None:
    """Bytes sent to the terminal so far; None where nobody counts them."""
    return driver.counted.sent if isinstance(driver, CountingDriver) else None
