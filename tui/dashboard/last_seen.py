"""The time between two openings of the console: what happened, and a mark that it is open now."""

from __future__ import annotations

import threading
from collections.abc import Callable

from textual.message import Message

from engine.core.snapshot import Away
from engine.watch.records import MARK_EVERY
from tui.ports import EnginePort
from tui.work.background import Poller
from tui.work.messages import AwayRead


class LastSeen:
    """Works in a thread of its own from the first paint on; a read-only console marks nothing."""

    def __init__(
        self,
        engine: EnginePort,
        *,
        read_only: bool,
        publish: Callable[[Message], None],
        log: Callable[[str], None],
    ) -> None:
        """`publish` and `log` are called in that thread."""
        self.away: Away | None = None
        """What happened since the console was last open; None while that is being read."""
        self._engine = engine
        self._read_only = read_only
        self._publish = publish
        self._log = log
        self._failure = ""
        self._poller = Poller(self._look, "open-marker")

    def start(self) -> None:
        """Begin to look; once."""
        self._poller.start()

    def poke(self) -> None:
        """Look now instead of at the end of the wait."""
        self._poller.poke()

    def stop(self) -> None:
        """No further look."""
        self._poller.stop()

    def left(self) -> None:
        """Mark that the console was open until now; waits a second at most for the file."""
        if self.away is not None:
            last = threading.Thread(target=self._look, name="left-marker", daemon=True)
            last.start()
            last.join(1.0)

    def _look(self) -> float:
        try:
            if self.away is None:
                self.away = self._engine.watch.away()
                self._publish(AwayRead(self.away))
            if not self._read_only:
                self._engine.watch.mark_open()
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            if str(error) != self._failure:
                self._log(f"action=mark-open error={type(error).__name__}: {error}")
            self._failure = str(error)
        return MARK_EVERY.total_seconds()
