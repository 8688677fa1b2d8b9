"""The Symbols screen as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from engine.core.symbols import Priority
from engine.symbols.records import ConfiguredSymbol
from engine.words.figures import ABSENT
from engine.words.phrases import plural
from engine.words.tables import TableColumn
from tui.widgets.lines import Line, Span, line

HEADS = (
    TableColumn("SYMBOL", meaning="symbol"),
    TableColumn("PRIORITY", meaning="how early it is trained"),
    TableColumn("KIND", 3, meaning="stock, etf, …"),
    TableColumn("COMPANY", 1, meaning="the company's name", max_width=32),
    TableColumn("SECTOR", 2, meaning="its sector", max_width=36),
    TableColumn("SINCE", 5, meaning="the day before which bars are not used"),
    TableColumn("WHERE", 4, meaning="its file and line"),
)
_STYLES = {"high": "warn", "medium": "", "low": "dim"}


def row(symbol: ConfiguredSymbol) -> tuple[Span, ...]:
    """The cells of one symbol."""
    where = f"{Path(symbol.file).name} {symbol.line}" if symbol.file else "packaged"
    return (
        (symbol.symbol, ""),
        (symbol.priority, _STYLES.get(symbol.priority, "")),
        (symbol.kind, ""),
        (symbol.company, ""),
        (symbol.sector, ""),
        (str(symbol.min_date) if symbol.min_date else ABSENT, ""),
        (where, "dim"),
    )


def counts(by_priority: Mapping[str, int]) -> str:
    """`13 symbols: 3 high, 3 medium, 7 low`."""
    parts = [f"{by_priority[name]} {name}" for name in Priority if by_priority.get(name)]
    return f"{plural(sum(by_priority.values()), 'symbol')}: {', '.join(parts)}"


def matches(symbol: ConfiguredSymbol, words: str) -> bool:
    """Whether the symbol has each of the words in its name, company, sector, kind or priority."""
    texts = (symbol.symbol, symbol.company, symbol.sector, symbol.kind, symbol.priority)
    text = " ".join(texts).lower()
    return all(word in text for word in words.lower().split())


def removal_lines(name: str, days: int) -> tuple[Line, ...]:
    """What a removal does."""
    return (
        line(f"  stockml symbols remove {name}"),
        line(f"  its model moves into a backup, which clean drops after {plural(days, 'day')}"),
        line("  its runs and past forecasts stay", "dim"),
    )
