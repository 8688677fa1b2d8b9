"""Which files of a folder are a symbol's."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.market.csv_names import file_of, files_of


@pytest.mark.parametrize(
    "name",
    ["MP.csv", "mp.csv", "Mp.CSV", "MP.txt", "mp.us.txt", "MP.csv.gz", "mp.TXT.GZ", "MP.US.csv"],
)
def test_a_name_of_a_symbol_in_any_case(name: str, tmp_path: Path) -> None:
    """With the endings that are read."""
    (tmp_path / name).touch()
    assert files_of(tmp_path, "MP") == [tmp_path / name]
    assert file_of(tmp_path, "MP") == tmp_path / name


@pytest.mark.parametrize(
    "name",
    [
        *("MPX.csv", "XMP.csv", "MP", "MP.json", ".MP.csv", "MP.csv.before-20261130-220000"),
        *("MP.gz", ".tmp-MP.csv-12-ab", "MP.xlsx", "MP.DE.csv", "MP.csv~"),
    ],
)
def test_other_names_are_no_symbols(name: str, tmp_path: Path) -> None:
    """Among them the file that was replaced, and one that is being written."""
    (tmp_path / name).touch()
    assert files_of(tmp_path, "MP") == []
    assert file_of(tmp_path, "MP") == tmp_path / "MP.csv"


def test_all_files_of_a_symbol_are_listed(tmp_path: Path) -> None:
    """So that two can be refused; stockml's own name is the first choice."""
    for name in ("MP.csv", "mp.txt", "NVDA.csv"):
        (tmp_path / name).touch()
    assert [path.name for path in files_of(tmp_path, "MP")] == ["MP.csv", "mp.txt"]
    assert file_of(tmp_path, "MP").name == "MP.csv"


@given(st.from_regex(r"[A-Z][A-Z0-9.-]{0,9}", fullmatch=True))
def test_a_symbol_is_a_name_and_no_pattern(symbol: str) -> None:
    """A point or a dash in it means itself; a folder that is not there has no file."""
    folder = Path("/nonexistent")
    assert file_of(folder, symbol) == folder / f"{symbol}.csv"
