"""Names of sources as text."""

from __future__ import annotations

from engine.core.sources import is_simulated, kind_of
from engine.core.text import clean
from engine.words.figures import ABSENT

SIMULATED = "SIMULATED"
"""The mark of everything based on a simulated market."""
NOT_REAL = f"{SIMULATED}: not real prices"


def source_name(source: str | None) -> str:
    """A source as a column shows it: yahoo, csv, SIMULATED."""
    kind = kind_of(source or ABSENT)
    return SIMULATED if is_simulated(kind) else clean(kind, 20)


def short_source(source: str) -> str:
    """A source in at most 24 characters: a folder by the end of its path."""
    return source if len(source) <= 24 else f"{source[:4]}…{source[-19:]}"
