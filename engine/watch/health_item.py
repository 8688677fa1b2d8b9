"""How the items of `stockml health` are made."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from engine.core.errors import StockmlError
from engine.core.records import Level
from engine.watch.records import Item


def item(name: str, level: Level, text: str, fix: str = "") -> Item:
    """An item that shows its next step unless all is well."""
    return Item(name, level, text, "" if level is Level.OK else fix)


def level_of(*, critical: bool, warning: bool) -> Level:
    """CRIT before WARN before OK."""
    if critical:
        return Level.CRIT
    return Level.WARN if warning else Level.OK


def or_fault(part: Callable[[], Iterable[Item]]) -> list[Item]:
    """Items from history.db, or its fault as an item: a damaged file must not hide the others."""
    try:
        return list(part())
    except StockmlError as error:
        return [unkept(error)]


def unkept(error: StockmlError) -> Item:
    """The item for an unusable history.db: no check counts, and no alert fires."""
    return Item("history", Level.CRIT, error.message, error.hint)
