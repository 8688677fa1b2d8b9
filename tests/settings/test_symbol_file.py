"""symbols.csv: read strictly with the line of every mistake, edited a line at a time."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.settings.symbol_file import (
    listed_symbols,
    symbol_table,
    with_tables,
    without_symbol,
)

HEADER = "symbol,company,sector,kind,priority,min_date\n"
WORDS = st.text(st.characters(exclude_categories=["C", "Z"]), min_size=1, max_size=12)
TABLES = st.dictionaries(
    st.from_regex(r"[A-Z][A-Z0-9.-]{0,9}", fullmatch=True),
    st.builds(
        lambda company, day: symbol_table("X", company=company, min_date=day),
        WORDS,
        st.none() | st.dates(date(1990, 1, 1), date(2030, 1, 1)),
    ),
    max_size=5,
)


def test_empty_fields_have_their_defaults() -> None:
    """Only the name must be there; a comment and an empty line are none."""
    listed = listed_symbols(
        f'# mine\r\n{HEADER}\n\nIBM,,,,,\nMP,"MP, Inc.",,,low,2020-11-18\n', "f"
    )

    assert listed.problems == ()
    assert dict(listed.lines) == {"IBM": 5, "MP": 6}
    assert listed.tables["IBM"] == {
        "company": "IBM",
        "sector": "unknown",
        "kind": "stock",
        "priority": "medium",
    }
    assert (listed.tables["MP"]["company"], listed.tables["MP"]["min_date"]) == (
        "MP, Inc.",
        date(2020, 11, 18),
    )


@pytest.mark.parametrize(
    ("row", "word"),
    [
        ("ibm,,,,,", "not a symbol"),
        ("IBM,,,,urgent,", "'urgent': it is none of high, medium, low"),
        ("IBM,,,,,tomorrow", "'tomorrow'"),
        ("IBM,,,", "4 fields; the header has 6"),
        ('IBM,"a,,,,', "a quote is not closed"),
        ("IBM,,,,,\nIBM,,,,,", "line 2 has it too"),
    ],
)
def test_a_mistake_is_named_with_its_line(row: str, word: str) -> None:
    """One mistake, one problem, with file and line."""
    (problem,) = listed_symbols(f"{HEADER}{row}\n", "symbols.csv").problems

    line = 2 + row.count("\n")
    assert str(problem).startswith(f"symbols.csv line {line}: ")
    assert word in str(problem)


@pytest.mark.parametrize(
    ("header", "word"),
    [
        ("symbol,sectr", "unknown column 'sectr'; did you mean sector?"),
        ("symbol,kind,kind", "the column kind is there twice"),
        ("company,kind", "the header is symbol,company"),
        ("IBM", "unknown column 'IBM'"),
    ],
)
def test_a_wrong_header_is_named(header: str, word: str) -> None:
    """Without a header that can be read there is no symbol."""
    listed = listed_symbols(f"{header}\nIBM\n", "f")

    assert listed.tables == {}
    assert word in str(listed.problems[0])


@given(TABLES)
def test_what_is_written_reads_as_it_was(tables: dict[str, dict[str, object]]) -> None:
    """Whatever a company is called."""
    listed = listed_symbols(with_tables("", tables), "f")

    assert listed.problems == ()
    assert dict(listed.tables) == tables


@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_changes_its_line_alone(newline: str) -> None:
    """Comments, order and line ends stay; a new symbol comes last, a removed one leaves none."""
    text = newline.join(["# head", HEADER.strip(), "A,Aa,x,y,low,", "# mid", "B,Bb,x,y,low,", ""])
    edited = with_tables(text, {"A": {"company": "New"}, "C": symbol_table("C", company="Cc")})

    lines = edited.split(newline)
    assert lines[2] == "A,New,x,y,low,"
    assert lines[:2] + lines[3:5] == text.split(newline)[:2] + text.split(newline)[3:5]
    assert lines[5:] == ["C,Cc,unknown,stock,medium,", ""]
    assert without_symbol(without_symbol(edited, "C"), "A") == text.replace(
        f"A,Aa,x,y,low,{newline}", ""
    )
    assert without_symbol(text, "NONE") == text


def test_a_missing_column_is_added() -> None:
    """A file by hand with names alone takes a priority."""
    assert with_tables("symbol\nIBM\n# end\n", {"IBM": {"priority": "high"}}) == (
        "symbol,priority\nIBM,high\n# end\n"
    )
