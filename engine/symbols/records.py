"""The records of the symbols: as they are configured, as they are asked for, what a change did."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from engine.core.errors import StockmlError


@dataclass(frozen=True, slots=True, kw_only=True)
class ConfiguredSymbol:
    """One symbol of the settings and where it stands."""

    symbol: str
    company: str
    sector: str
    kind: str
    priority: str
    min_date: date | None = None
    file: str = ""
    """The file's path; empty for a packaged default that no file has."""
    line: int | None = None


@dataclass(frozen=True, slots=True)
class NewSymbol:
    """A symbol to add with what is known of it."""

    symbol: str
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListImport:
    """What a list brings: new symbols, those configured already, and how each name was read."""

    file: Path
    new: tuple[NewSymbol, ...]
    configured: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    """Names as the list has them, and as the source has them."""


def replaced(plan: ListImport, new: tuple[NewSymbol, ...]) -> ListImport:
    """The plan with other new symbols."""
    return dataclasses.replace(plan, new=new)


@dataclass(frozen=True, slots=True)
class UnknownSymbol:
    """A symbol that the source does not have, and why."""

    symbol: str
    error: StockmlError


@dataclass(frozen=True, slots=True)
class CheckedSymbols:
    """New symbols asked at the source: those it has, with what it says, and the others."""

    known: tuple[NewSymbol, ...]
    unknown: tuple[UnknownSymbol, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovedSymbols:
    """What became of removed symbols."""

    symbols: tuple[str, ...]
    backup: str = ""
    """The backup that has their models; empty where none had one."""
    drop_on: str = ""
    """The day on which `clean` drops it; empty for never."""
    holds: tuple[str, ...] = ()
    """Those whose hold was taken back."""
    problems: tuple[str, ...] = ()
