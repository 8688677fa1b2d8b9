"""The watching half of the engine's door: automatic training, checks, accuracy, alerts, health."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from engine.core.clock import Clock
from engine.core.config import Settings
from engine.core.paths import Home
from engine.core.records import Started, TrainRequest
from engine.core.symbols import checked_all
from engine.watch.holds import Hold, hold, unhold

if TYPE_CHECKING:
    from engine.watch.auto import Prepared


class Watching:
    """What `Engine` can do to watch its home; thin: every method hands over to one function of engine.watch."""

    home: Home
    clock: Clock
    source: str | None

    @property
    def settings(self) -> Settings:
        raise NotImplementedError

    def start_training(self, request: TrainRequest) -> Started:
        raise NotImplementedError

    def auto_plan(
        self, symbols: Iterable[str] | None = None, *, force: bool = False, skip_market_hours: bool = False, fetch: bool = True
    ) -> Prepared:
        """What automatic training would do now, symbol by symbol; asks the source for bars when `fetch`."""
        from engine.schedule.upcoming import next_auto_train
        from engine.watch.auto import look_at_all, occasion_of, prepare

        now = self.clock.now()
        names = checked_all(symbols, self.settings.names) if symbols else self.settings.names
        looks, _ = look_at_all(self.home, self.settings, names, self.source, self.clock, fetch=fetch)
        upcoming = next_auto_train(self.home, now)
        moment = occasion_of(now, force=force, skip_market_hours=skip_market_hours, next_auto_train=upcoming)
        return prepare(self.home, self.settings, looks, moment, self.clock)

    def auto_train(self, prepared: Prepared, starter: str) -> tuple[Started, ...]:
        """Start what was planned and write every decision down."""
        from engine.watch.auto import start

        return start(self.home, prepared, self.start_training, starter)

    def hold(self, symbol: str, reason: str, until: date | None = None) -> Hold:
        """Stop automatic training of a symbol."""
        return hold(self.home, symbol, reason, until, self.clock)

    def unhold(self, symbol: str) -> None:
        """Let automatic training of a symbol go on."""
        unhold(self.home, symbol, self.clock)
