"""Every dialect of CSV that was met, and what is refused."""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import NoDataError
from engine.market import csv_file
from engine.market.csv_file import parse_day, parse_number, read_rows
from engine.market.rows import Rows


def read(folder: Path, text: str | bytes) -> Rows:
    path = folder / "MP.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_rows(path, "MP", "csv:x")


WANTED = [[15.35, 15.615, 14.91, 15.47, 2187767.0], [15.55, 15.75, 15.16, 15.21, 2130228.0]]
DIALECTS = {
    "plain": (
        "date,open,high,low,close,volume\n2024-03-01,15.35,15.615,14.91,15.47,2187767\n"
        "2024-02-29,15.55,15.75,15.16,15.21,2130228\n"
    ),
    "nasdaq": (
        'Date,Close/Last,Volume,Open,High,Low\n03/01/2024,$15.47,"2,187,767",$15.35,$15.615,$14.91\n'
        '02/29/2024,$15.21,"2,130,228",$15.55,$15.75,$15.16\n'
    ),
    "adjusted": (
        "Date,Open,High,Low,Close,Adj"
        " Close,Volume\n2024-03-01,15.35,15.615,14.91,15.47,7.5,2187767\n"
        "2024-02-29,15.55,15.75,15.16,15.21,7.4,2130228\n"
    ),
    "zoned": (
        "Date,Open,High,Low,Close,Volume,Dividends\n2024-03-01"
        " 00:00:00-05:00,15.35,15.615,14.91,15.47,2187767,0\n"
        "2024-02-29T00:00:00Z,15.55,15.75,15.16,15.21,2130228.0,0\n"
    ),
    "windows": (
        "\ufeffDATE;OPEN;HIGH;LOW;CLOSE;VOL.\r\n2024-03-01;15.35;15.615;14.91;15.47;2187767\r\n\r\n"
        "2024-02-29;15.55;15.75;15.16;15.21;2130228\r\n"
    ),
    "quoted": (
        '"date","open","high","low","close","volume"\n"Mar 01, 2024","15.35"," 15.615'
        ' ","14.91","15.47","2,187,767"\n"20240229","15.55","15.75","15.16","15.21","2.130228e6"\n'
    ),
}


@pytest.mark.parametrize("name", DIALECTS)
def test_every_dialect_reads_the_same(name: str, tmp_path: Path) -> None:
    """Column order, case, $, separators of thousands, US dates, zones, BOM and semicolons all
    give the same numbers."""
    rows = read(tmp_path, DIALECTS[name])
    assert rows.days == (date(2024, 3, 1), date(2024, 2, 29))
    assert rows.values.tolist() == WANTED


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2024-13-01,1,1,1,1,1", "line 3: '2024-13-01' is not a date"),
        ("31/12/2024,1,1,1,1,1", "'31/12/2024' is not a date"),
        ("yesterday,1,1,1,1,1", "'yesterday' is not a date"),
        ('2024-03-04,"15,47",1,1,1,1', "line 3: '15,47' is not a number"),
        ("2024-03-04,1,1,1,\x1b[31mred,1", "'red' is not a number"),
        ("2024-03-04,1,1,1,1.2.3,1", "'1.2.3' is not a number"),
        ("2024-03-04,1,1,1,1$5,1", "'1$5' is not a number"),
        (",1,1,1,1,1", "'' is not a date"),
    ],
)
def test_unreadable_fields_name_file_and_line(line: str, words: str, tmp_path: Path) -> None:
    """A text that is no date or number is exit 4 with the file, the line and the text, cleaned."""
    with pytest.raises(NoDataError, match=r"MP\.csv line 3") as caught:
        read(
            tmp_path,
            f"date,open,high,low,close,volume\n2024-03-01,1,1,1,1,1\n{line}\n2024-03-05,1,1,1,1,1\n",
        )
    assert words in str(caught.value)
    assert "\x1b" not in str(caught.value)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no column date"),
        ("date,open,high,low,close\n", "no column volume"),
        ("date,open,high,low,close,CLOSE,volume\n", "more than one column close"),
        (b"date,open\xff\n", "not UTF-8"),
        ("date,open,high,low,close,volume\n2024-03-01,1,1,1,1,1\x00\n", "line 2"),
        ("<html>busy</html>", "no column date"),
    ],
)
def test_files_that_are_no_bars_are_refused(text: str | bytes, words: str, tmp_path: Path) -> None:
    """A file without the six columns, or no text at all, is exit 4 in words."""
    with pytest.raises(NoDataError, match=words):
        read(tmp_path, text)


def test_empty_fields_are_nan(tmp_path: Path) -> None:
    """What a source left empty is not a number, and not zero."""
    rows = read(
        tmp_path, "date,open,high,low,close,volume\n2024-03-01,null,,nan,1.5,-\n2024-03-04,1\n"
    )
    assert [math.isnan(value) for value in rows.values[0]] == [True, True, True, False, True]
    assert [math.isnan(value) for value in rows.values[1]] == [False, True, True, True, True]


def test_rows_before_the_start_are_left_out(tmp_path: Path) -> None:
    """Rows before the first wanted day are not read at all, so that an old mistake there does no
    harm."""
    path = tmp_path / "MP.csv"
    path.write_text(
        "date,open,high,low,close,volume\n2020-01-02,oops,1,1,1,1\n2024-03-01,1,1,1,1,1\n"
    )
    assert read_rows(path, "MP", "csv:x", date(2024, 1, 1)).lines == (3,)


def test_huge_files_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file beyond the limit is refused before it fills the memory."""
    monkeypatch.setattr(csv_file, "MAX_BYTES", 100)
    with pytest.raises(NoDataError, match="larger than"):
        read(tmp_path, "x" * 101)


@given(st.dates(date(1900, 1, 1), date(2100, 1, 1)))
def test_every_form_of_a_day_is_read(day: date) -> None:
    """A day written in any of the known forms reads back as itself."""
    for text in (
        str(day),
        f"{day:%Y%m%d}",
        f"{day:%m/%d/%Y}",
        f"{day.month}/{day.day}/{day.year}",
        f"{day} 00:00:00-04:00",
    ):
        assert parse_day(text) == day


@given(st.floats(min_value=-1e12, max_value=1e12, allow_nan=False))
def test_every_form_of_a_number_is_read(number: float) -> None:
    """A number reads back from its shortest text, and from its text with $ and separators of
    thousands."""
    assert parse_number(repr(number)) == number
    assert parse_number(f"${number:,.2f}".replace("$-", "-$")) == float(f"{number:.2f}")


@given(st.text(max_size=12))
def test_any_text_is_a_number_or_refused(text: str) -> None:
    """No text makes the number parser fail in another way than ValueError."""
    try:
        assert isinstance(parse_number(text), float)
    except ValueError as error:
        assert str(error) == "not a number"


@given(st.binary(max_size=200))
def test_any_bytes_are_rows_or_refused(
    tmp_path_factory: pytest.TempPathFactory, raw: bytes
) -> None:
    """Random bytes after a good header become rows or exit 4, never a traceback."""
    path = tmp_path_factory.mktemp("fuzz") / "MP.csv"
    path.write_bytes(b"date,open,high,low,close,volume\n" + raw)
    try:
        assert isinstance(read_rows(path, "MP", "csv:x"), Rows)
    except NoDataError as error:
        assert "MP.csv" in error.message
