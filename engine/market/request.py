"""What a source is asked for, and the error of one that is not there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.core.clock import Clock
from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.core.sources import Source
from engine.market import calendar
from engine.settings.schema import Settings


class SourceAbsentError(NoDataError):
    """The place that bars come from is not there."""


@dataclass(frozen=True, slots=True)
class BarsRequest:
    """The bars of one symbol from one source."""

    home: Home
    settings: Settings
    source: Source
    symbol: str
    clock: Clock
    accept_rebase: bool = False
    """The operator takes a history on another base that no split explains."""

    @property
    def min_date(self) -> date | None:
        """The day before which the symbol's bars are not used."""
        configured = self.settings.symbols.get(self.symbol)
        return configured.min_date if configured else None

    @property
    def start(self) -> date:
        """The day from which a network source is asked: whole years of history, or `min_date`
        where that is later.

        New Year's Day, not a day that moves with the clock, so that two fetches of one year agree.
        """
        years = self.settings.market.history_years
        start = date(calendar.exchange_day(self.clock.now()).year - years, 1, 1)
        return max(start, self.min_date or start)

    @property
    def newest(self) -> date:
        """The last session that is complete by the clock."""
        return calendar.last_complete_session(self.clock.now(), self.settings.market.settle_minutes)
