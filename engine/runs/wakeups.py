"""Signals that wake the supervisor's selector."""

from __future__ import annotations

import os
import selectors
import signal
from collections.abc import Callable
from contextlib import suppress


def handle_signals(selector: selectors.BaseSelector, cancel: Callable[[str], None]) -> None:
    """SIGTERM and SIGINT cancel by name, SIGCHLD wakes the selector, SIGHUP is ignored."""
    reader, writer = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
    signal.set_wakeup_fd(writer, warn_on_full_buffer=False)

    def drain_wakeups() -> bool:
        with suppress(BlockingIOError):
            os.read(reader, 1024)
        return True

    selector.register(reader, selectors.EVENT_READ, drain_wakeups)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda number, _: cancel(signal.Signals(number).name))
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
