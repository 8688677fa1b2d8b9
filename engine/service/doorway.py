"""The listening socket: it takes few connections at a time and outlives a lack of descriptors.

asyncio takes as many as the backlog holds before it looks at any, and writes a traceback for each
that finds no descriptor.
"""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from typing import Any

AT_ONCE = 32
"""Connections taken before those already taken are looked at."""
_EXHAUSTED = (errno.EMFILE, errno.ENFILE)


class Doorway(socket.socket):
    """A listening socket with a spare descriptor; `on_exhausted` may free one."""

    on_exhausted: Callable[[], object] = staticmethod(lambda: None)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._left = AT_ONCE
        self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)

    def accept(self) -> tuple[socket.socket, Any]:
        """The next connection; BlockingIOError when there is none, or not now."""
        if not self._left:
            self._left = AT_ONCE
            raise BlockingIOError
        self._left -= 1
        try:
            return super().accept()
        except BlockingIOError:
            self._left = AT_ONCE
            raise
        except OSError as error:
            if error.errno not in _EXHAUSTED:
                self._left = 0  # asyncio would ask on and report each
                raise
            self._left = AT_ONCE
            self._refuse_next()
            self.on_exhausted()
            raise BlockingIOError from error

    def close(self) -> None:
        super().close()
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1

    def _refuse_next(self) -> None:
        """Take the next connection with the spare descriptor, and close it: else it waits on."""
        if self._spare >= 0:
            os.close(self._spare)
            self._spare = -1
        with suppress(OSError):
            super().accept()[0].close()
        with suppress(OSError):
            self._spare = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
