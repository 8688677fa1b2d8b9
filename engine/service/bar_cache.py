"""Stored bars, read again only when their file changed, a session ended or memory was short."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import partial
from typing import TypeVar

from engine.core.clock import Clock
from engine.core.errors import FaultKind, NoDataError, StockmlError, fault_kind
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.market.bars import Bars
from engine.market.calendar import last_complete_session
from engine.market.csv_names import file_of
from engine.market.fetch import stored_bars
from engine.market.report_dates import report_key
from engine.market.store import bars_path
from engine.service.memory import Held, MemoryRoom
from engine.service.retries import Retries
from engine.settings.schema import Settings
from engine.vault.model_file import stat_key

REPORT_BYTES, OWN_BYTES = 250, 2000
"""About what a report date takes in memory, and all else beside the columns."""
Error = TypeVar("Error", bound=StockmlError)


class HeldBars(Held[Bars]):
    """The bars of one symbol, in memory while there is room."""

    def __init__(self, room: MemoryRoom, bars: Bars, again: Callable[[], Bars]) -> None:
        reports = len(bars.reports.reports) if bars.reports else 0
        super().__init__(room, bars, bars.nbytes + REPORT_BYTES * reports + OWN_BYTES, again)
        self.last_date = bars.last_date if len(bars) else None


class StoredBarCache:
    """Bars by source and symbol, or the error in their place; for one thread at a time."""

    def __init__(self, home: Home, clock: Clock, room: MemoryRoom) -> None:
        self._home = home
        self._clock = clock
        self._room = room
        self._cached: dict[tuple[str, str], tuple[Hashable, HeldBars | NoDataError]] = {}
        self._retries = Retries()

    def get(self, source: str, symbol: str, settings: Settings) -> HeldBars:
        """The stored bars; NoDataError without them."""
        key = self._key(source, symbol, settings)
        cached = self._cached.get((source, symbol))
        if cached is None or cached[0] != key or self._may_pass(source, symbol, cached[1]):
            cached = (key, self._held(source, symbol, settings))
            self._cached[source, symbol] = cached
        _, bars = cached
        if isinstance(bars, NoDataError):
            raise bars.with_traceback(None)  # else each raise keeps the frames of all before
        return bars

    def _may_pass(self, source: str, symbol: str, cached: HeldBars | NoDataError) -> bool:
        """Whether the bars were out of reach, and another try is due."""
        if isinstance(cached, HeldBars) or fault_kind(cached) is FaultKind.DAMAGED:
            return False
        return self._retries.due((source, symbol))

    def _held(self, source: str, symbol: str, settings: Settings) -> HeldBars | NoDataError:
        name = (source, symbol)
        read = partial(self._read, source, symbol, settings)
        try:
            bars = HeldBars(self._room, read(), read)
            self._retries.clear(name)
            return bars
        except NoDataError as error:
            self._retries.failed(name)
            return error

    def _read(self, source: str, symbol: str, settings: Settings) -> Bars:
        try:
            return stored_bars(self._home, settings, source, symbol, self._clock)
        except NoDataError as error:
            without_places(error, str(self._home.root), parse_source(source).folder)
            raise

    def _key(self, source: str, symbol: str, settings: Settings) -> Hashable:
        """A key that changes when the bars must be read again."""
        parsed = parse_source(source)
        reports = report_key(self._home, settings.market.reports, source, symbol)
        newest = last_complete_session(self._clock.now(), settings.market.settle_minutes)
        if parsed.folder:
            path = file_of(parsed.folder, symbol)
        elif parsed.needs_network:
            path = bars_path(self._home, source, symbol)
        else:
            return newest, settings.market, reports  # the simulated market has no file of its own
        try:
            return newest, settings.market, reports, stat_key(path.stat())
        except OSError:
            return newest, settings.market, reports


def without_places(error: Error, *places: str) -> Error:
    """The error for clients, with these folders cut to a slash."""
    for place in filter(None, places):
        error.message = error.message.replace(f"{place}/", "/")
        error.hint = error.hint.replace(f"{place}/", "/")
    return error
