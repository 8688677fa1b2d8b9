"""How a file of another program was understood, and what its import would write."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from engine.market.bars import Bars


@dataclass(frozen=True, slots=True, kw_only=True)
class Understood:
    """How a file was understood, for whoever imports it."""

    columns: tuple[tuple[str, str], ...]
    """(column, its header in the file, or its number in a file without a header)."""
    encoding: str
    delimiter: str
    first_date: str
    """The first date as the file has it, and the day it means."""
    numbers: str
    early: int
    """Records before the day asked from, which were not read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPlan:
    """What an import would write, before it is asked for."""

    file: Path
    target: Path
    bars: Bars
    understood: Understood
    replaced: tuple[Path, ...]
    """The files of the symbol in the folder; each is kept under another name."""
    unchanged: bool
    """Whether the folder has just these bars already."""
