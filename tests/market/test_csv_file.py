"""A file in stockml's own shape is read fast, and exactly as any dialect is."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import NoDataError
from engine.market.csv_file import HEADER, own_rows, read_rows
from engine.market.dialects.reading import read_dialect
from engine.market.rows import Rows
from engine.market.store import csv_bytes
from tests.market.samples import DAYS, csv_text, some_bars

PATH = Path("MP.csv")
ROW = "2024-02-20,48.14,48.46,46.94,47.48,4744983"


def own(text: str, start: date | None = None) -> Rows | None:
    return own_rows(text.encode(), PATH, "MP", "csv:x", start)


def any_dialect(text: str) -> Rows:
    return read_dialect(PATH, text.encode(), "MP", "csv:x").rows


def test_both_ways_give_the_same_rows() -> None:
    """Days, values and lines."""
    fast, slow = own(csv_text()), any_dialect(csv_text())
    assert fast is not None
    assert (fast.days, fast.lines) == (slow.days, slow.lines) == (DAYS, tuple(range(2, 12)))
    assert np.array_equal(fast.values, slow.values)


@given(st.lists(st.floats(1e-4, 1e6), min_size=1, max_size=9), st.floats(0, 1e12))
def test_what_was_written_reads_back(prices: list[float], volume: float) -> None:
    """To the very same floats, by the fast way and by the other one."""
    bars = some_bars(DAYS[: len(prices)])
    bars.close[:] = prices
    bars.volume[:] = volume
    text = csv_bytes(bars).decode()
    fast = own(text)
    assert fast is not None
    for rows in (fast, any_dialect(text)):
        assert rows.values[:, 3].tolist() == prices
        assert set(rows.values[:, 4]) == {volume}


@pytest.mark.parametrize(
    "row",
    [
        *("2024-02-21,1,2,1,2,1_000", "2024-02-21,1,2,1,2", "2024-02-21,1,2,1,2,", "# note", ""),
        *("20240221,1,2,1,2,5", "1024-02-21,1,2,1,2,5", "2024-02-21,1,2,1,inf,5"),
        *("2024-W08-3,1,2,1,2,5", '2024-02-21,"1",2,1,2,5', "2024-02-21,1,2,1,2,5,6"),
        "2024-02-21,1,2,1,nan,5",
    ],
)
def test_anything_else_is_left_to_the_dialects(row: str) -> None:
    """A broken row among them, so that it is named as everywhere."""
    assert own(f"{HEADER}\n{ROW}\n{row}\n{ROW}\n") is None


def test_rows_before_the_start_are_left_out(tmp_path: Path) -> None:
    """By both ways; an old mistake there does no harm."""
    text = f"{HEADER}\n2020-01-02,1,1,1,1,1\n2024-03-01,1,1,1,1,1\n"
    fast = own(text, date(2024, 1, 1))
    assert fast is not None
    assert fast.lines == (3,)
    path = tmp_path / "MP.csv"
    path.write_text(text.replace("2020-01-02,1", "2020-01-02,oops"))
    assert read_rows(path, "MP", "csv:x", date(2024, 1, 1)).lines == (3,)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("2024-13-01,1,1,1,1,1", "line 3: '2024-13-01' is not a date"),
        ("yesterday,1,1,1,1,1", "'yesterday' is not a date"),
        ('2024-03-04,"15,470.1.2",1,1,1,1', "line 3: '15,470.1.2' is not a number"),
        ("2024-03-04,1,1,1,\x1b[31mred,1", "'red' is not a number"),
        ("2024-03-04,1,1,1,1$5,1", "'1$5' is not a number"),
        (",1,1,1,1,1", "'' is not a date"),
    ],
)
def test_unreadable_fields_name_file_and_line(line: str, words: str, tmp_path: Path) -> None:
    """A text that is no date or number is exit 4 with the file, the line and the text, cleaned."""
    path = tmp_path / "MP.csv"
    path.write_text(f"{HEADER}\n2024-03-01,1,1,1,1,1\n{line}\n2024-03-05,1,1,1,1,1\n")
    with pytest.raises(NoDataError, match=r"MP\.csv line 3") as caught:
        read_rows(path, "MP", "csv:x")
    assert caught.value.exit_code == 4
    assert words in str(caught.value)
    assert "\x1b" not in str(caught.value)


def test_a_header_alone_has_no_rows(tmp_path: Path) -> None:
    """Which bars there are, others decide."""
    path = tmp_path / "MP.csv"
    path.write_text(f"{HEADER}\n")
    assert len(read_rows(path, "MP", "csv:x")) == 0
