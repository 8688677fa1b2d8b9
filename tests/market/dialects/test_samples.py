"""The sample files of other programs, and those that look right and are wrong, read as they are."""

from __future__ import annotations

from datetime import date

import pytest

from engine.core.errors import NoDataError
from engine.market.csv_file import read_rows
from engine.market.rows import Rows
from tests.helpers import ROOT

DATA = ROOT / "tests" / "data"
GOOD = "csv_shapes/good.csv"
SHAPES = sorted(
    path.name for path in (DATA / "csv_shapes").glob("*.csv") if path.name != "70_empty.csv"
)
ROUNDED = {"07_investing.csv", "52_vol_suffix.csv"}
LEFT_OUT = {
    "12_yahoo_null_row.csv": (date(2024, 12, 4), "2024-12-04 (line 202)"),
    "13_yahoo_page_copy.csv": (None, "line 102 'Jul 7, 2026 0.04 Dividend'"),
    "61_footer.csv": (None, "line 699 'Data provided by the desk. End of file.'"),
}


def rows_of(name: str) -> Rows:
    return read_rows(DATA / name, "MP", "csv:x")


def by_day(rows: Rows) -> dict[date, list[float]]:
    return dict(sorted(zip(rows.days, rows.values.tolist(), strict=True)))


@pytest.mark.parametrize("name", SHAPES)
def test_a_shape_reads_as_the_good_file(name: str) -> None:
    """Row by row the days and prices of good.csv, volumes to 10,000 where they are rounded, and
    what is left out is named."""
    good, read = by_day(rows_of(GOOD)), by_day(rows_of(f"csv_shapes/{name}"))
    day, words = LEFT_OUT.get(name, (None, ""))
    expected = {each: values for each, values in good.items() if each != day}

    assert len(expected) == 696 - (day is not None)
    assert list(read) == list(expected)
    assert [row[:4] for row in read.values()] == [row[:4] for row in expected.values()]
    assert [row[4] for row in read.values()] == pytest.approx(
        [row[4] for row in expected.values()], abs=10_000 if name in ROUNDED else 0
    )
    assert words in " ".join(rows_of(f"csv_shapes/{name}").notes)


def test_an_empty_file_is_said_to_be_empty() -> None:
    """0 bytes are no missing column."""
    with pytest.raises(NoDataError, match="the file is empty"):
        rows_of("csv_shapes/70_empty.csv")


def test_three_decimals_behind_a_comma_are_never_thousands() -> None:
    """48,140 between semicolons is 48.14, as volumes without separators show."""
    assert by_day(rows_of("csv_wrong/42_three_decimals_comma.csv")) == by_day(rows_of(GOOD))
