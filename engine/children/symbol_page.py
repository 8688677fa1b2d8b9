"""A symbol's details that need numpy or h5py, collected in a child process."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from engine.api import Engine
from engine.children.messages import ShowSymbol, SymbolDetails
from engine.core.errors import StockmlError

Part = TypeVar("Part")


def symbol_details(engine: Engine, request: ShowSymbol) -> SymbolDetails:
    """All details; an unreadable part is None and `problems` says why."""
    (symbol,) = engine.models.checked((request.symbol,))
    model = engine.models.summary(symbol)
    problems = list(model.problems)

    def part(read: Callable[[], Part]) -> Part | None:
        try:
            return read()
        except StockmlError as error:
            problems.append(error.message)
            return None

    live = part(lambda: engine.watch.accuracy((symbol,))[0])
    retrain = part(lambda: engine.watch.explain(symbol))
    return SymbolDetails(
        symbol=symbol, model=model, live=live, retrain=retrain, problems=tuple(problems)
    )
