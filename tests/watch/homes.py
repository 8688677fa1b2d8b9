"""A home on the simulated market, a movable clock, and a trainer that fits small real models in
this process."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from engine.core.clock import iso
from engine.core.paths import Home
from engine.core.records import StartedRun, TrainRequest
from engine.forecast.fit import fit_symbol
from engine.market.fetch import stored_bars
from engine.settings.load import load
from engine.settings.schema import Settings
from tests.fake_clock import FakeClock
from tests.forecast.samples import QUICK
from tests.helpers import new_home
from tests.vault.files import write_model

SUNDAY = datetime(2025, 8, 10, 6, 0, tzinfo=UTC)
"""06:00 UTC: the market of New York is shut; the last complete session is Friday the 8th."""
PAIR = ("NVDA", "SPY")


def simulated_home(folder: Path, **settings: object) -> Home:
    """A home whose bars are simulated."""
    return new_home(
        folder,
        market__source="simulated",
        market__simulated_sessions=1100,
        training__holdout_sessions=60,
        **settings,
    )


@dataclass
class Trainer:
    """Fits naive models at the clock's time and publishes them;
    what it was asked stays in `requests`."""

    home: Home
    clock: FakeClock
    requests: list[TrainRequest] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        return load(self.home, {})

    def __call__(self, request: TrainRequest) -> StartedRun:
        self.requests.append(request)
        for symbol in request.symbols:
            self.train(
                symbol,
                dict(request.reasons).get(symbol, request.reason),
                request.source or "simulated",
            )
        return StartedRun(f"20250810-060000-{len(self.requests):06x}", request.symbols)

    def train(self, symbol: str, reason: str = "test", source: str = "simulated") -> None:
        """Publish a new generation of one symbol."""
        asked = (self.home, self.settings, source)
        context = {} if symbol == "SPY" else {"SPY": stored_bars(*asked, "SPY", self.clock)}
        made = fit_symbol(
            stored_bars(*asked, symbol, self.clock), context, self.settings, ("naive",), QUICK
        )
        manifest = made.manifest(
            iso(self.clock.now()), reason=reason, run_id="", champion=None, accept_worse=False
        )
        manifest = msgspec.structs.replace(manifest, generation=len(self.requests) + 1)
        path = self.home.model(symbol)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.unlink(missing_ok=True)
        write_model(path, manifest, made.layers, made.arrays)
