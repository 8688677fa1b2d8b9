"""A file of another program becomes the symbol's file of a folder; nothing is lost on the way."""

from __future__ import annotations

import os
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.core import failpoints
from engine.core.errors import NoDataError, StockmlError, UsageError
from engine.core.sources import parse_source
from engine.market import csv_import
from engine.market.csv_import import plan_import, write_import
from engine.market.csv_names import files_of
from engine.market.fetch import fetch_bars
from engine.market.import_plan import ImportPlan
from engine.market.request import BarsRequest
from engine.settings.load import load
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market.dialects.vendors import BARS, DAYS, SHAPES
from tests.market.samples import csv_text

NOW = datetime(2026, 11, 30, 22, 15, tzinfo=UTC)
CLOCK = FakeClock(NOW)


@pytest.fixture
def request_of_mp(tmp_path: Path) -> BarsRequest:
    home = new_home(tmp_path / "home")
    source = parse_source(f"csv:{tmp_path / 'bars'}")
    return BarsRequest(home, load(home, {}), source, "MP", CLOCK)


def plan_of(request: BarsRequest, shape: str = "investing in German") -> ImportPlan:
    file = request.home.root.parent / "export.csv"
    file.write_bytes(SHAPES[shape].write())
    return plan_import(request, file)


def test_what_is_written_is_what_was_read(request_of_mp: BarsRequest) -> None:
    """In stockml's own shape, oldest first, in a folder that was not there."""
    plan = plan_of(request_of_mp)
    assert write_import(plan, NOW) == ()

    lines = plan.target.read_text().splitlines()
    assert lines[0] == "date,open,high,low,close,volume"
    assert lines[1].startswith(f"{DAYS[0]},{BARS[0][0]},")
    source = request_of_mp.source.name
    bars = fetch_bars(request_of_mp.home, request_of_mp.settings, source, "MP", CLOCK)
    assert bars.close.tolist() == [bar[3] for bar in BARS]
    assert plan.unchanged is False
    assert plan_of(request_of_mp).unchanged


def test_every_file_before_is_kept_under_a_name_no_reader_takes(
    request_of_mp: BarsRequest, tmp_path: Path
) -> None:
    """Whatever its name was; two imports in one second keep two files."""
    folder = tmp_path / "bars"
    folder.mkdir()
    (folder / "mp.txt").write_text("old text")
    (folder / "MP.csv").write_text("old bars")
    kept = write_import(plan_of(request_of_mp), NOW)
    assert [(path.name, path.read_text()) for path in kept] == [
        ("MP.csv.before-20261130-221500", "old bars"),
        ("mp.txt.before-20261130-221500", "old text"),
    ]
    assert files_of(folder, "MP") == [folder / "MP.csv"]
    (second,) = write_import(plan_of(request_of_mp, "stooq"), NOW)
    assert second.name == "MP.csv.before-20261130-221500-2"


def test_a_full_disk_leaves_the_folder_as_it_was(
    request_of_mp: BarsRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The error names the file."""
    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "MP.csv").write_text("old bars")
    plan = plan_of(request_of_mp)
    monkeypatch.setattr(failpoints, "_POINTS", {"import.written": "enospc"})
    with pytest.raises(StockmlError, match=r"cannot write .*MP\.csv: No space left"):
        write_import(plan, NOW)
    assert [path.name for path in (tmp_path / "bars").iterdir()] == ["MP.csv"]
    assert plan.target.read_text() == "old bars"


def test_a_disk_without_links_keeps_a_copy(
    request_of_mp: BarsRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As FAT and some network disks are."""

    def no_links(*_: object, **__: object) -> None:
        raise PermissionError("no links here")

    (tmp_path / "bars").mkdir()
    (tmp_path / "bars" / "MP.csv").write_text("old bars")
    monkeypatch.setattr(os, "link", no_links)
    (kept,) = write_import(plan_of(request_of_mp), NOW)
    assert kept.read_text() == "old bars"


def test_bars_that_read_back_otherwise_are_reported(
    request_of_mp: BarsRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A done is said of what is on the disk."""
    plan = plan_of(request_of_mp)
    monkeypatch.setattr(csv_import, "csv_bytes", lambda _: csv_text().encode())
    with pytest.raises(StockmlError, match="reads back to other bars"):
        write_import(plan, NOW)


def test_rows_before_the_min_date_are_counted(request_of_mp: BarsRequest, tmp_path: Path) -> None:
    """They are not imported, as they are not used."""
    file = tmp_path / "export.csv"
    early = "2015-01-02,1,1,1,1,1\n"
    file.write_text(csv_text().replace("volume\n", f"volume\n{early}"))
    warning = plan_import(request_of_mp, file).bars.warnings[0]
    assert warning.startswith("1 rows before 2020-11-18, the symbol's min_date")


def test_doubts_and_rows_to_come_are_in_the_plan(
    request_of_mp: BarsRequest, tmp_path: Path
) -> None:
    """A row of tomorrow is left out and doubted, as in the folder."""
    file = tmp_path / "export.csv"
    file.write_text(csv_text() + "2052-02-27,1,1,1,1,1\n")
    plan = plan_import(request_of_mp, file)
    assert plan.bars.last_date == date(2024, 2, 26)
    assert [doubt.kind for doubt in plan.bars.doubts] == ["future-date"]


def test_what_cannot_be_imported_is_refused(request_of_mp: BarsRequest, tmp_path: Path) -> None:
    """No file, a folder, bars of another symbol; a source that is no folder is wrong usage."""
    with pytest.raises(NoDataError, match="no file"):
        plan_import(request_of_mp, tmp_path / "none.csv")
    with pytest.raises(NoDataError, match="it is a folder"):
        plan_import(request_of_mp, tmp_path)
    file = tmp_path / "export.csv"
    file.write_bytes(SHAPES["yfinance, download"].write().replace(b"MP", b"AMD"))
    with pytest.raises(NoDataError, match="the columns are of AMD, not of MP"):
        plan_import(request_of_mp, file)
    yahoo = BarsRequest(
        request_of_mp.home, request_of_mp.settings, parse_source("yahoo"), "MP", CLOCK
    )
    with pytest.raises(UsageError, match="the source is yahoo"):
        plan_import(yahoo, file)
