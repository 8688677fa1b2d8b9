"""The while the console was not open: read once what happened in it, then note now and then that
the console is open."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

from engine.core.records import Away
from engine.watch.console_summary import MARK_EVERY
from tui.work.background import Poller, post
from tui.work.messages import AwayRead

if TYPE_CHECKING:
    from tui.app import StockmlApp


class Opening:
    """Works in a thread of its own from the first paint on; a read-only console notes nothing."""

    def __init__(self, app: StockmlApp) -> None:
        self.away: Away | None = None
        """What happened since the console was last open; None while that is being read."""
        self._app = app
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
        """Note that it was open until now; waits no longer than a second for the file."""
        if self.away is not None:
            last = threading.Thread(target=self._look, name="left-marker", daemon=True)
            last.start()
            last.join(1.0)

    def _look(self) -> float:
        app = self._app
        try:
            if self.away is None:
                self.away = app.engine.away()
                post(app, AwayRead(self.away))
            if not app.read_only:
                app.engine.mark_open()
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            if str(error) != self._failure:
                app.note(f"action=mark-open error={type(error).__name__}: {error}")
            self._failure = str(error)
        return MARK_EVERY.total_seconds()
