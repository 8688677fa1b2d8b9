"""Parameters of a request, checked before use: pure functions that raise `ApiProblem`."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TypeVar

from engine.core.symbols import SYMBOL
from engine.core.text import clean
from engine.service.problems import ApiProblem

PAGE_ROWS, MAX_ROWS = 200, 1000
"""Rows of a page: by default, at most."""
Row = TypeVar("Row")
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


@dataclass(frozen=True, slots=True)
class ListPage:
    """Which part of a list an answer holds; pages count from 1."""

    number: int
    limit: int

    def of(self, rows: Sequence[Row]) -> Sequence[Row]:
        """The rows of this page."""
        return rows[(self.number - 1) * self.limit : self.number * self.limit]

    def tree(self, total: int) -> dict[str, int]:
        """The members that say which part of `total` rows this is."""
        pages = -(-total // self.limit)
        return {"page": self.number, "pages": pages, "limit": self.limit, "total": total}


def page(query: Mapping[str, str]) -> ListPage:
    """The page that `page` and `limit` name: by default the first 200 rows."""
    number = integer(query, "page", 1, low=1, high=1_000_000)
    return ListPage(number, integer(query, "limit", PAGE_ROWS, low=1, high=MAX_ROWS))


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
