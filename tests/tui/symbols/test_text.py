"""The words of the Symbols screen."""

from dataclasses import replace
from datetime import date

from engine.symbols.records import ConfiguredSymbol
from tui.symbols.text import counts, matches, row

MP = ConfiguredSymbol(
    symbol="MP",
    company="MP Materials",
    sector="Rare Earth",
    kind="specialized",
    priority="low",
    min_date=date(2020, 11, 18),
    file="/home/me/symbols.csv",
    line=3,
)


def test_a_row_says_where_it_stands() -> None:
    """File name and line; a packaged default has none."""
    texts = [text for text, _ in row(MP)]

    assert texts[-2:] == ["2020-11-18", "symbols.csv 3"]
    assert row(replace(MP, file="", line=None))[-1][0] == "packaged"


def test_every_word_must_be_there() -> None:
    """In any of the texts, whatever the case."""
    assert matches(MP, "earth LOW")
    assert matches(MP, "")
    assert not matches(MP, "earth high")


def test_the_count_by_priority() -> None:
    """Those that there are, the first trained first."""
    assert counts({"low": 7, "high": 1}) == "8 symbols: 1 high, 7 low"
