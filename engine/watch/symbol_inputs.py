"""The model and the bars of a symbol, loaded once for triggers and planner."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.core.clock import Clock
from engine.core.errors import StockmlError, symbol_fault
from engine.core.paths import Home
from engine.core.sources import parse_source
from engine.forecast import build_status
from engine.forecast import status as derived
from engine.forecast.status import Status
from engine.settings.schema import Settings

if TYPE_CHECKING:
    from engine.market.bars import Bars

MARKET = "SPY"


def source_for(home: Home, status: Status | None, settings: Settings, asked: str | None) -> str:
    """The bar source: `asked`, else the model's if of another kind, else the settings'."""
    if asked:
        return parse_source(asked).name
    configured = parse_source(settings.market.source, home.root)
    if status is None or status.model is None:
        return configured.name
    trained = parse_source(status.model.source)
    return configured.name if trained.kind == configured.kind else trained.name


@dataclass(slots=True)
class BarLoader:
    """Loads the bars of each symbol once a check, from the network only when `fetch`."""

    home: Home
    settings: Settings
    clock: Clock
    fetch: bool
    _loaded: dict[tuple[str, str], Bars | StockmlError] = field(default_factory=dict)

    def bars(self, source: str, symbol: str) -> Bars | StockmlError:
        """The bars of a symbol, or why there are none."""
        from engine.market.fetch import fetch_bars, stored_bars

        key = (source, symbol)
        if key not in self._loaded:
            load = fetch_bars if self.fetch else stored_bars
            try:
                self._loaded[key] = load(self.home, self.settings, source, symbol, self.clock)
            except StockmlError as error:
                self._loaded[key] = error
        return self._loaded[key]


@dataclass(frozen=True, slots=True, kw_only=True)
class SymbolInputs:
    """One symbol's model and bars at the moment they were loaded."""

    symbol: str
    source: str
    status: Status | None
    """None without a model file."""
    bars: Bars | None
    market: Bars | None
    fault: str = ""
    """Why there are no bars."""

    @property
    def last_bar(self) -> str:
        return str(self.bars.dates[-1]) if self.bars is not None and len(self.bars) else ""

    @property
    def trained_to(self) -> str:
        return self.status.model.last_bar if self.status and self.status.model else ""


def inputs_or_fault(loader: BarLoader, symbol: str, asked: str | None) -> SymbolInputs:
    """The inputs of a symbol; empty ones with the reason where they cannot be loaded."""
    try:
        return load_inputs(loader, symbol, asked)
    except Exception as error:  # noqa: BLE001 - the symbol's fault, never that of the others
        source = asked or parse_source(loader.settings.market.source, loader.home.root).name
        return without_inputs(symbol, source, error)


def without_inputs(symbol: str, source: str, error: Exception) -> SymbolInputs:
    """The inputs of a symbol of which nothing can be used."""
    fault = str(symbol_fault(symbol, error))
    return SymbolInputs(
        symbol=symbol, source=source, status=None, bars=None, market=None, fault=fault
    )


def load_inputs(loader: BarLoader, symbol: str, asked: str | None) -> SymbolInputs:
    """The symbol's bars, then its model's status, rebuilt where model or bars changed."""
    known = derived.read(loader.home.status(symbol))
    source = source_for(loader.home, known, loader.settings, asked)
    bars = loader.bars(source, symbol)
    market = loader.bars(source, MARKET)
    return SymbolInputs(
        symbol=symbol,
        source=source,
        status=_current_status(loader, symbol, source, known),
        bars=None if isinstance(bars, StockmlError) else bars,
        market=None if isinstance(market, StockmlError) else market,
        fault=str(bars) if isinstance(bars, StockmlError) else "",
    )


def _current_status(
    loader: BarLoader, symbol: str, source: str, known: Status | None
) -> Status | None:
    """The derived status, rebuilt unless it is of this model and these bars."""
    key = derived.current_key(loader.home, symbol, source, loader.settings)
    if key is None:
        return None
    if known is not None and known.key == key and known.source in ("", source):
        return known
    return build_status.build(loader.home, loader.settings, symbol, loader.clock, source)
