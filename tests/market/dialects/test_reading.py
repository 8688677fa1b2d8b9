"""Files in the shapes of other programs become the bars that are in them."""

from __future__ import annotations

import math
import re
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import NoDataError
from engine.market.csv_file import read_rows
from engine.market.dialects.reading import read_dialect
from engine.market.rows import Rows
from tests.market.dialects.vendors import BARS, DAYS, SHAPES


def read(folder: Path, raw: bytes, symbol: str = "MP") -> Rows:
    path = folder / f"{symbol}.csv"
    path.write_bytes(raw)
    return read_rows(path, symbol, "csv:x")


@pytest.mark.parametrize("name", SHAPES)
def test_every_shape_reads_to_the_same_bars(name: str, tmp_path: Path) -> None:
    """Days and prices are those of the series, volumes too where they are not rounded."""
    shape = SHAPES[name]
    rows = read(tmp_path, shape.write())
    order = sorted(range(len(rows)), key=rows.days.__getitem__)

    assert tuple(rows.days[place] for place in order) == DAYS
    assert [tuple(rows.values[place][:4]) for place in order] == [bar[:4] for bar in BARS]
    shares = [rows.values[place][4] for place in order]
    assert shares == pytest.approx([bar[4] for bar in BARS], abs=5_001 if shape.rounded else 0)


HEAD = "Date,Open,High,Low,Close,Volume\n"
ROW = "2024-02-20,1,2,1,2,5\n"


@pytest.mark.parametrize(
    ("rows", "note"),
    [
        ("2024-02-21,null,null,null,null,null\n", "1 line without prices left out: 2024-02-21"),
        ("2024-02-21,0,0.00,0,0,0\n", "1 line without prices left out: 2024-02-21 (line 3)"),
        ("2024-02-21,,,,,\n2024-02-22\n", "2 lines without prices left out"),
        ("2024-02-21,0.04 Dividend\n", "line 3 '2024-02-21 0.04 Dividend'"),
        ("2024-02-21,10:1 Stock Splits,,,,\n", "line 3 '2024-02-21 10:1 Stock Splits'"),
        ("Average,1,2,1,2,5\n", "line 3 'Average 1 2 1 2 5'"),
        ("All rights reserved.\n", "line 3 'All rights reserved.'"),
        (HEAD, "1 line of the header again left out: line 3"),
        ("2024-02-16,1,2,1,2,\n", "1 line without a volume read as volume 0: 2024-02-16 (line 3)"),
    ],
)
def test_what_is_left_out_is_named(rows: str, note: str, tmp_path: Path) -> None:
    """With its line; the bars around it stay."""
    read_in = read(tmp_path, (HEAD + ROW + rows).encode())
    assert read_in.days[0] == date(2024, 2, 20)
    assert note in " ".join(read_in.notes)


def test_of_many_lines_the_last_five_are_named(tmp_path: Path) -> None:
    """And the others counted."""
    rows = "".join(f"2024-03-{day:02d},,,,,\n" for day in range(1, 13))
    (note,) = read(tmp_path, (HEAD + ROW + rows).encode()).notes
    assert "12 lines without prices left out: 2024-03-08" in note
    assert note.endswith("; 7 earlier ones too")


def test_an_empty_volume_is_zero_and_that_of_the_newest_bar_unfinished(tmp_path: Path) -> None:
    """A column without any volume is zero throughout."""
    rows = HEAD + "2024-02-20,1,2,1,2,\n2024-02-21,1,2,1,2,5\n2024-02-22,1,2,1,2,-\n"
    assert read(tmp_path, rows.encode()).values[:, 4].tolist()[:2] == [0, 5]
    assert math.isnan(read(tmp_path, rows.encode()).values[2, 4])
    rows = HEAD + "2024-02-20,1,2,1,2,\n2024-02-21,1,2,1,2,-\n"
    assert read(tmp_path, rows.encode()).values[:, 4].tolist() == [0, 0]


def test_splits_beside_prices_as_traded_are_applied(tmp_path: Path) -> None:
    """As Tiingo names them."""
    rows = read(
        tmp_path,
        b"date,close,high,low,open,volume,adjClose,splitFactor\n"
        b"2024-06-07,1208,1216,1180,1197,41238580,1,1.0\n"
        b"2024-06-10,121,123,117,120,314162700,1,10.0\n",
    )
    assert rows.values[0].tolist() == [119.7, 121.6, 118.0, 120.8, 412385800.0]
    assert rows.splits == ((date(2024, 6, 10), 10.0),)


def test_only_the_rows_of_the_symbol_are_read(tmp_path: Path) -> None:
    """Others are named; a file without any of the symbol is refused by name."""
    head = b"Ticker,Date,Open,High,Low,Close,Volume\n"
    rows = read(tmp_path, head + b"NVDA,2024-02-20,9,9,9,9,9\nMP,2024-02-20,1,2,1,2,5\n")
    assert rows.values.tolist() == [[1, 2, 1, 2, 5]]
    assert "1 line of other tickers left out: NVDA (line 2)" in rows.notes[0]
    with pytest.raises(NoDataError, match="the bars are of 'NVDA', not of MP"):
        read(tmp_path, head + b"NVDA,2024-02-20,9,9,9,9,9\n")


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ("1024-02-21,1,2,1,2,5\n", "line 3: '1024-02-21' is before 1900"),
        ("2024-02-21,1,2,1,2,1_000\n", "line 3: '1_000' is not a number"),
        ("2024-02-21,1,2,1,2,4,744,983\n", "line 3: 8 fields where the header has 6"),
        ("2024-02-21,oops,oops,oops,oops,5\n", "line 3: 'oops' is not a number"),
        ("someday,1,2,1,2,5\n", "line 3: 'someday' is not a date"),
        ('2024-02-21,"1,2,1,2,5\n2024-02-22,1,2,1,2,5\n', "a quote that is not closed"),
        ("2024-02-21,inf,2,1,2,5\n", "line 3: 'inf' is not a number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    rows: str, words: str, tmp_path: Path
) -> None:
    """And the text that is wrong."""
    with pytest.raises(NoDataError, match=re.escape(words)) as caught:
        read(tmp_path, (HEAD + ROW + rows).encode())
    assert caught.value.hint


def test_other_bars_than_daily_ones_are_refused(tmp_path: Path) -> None:
    """By the period that Stooq and MetaStock write."""
    head = "<TICKER>,<PER>,<DATE>,<OPEN>,<HIGH>,<LOW>,<CLOSE>,<VOL>\n"
    with pytest.raises(NoDataError, match="the period of the bars is '60'"):
        read(tmp_path, (head + "MP.US,60,20240220,1,2,1,2,5\n").encode())


def test_what_was_understood_is_said(tmp_path: Path) -> None:
    """Columns by their headers, the encoding, an example of a date."""
    shape = SHAPES["excel, Germany, cp1252"]
    understood = read_dialect(tmp_path / "MP.csv", shape.write(), "MP", "csv:x").understood

    assert dict(understood.columns)["open"] == "Eröffnung"
    assert understood.encoding == "cp1252"
    assert understood.delimiter == "semicolons"
    assert understood.first_date == "'20.02.2024' is 2024-02-20"
    assert understood.numbers == "decimal comma"


@given(st.binary(max_size=300))
def test_any_bytes_are_rows_or_refused(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    """Random bytes, alone or below a header, become rows or exit 4 with the file's name."""
    path = tmp_path_factory.mktemp("fuzz") / "MP.csv"
    for head in (b"", HEAD.encode(), HEAD.replace(",", ";").encode(), b"\xff\xfe"):
        path.write_bytes(head + raw)
        try:
            assert isinstance(read_rows(path, "MP", "csv:x"), Rows)
        except NoDataError as error:
            assert "MP.csv" in error.message


FIELDS = st.one_of(
    st.sampled_from(
        ["2024-02-20", "1/2/2024", "45342", "48,14", "48.14", "null", "-", "4.74M", '"']
    ),
    st.text("0123456789-/.,:;TZ +eE_$\n\x00", max_size=12),
)


@given(st.lists(st.lists(FIELDS, min_size=5, max_size=7), max_size=6), st.sampled_from(";,\t"))
def test_any_fields_are_rows_or_refused(
    tmp_path_factory: pytest.TempPathFactory, table: list[list[str]], delimiter: str
) -> None:
    """Fields like those of bars, in any number and order; each value that is read is finite or
    empty, each refusal has a line."""
    path = tmp_path_factory.mktemp("fuzz") / "MP.csv"
    lines = [HEAD.strip().replace(",", delimiter), *map(delimiter.join, table)]
    path.write_text("\n".join(lines), newline="")
    try:
        rows = read_rows(path, "MP", "csv:x")
    except NoDataError as error:
        assert re.search(r"MP\.csv line \d+: ", error.message) or "field larger" in error.message
    else:
        assert not any(math.isinf(value) for value in rows.values.flat)
