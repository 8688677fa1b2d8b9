"""What a source is asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from engine.core.clock import Clock
from engine.core.config import Settings
from engine.core.paths import Home
from engine.market.source import SourceName


@dataclass(frozen=True, slots=True)
class Asked:
    """The bars of one symbol from one source."""

    home: Home
    settings: Settings
    source: SourceName
    symbol: str
    clock: Clock

    @property
    def min_date(self) -> date | None:
        """The day before which the symbol's bars are not used."""
        configured = self.settings.symbols.get(self.symbol)
        return configured.min_date if configured else None
