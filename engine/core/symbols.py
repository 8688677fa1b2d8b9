"""Symbols, checked before anything else touches them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from enum import StrEnum

from engine.core.errors import UsageError
from engine.core.text import clean

_NAMED = 20
"""Symbols that a hint names at most."""
SYMBOL = re.compile(r"[A-Z][A-Z0-9.-]{0,9}")


class Priority(StrEnum):
    """How early a symbol is trained."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """Its place in the order, 0 for the first."""
        return list(Priority).index(self)


def check_symbol(text: str, configured: Sequence[str]) -> str:
    """The symbol if it is well-formed and configured, else UsageError naming the nearest."""
    return check_symbols((text,), configured)[0]


def check_symbols(texts: Iterable[str], configured: Sequence[str]) -> tuple[str, ...]:
    """The symbols, each checked, in the order given and without repeats."""
    known = frozenset(configured)
    return tuple(dict.fromkeys(_checked(text, known, configured) for text in texts))


def _checked(text: str, known: frozenset[str], configured: Sequence[str]) -> str:
    if SYMBOL.fullmatch(text) and text in known:
        return text
    from difflib import get_close_matches

    shown = clean(text, 40)
    near = get_close_matches(shown.upper(), configured, n=1)
    hint = f"did you mean {near[0]}?" if near else f"configured: {_named(configured)}"
    raise UsageError(f"unknown symbol {shown!r}", hint)


def _named(symbols: Sequence[str]) -> str:
    more = len(symbols) - _NAMED
    return " ".join(symbols[:_NAMED]) + (f" and {more} more" if more > 0 else "")
