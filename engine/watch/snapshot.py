"""Snapshots: all that the console shows as one value, rereading only what changed."""

from __future__ import annotations

import platform
from collections.abc import Mapping

from engine.core.clock import Clock
from engine.core.paths import Home
from engine.core.records import Level, Run
from engine.core.snapshot import Meter, Snapshot
from engine.core.sources import is_simulated, parse_source
from engine.core.tail import FileTail
from engine.core.text import clean
from engine.forecast import status as derived
from engine.forecast.status import Status
from engine.runs.store import RunStore
from engine.settings.schema import Settings
from engine.watch.causes import calm_while_training, causes_of
from engine.watch.console_summary import SummaryReader, safe_read
from engine.watch.known_rows import KnownRows
from engine.watch.meters import Meters
from engine.watch.symbol_row import LastJobs, RowContext, live_jobs

RECENT_RUNS = 50
LOG_LINES = 200
LOG_WINDOW = 65536


class SnapshotReader:
    """Caches what was read, so a snapshot rereads only changes; for one caller at a time."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._meters = Meters()
        self._runs = RunStore(home)
        self._log = FileTail(home.training_log, LOG_WINDOW, LOG_LINES)
        self._summary = SummaryReader(home, clock)
        self._statuses: dict[str, tuple[tuple[int, int] | None, Status | None]] = {}
        self._rows = KnownRows(home, self._status)
        self._last_jobs = LastJobs()

    def read(self, settings: Settings, source: str | None) -> Snapshot:
        """The current snapshot; unreadable parts are named in `problems`."""
        problems: list[str] = []
        runs = self._read_runs(problems)
        summary = safe_read(self._summary, problems)
        now = self._clock.now()
        context = RowContext(
            home=self._home,
            settings=settings,
            asked=source,
            configured=parse_source(settings.market.source, self._home.root).name,
            live_jobs=live_jobs(runs),
            last_jobs=self._last_jobs.of(runs, now),
            now=now,
        )
        rows = self._rows.rows(context, summary)
        meters = calm_while_training(self._read_meters(settings, problems), runs)
        shown = source or context.configured
        causes = causes_of(meters, rows, summary.alerts, problems)
        return Snapshot(
            taken_at=context.now,
            host=clean(platform.node(), 40),
            home=str(self._home.root),
            source=shown,
            simulated=is_simulated(shown) or any(row.model and row.model.simulated for row in rows),
            rows=rows,
            meters=meters,
            runs=runs,
            log_tail=self._log.read().lines,
            problems=tuple(problems),
            worst=causes[0].level if causes else Level.OK,
            causes=causes,
            alerts=summary.alerts,
            undelivered=summary.undelivered,
            checked_at=summary.checked_at,
        )

    def _read_runs(self, problems: list[str]) -> tuple[Run, ...]:
        try:
            live = self._runs.live()
            ids = {run.id for run in live}
            return (*live, *(run for run in self._runs.recent(RECENT_RUNS) if run.id not in ids))
        except OSError as error:
            problems.append(f"runs cannot be read: {error}")
            return ()

    def _read_meters(self, settings: Settings, problems: list[str]) -> tuple[Meter, ...]:
        try:
            return self._meters.sample(self._home.root, settings.resources)
        except OSError as error:
            problems.append(f"meters cannot be read: {error}")
            return ()

    def _status(self, symbol: str) -> Status | None:
        key = self._status_key(symbol)
        if symbol not in self._statuses or self._statuses[symbol][0] != key:
            self._statuses[symbol] = (key, derived.read(self._home.status(symbol)) if key else None)
        return self._statuses[symbol][1]

    def _status_key(self, symbol: str) -> tuple[int, int] | None:
        try:
            file = self._home.status(symbol).stat()
        except OSError:
            return None
        return file.st_mtime_ns, file.st_ino

    def remember(self, built: Mapping[str, Status | None]) -> None:
        """Use statuses just built, which a full disk cannot store for rereading."""
        self._statuses |= {
            symbol: (self._status_key(symbol), status) for symbol, status in built.items()
        }
        self._rows.forget()
