"""New symbols asked at the source: are there bars, and what is the company?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from engine.core.clock import Clock
from engine.core.errors import NoDataError
from engine.core.paths import Home
from engine.core.sources import Source
from engine.market.fetch import fetch_bars
from engine.market.profile import profile
from engine.market.request import BarsRequest
from engine.settings.schema import Settings
from engine.symbols.records import CheckedSymbols, NewSymbol, UnknownSymbol


def check_new(
    home: Home,
    settings: Settings,
    source: Source,
    symbols: Sequence[NewSymbol],
    clock: Clock,
    progress: Callable[[int, int], None],
) -> CheckedSymbols:
    """The symbols that the source has bars of, and the others with the reason.

    The bars are kept: the first training need not ask again.
    """
    known, unknown = [], []
    for place, symbol in enumerate(symbols, 1):
        try:
            fetch_bars(home, settings, source.name, symbol.symbol, clock)
        except NoDataError as error:
            unknown.append(UnknownSymbol(symbol.symbol, error))
        else:
            request = BarsRequest(home, settings, source, symbol.symbol, clock)
            known.append(described(symbol, request))
        progress(place, len(symbols))
    return CheckedSymbols(tuple(known), tuple(unknown))


def described(symbol: NewSymbol, request: BarsRequest) -> NewSymbol:
    """The symbol with what the source knows and the operator has not said."""
    if symbol.fields.get("company") and symbol.fields.get("sector"):
        return symbol
    given = {name: value for name, value in symbol.fields.items() if value is not None}
    return NewSymbol(symbol.symbol, {**profile(request), **given})
