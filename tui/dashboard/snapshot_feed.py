"""The console's look at the engine: a thread that reads snapshots and publishes what changed."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.snapshot import Snapshot
from engine.core.text import clean
from tui.dashboard.status_refresh import StatusRefresh, same
from tui.ports import EnginePort
from tui.terminal.vitals import Vitals
from tui.work.background import Poller, pause
from tui.work.messages import SnapshotFailed, SnapshotRead

# While something trains; on a slow line what streams is drawn half as often, keys as ever.
LIVE_REFRESH_S = 0.5
RETRY_S = 2.0


class SnapshotFeed:
    """Publishes a snapshot that differs from the one before, or why there is none."""

    def __init__(
        self,
        engine: EnginePort,
        wall: Clock,
        vitals: Vitals,
        *,
        publish: Callable[[Message], None],
        log: Callable[[str], None],
    ) -> None:
        """`publish` and `log` are called in the reader's thread."""
        self.snapshot: Snapshot | None = None
        """What was read last."""
        self.theme = engine.settings.usable.console.theme
        """The theme in the settings at that time."""
        self._engine = engine
        self._wall = wall
        self._vitals = vitals
        self._publish = publish
        self._log = log
        self._failure = ""
        self._read_at = wall.monotonic()
        start_refresh = engine.children.start_status_refresh
        self._statuses = StatusRefresh(start_refresh, wall.monotonic, log)
        self.poller = Poller(self._look, "snapshot-reader")

    @property
    def age_s(self) -> float:
        """Seconds since the engine could be read."""
        return self._wall.monotonic() - self._read_at

    def _look(self) -> float:
        """Read the engine once, in the reader's thread; the seconds until the next look."""
        try:
            snapshot = self._statuses.with_problem(self._engine.watch.snapshot())
            console = self._engine.settings.current.console
        except StockmlError as error:
            return self._failed(f"{error.message}\n{error.hint}".strip())
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            text = clean(str(error), 300)
            return self._failed(f"{type(error).__name__}: {text}\ndetails: logs/console.log")
        self.theme = console.theme
        self._read_at = self._wall.monotonic()
        if self._failure or not same(self.snapshot, snapshot):
            self._failure = ""
            self.snapshot = snapshot
            self._publish(SnapshotRead(snapshot))
        self._statuses.ask(snapshot)
        self._vitals.save_sometimes()
        if not snapshot.live_runs:
            return console.refresh_s
        return pause(min(console.refresh_s, LIVE_REFRESH_S), self._vitals.pace)

    def _failed(self, text: str) -> float:
        if text != self._failure:
            self._failure = text
            self._log(f"action=snapshot error={text}")
            self._publish(SnapshotFailed(text))
        return RETRY_S
