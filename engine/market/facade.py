"""The facade of the bars: fetched from the source, or as they are stored."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.settings.facade import Facade

if TYPE_CHECKING:
    from engine.market.bars import Bars


class BarsFacade(Facade):
    """Bars of the source of the engine, or of the configured one."""

    def fetch(self, symbol: str) -> Bars:
        """Bars fresh from the source, checked and stored."""
        from engine.market.fetch import fetch_bars

        return fetch_bars(self.home, self.context.settings, self._source(), symbol, self.clock)

    def stored(self, symbol: str) -> Bars:
        """The stored bars; never the network."""
        from engine.market.fetch import stored_bars

        return stored_bars(self.home, self.context.settings, self._source(), symbol, self.clock)

    def _source(self) -> str:
        return self.source or self.context.configured_source
