"""Lists of symbols as operators bring them."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import StockmlError, UsageError
from engine.symbols.import_file import read_list
from engine.symbols.records import NewSymbol

ISHARES = """\ufeffiShares Core S&P 500 ETF
Fund Holdings as of,"Nov 27, 2026"

Ticker,Name,Sector,Asset Class,Weight (%)
"NVDA","NVIDIA CORP","Information Technology","Equity","7.1"
"BRKB","BERKSHIRE HATHAWAY INC CLASS B","Financials","Equity","1.6"
"-","CASH COLLATERAL","Cash and/or Derivatives","Cash","0.1"

"The content contained herein is owned or licensed by BlackRock, or its affiliates"
"""


def names(folder: Path, text: str) -> list[str]:
    """The symbols of a list."""
    return [each.symbol for each in listed(folder, text)]


def listed(folder: Path, text: str) -> tuple[NewSymbol, ...]:
    """A list as it is read."""
    file = folder / "list.csv"
    file.write_text(text)
    return read_list(file)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("NVDA\nibm\n", ["NVDA", "IBM"]),
        ("# mine\nNVDA, IBM;MP\n\nNVDA # again\n", ["NVDA", "IBM", "MP"]),
        ("Symbol,Security,GICS Sector\nMMM,3M,Industrials\nBRK.B,Berkshire,Financials\n", None),
        ("Symbol|Security Name|ETF\nMMM|3M|N\nBRK.B|Berkshire|N\n", None),
        ("name;ticker\n3M;MMM\nBerkshire;BRK.B\n", None),
        ("Symbol\tName\nMMM\t3M\nBRK.B\tBerkshire\n", None),
        (ISHARES, ["NVDA", "BRKB"]),
    ],
)
def test_the_shapes_of_lists(tmp_path: Path, text: str, expected: list[str] | None) -> None:
    """A text of names, and the tables of indices, exchanges and funds."""
    assert names(tmp_path, text) == (expected or ["MMM", "BRK.B"])


def test_a_table_brings_what_it_has(tmp_path: Path) -> None:
    """Company, sector, kind, priority and day; an empty field brings nothing."""
    first, second = listed(
        tmp_path,
        "symbol,company,sector,kind,priority,min_date\n"
        "IBM,Int. Business,Technology,large cap,High,2020-01-02\nQQQ,,,ETF,,\n",
    )

    assert first.fields == {
        "company": "Int. Business",
        "sector": "Technology",
        "kind": "large cap",
        "priority": "high",
        "min_date": date(2020, 1, 2),
    }
    assert {key: value for key, value in second.fields.items() if value} == {"kind": "etf"}


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("NVDA\nnot/one\n", "line 2: 'NOT/ONE' is no symbol"),
        ("symbol,priority\nNVDA,urgent\n", "line 2: the priority 'urgent'"),
        ("symbol,min_date\nNVDA,soon\n", "line 2: min_date 'soon'"),
        ("# nothing\n", "names no symbol"),
    ],
)
def test_a_wrong_list_is_named(tmp_path: Path, text: str, word: str) -> None:
    """With the line and what is wrong on it."""
    with pytest.raises(UsageError) as refused:
        listed(tmp_path, text)
    assert word in refused.value.message


def test_what_is_no_text_is_named(tmp_path: Path) -> None:
    """A missing file, a folder, other bytes than UTF-8."""
    (tmp_path / "bytes").write_bytes(b"\xff\xfe\x00")
    for name in ("missing", ".", "bytes"):
        with pytest.raises(UsageError):
            read_list(tmp_path / name)


@given(st.text(max_size=60))
def test_any_text_is_a_list_or_refused(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Whatever is in it, names of symbols come out or an error in words."""
    file = tmp_path_factory.mktemp("lists") / "list"
    file.write_bytes(text.encode("utf-8", "replace"))
    try:
        assert read_list(file)
    except StockmlError as error:
        assert str(file.parent) in error.message
