"""Textual's driver, with a count of the bytes that the console sends to its terminal."""

from __future__ import annotations

import time
from typing import Any, TextIO

from textual import events
from textual.drivers.linux_driver import LinuxDriver
from textual.message import Message

from tui.terminal.line_speed import LineSpeed
from tui.terminal.textual_private import replace_output

# Where the cursor is: every terminal answers that, and Textual knows the answer.
QUERY = "\x1b[6n"
_NO_MOUSE = "\x1b[?1000l\x1b[?1003l\x1b[?1015l\x1b[?1006l"
# Without an alternate screen (mosh, GNU screen) the prompt would land on the old dashboard.
_ERASE = "\x1b[0m\x1b[2J\x1b[H"


class CountedFile:
    """A text stream that counts the bytes written to it by its one writer thread."""

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self.sent = 0
        self._blocked_s = 0.0

    def write(self, text: str) -> int:
        began = time.monotonic()
        written = self._file.write(text)
        self._blocked_s = max(self._blocked_s, time.monotonic() - began)
        # Counted after the write: what a stalled terminal did not take was not sent.
        self.sent += len(text) if text.isascii() else len(text.encode("utf-8", "replace"))
        return written

    def flush(self) -> None:
        began = time.monotonic()
        self._file.flush()
        self._blocked_s = max(self._blocked_s, time.monotonic() - began)

    def take_blocked(self) -> float:
        """Seconds of the longest wait for the terminal since the last call."""
        longest, self._blocked_s = self._blocked_s, 0.0
        return longest

    def fileno(self) -> int:
        return self._file.fileno()

    def isatty(self) -> bool:
        return self._file.isatty()


class CountingDriver(LinuxDriver):
    """A LinuxDriver that counts the bytes it sent."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.counted = replace_output(self, CountedFile)
        self._answered_at: float | None = None

    def ask(self, line: LineSpeed) -> None:
        """Ask the terminal for an answer when the line is to be measured."""
        if line.due(time.monotonic()):
            line.asked(time.monotonic())
            self.write(QUERY)
            self.flush()

    def judge(self, line: LineSpeed) -> None:
        """Give `line` the answer that came, if one did."""
        at, self._answered_at = self._answered_at, None
        if at is not None:
            line.answered(at)

    def process_message(self, message: Message) -> None:
        """In the thread that reads the terminal: keep when it answered."""
        if isinstance(message, events.CursorPosition):
            self._answered_at = message.time
        else:
            super().process_message(message)

    def start_application_mode(self) -> None:
        super().start_application_mode()  # type: ignore[no-untyped-call]
        if not self._mouse:  # a console that was killed may have left it on
            self.write(_NO_MOUSE)

    def stop_application_mode(self) -> None:
        self.write(_NO_MOUSE + _ERASE)
        super().stop_application_mode()


def bytes_sent(driver: object) -> int | None:
    """Bytes sent to the terminal so far; None where nobody counts them."""
    return driver.counted.sent if isinstance(driver, CountingDriver) else None
