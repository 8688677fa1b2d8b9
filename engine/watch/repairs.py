"""What `stockml doctor --repair` mends: a function each, which says what it did."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.core.records import Level
from engine.settings.schema import Settings
from engine.watch.history_repair import repair_history
from engine.watch.records import Item
from engine.watch.seal_repair import repair_seals

Repair = Callable[[Home, Settings, Clock], Iterator[Item]]
"""Mends one kind of thing where it is broken, and yields what it did or found whole."""
# A new repair is one function and one row here.
REPAIRS: dict[str, Repair] = {
    "history": repair_history,
    "seal": repair_seals,
}
"""In the order in which they are done."""


def repair_all(home: Home, settings: Settings, clock: Clock) -> Iterator[Item]:
    """Do every repair; one that fails is an item of its own and ends no other."""
    for name, repair in REPAIRS.items():
        try:
            yield from repair(home, settings, clock)
        except StockmlError as error:
            yield Item(name, Level.CRIT, error.message, error.hint)
        except OSError as error:
            yield Item(name, Level.CRIT, f"{error.filename}: {error.strerror}", "check the disk")
