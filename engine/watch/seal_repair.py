"""The seals of the live models: what `health` and `doctor` say of them, and their repair."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from engine.core.clock import Clock
from engine.core.errors import FileError, StockmlError
from engine.core.paths import Home
from engine.core.records import Level
from engine.settings.schema import Settings
from engine.vault.reseal import mend_key, reseal, strange_seals
from engine.vault.seal import REPAIR, read_key
from engine.watch.records import Item

NAME = "seal"


def seal_items(home: Home, symbols: Iterable[str]) -> Iterator[Item]:
    """One item when the key cannot be used, or does not belong to models; none when all is well."""
    try:
        key = read_key(home)
    except FileError as error:
        text = f"{error.message}: models are checked before each use"
        yield Item(NAME, Level.WARN, text, REPAIR)
        return
    strange = strange_seals(home, symbols, key)
    if strange:
        whose = "another key than this home's" if key else "a key that is gone (seal.key)"
        text = f"sealed with {whose}, checked once and served: {' '.join(strange)}"
        yield Item(NAME, Level.WARN, text, REPAIR)


def repair_seals(home: Home, settings: Settings, clock: Clock) -> Iterator[Item]:
    """Make the key usable and seal every live model that passes its check; the others are named."""
    if mended := mend_key(home, clock):
        yield Item(NAME, Level.OK, mended)
    anew = []
    for symbol in settings.names:
        try:
            if reseal(home, symbol):
                anew.append(symbol)
        except FileNotFoundError:
            continue
        except StockmlError as error:
            yield Item(NAME, Level.WARN, f"{symbol} is not sealed: {error.message}", error.hint)
    if anew:
        yield Item(NAME, Level.OK, f"sealed with this home's key: {' '.join(anew)}")
    elif not mended:
        yield Item(NAME, Level.OK, "no model needs to be sealed anew")
