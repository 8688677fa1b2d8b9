"""Files of report dates, as people keep them and as they should not."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import NoDataError
from engine.market.report_file import read_report_file
from engine.market.reports import ReportDate, ReportTime


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "AAPL.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def test_columns_in_any_order_others_ignored(tmp_path: Path) -> None:
    """Header and time in any case, blank lines and a byte order mark, dates in any order."""
    text = "﻿Time,EPS,DATE,known\nAfter,1.4,2024-08-01,\n\nbefore,2,2024-05-02,2024-04-10\n"

    assert read_report_file(written(tmp_path, text)) == (
        ReportDate(day=date(2024, 5, 2), time=ReportTime.BEFORE, known=date(2024, 4, 10)),
        ReportDate(day=date(2024, 8, 1), time=ReportTime.AFTER),
    )
    assert read_report_file(written(tmp_path, "date,time\n")) == ()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "line 1: no column date"),
        ("date\n2024-08-01\n", "line 1: no column time"),
        ("date,time\n2024-08-01,noon\n", "line 2: time 'noon' is neither"),
        ("date,time\n2024-08-01\n", "line 2: time '' is neither"),
        ("date,time\n2024-13-01,after\n", "line 2: date '2024-13-01' is not a date"),
        ("date,time,known\n2024-08-01,after,soon\n", "line 2: known 'soon' is not a date"),
        ("date,time\n2024-08-01,after\n2024-08-01,before\n", "line 3: 2024-08-01 is listed twice"),
        (b"date,time\n\xff\xfe", "is not UTF-8 text"),
        ("x" * 1_000_001, "larger than"),
    ],
)
def test_a_file_that_cannot_be_read_names_its_line(
    tmp_path: Path, text: str | bytes, words: str
) -> None:
    """File, line and the offending text."""
    with pytest.raises(NoDataError) as error:
        read_report_file(written(tmp_path, text))
    assert words in error.value.message
    assert "AAPL.csv" in error.value.message


@given(text=st.text(max_size=80))
def test_no_text_is_a_crash(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    """Any text reads as dates or is refused in words."""
    path = tmp_path_factory.mktemp("reports") / "A.csv"
    path.write_text("date,time\n" + text, encoding="utf-8", errors="replace", newline="")
    try:
        read_report_file(path)
    except NoDataError as error:
        assert "A.csv" in error.message


@pytest.mark.parametrize(
    "text", ["date,time\n" + "x" * 200_000, "date,time\n2025-07-31,after\0\n", "a" * 1_000_001]
)
def test_what_is_no_list_is_refused(tmp_path: Path, text: str) -> None:
    """A field of 200 kB, a NUL and a file of a megabyte are errors that name the file."""
    path = tmp_path / "NVDA.csv"
    path.write_text(text)

    with pytest.raises(NoDataError, match=r"NVDA\.csv"):
        read_report_file(path)
