"""Parameters of a request, checked before use: pure functions that raise `ApiProblem`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date

from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.service.problems import ApiProblem

_DIGITS = re.compile(r"[0-9]{1,7}")


def symbol_of(text: str, names: Sequence[str]) -> str:
    """The symbol itself: 400 for a text that is none, 404 for one that is not configured."""
    if text in names:
        return text
    if not SYMBOL.fullmatch(text):
        raise ApiProblem(400, "symbol", f"not a symbol: {clean(text, 40)!r}")
    raise ApiProblem(404, "unknown-symbol", f"{text} is not configured")


def symbols_of(text: str | None, names: Sequence[str]) -> tuple[str, ...]:
    """The symbols of a list separated by commas, each once; without a list all of `names`."""
    if text is None or not text.strip():
        return tuple(names)
    return tuple(dict.fromkeys(symbol_of(part.strip(), names) for part in text.split(",")))


def integer(query: Mapping[str, str], name: str, default: int, *, low: int, high: int) -> int:
    """A whole number from `low` to `high`; 400 otherwise."""
    text = query.get(name)
    if text is None:
        return default
    if not _DIGITS.fullmatch(text) or not low <= int(text) <= high:
        allowed = f"a whole number from {low} to {high}"
        raise ApiProblem(400, "parameter", f"{name} must be {allowed}, not {clean(text, 20)!r}")
    return int(text)


def day(query: Mapping[str, str], name: str, default: str) -> str:
    """A date as YYYY-MM-DD; 400 otherwise."""
    text = query.get(name)
    if text is None:
        return default
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError:
        raise ApiProblem(
            400, "parameter", f"{name} must be a date as 2026-01-31, not {clean(text, 20)!r}"
        ) from None
