"""The two doors to bars, for the sources that need no network."""

from __future__ import annotations

import os
import socket
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from engine.core import failpoints
from engine.core.errors import NoDataError, UsageError
from engine.core.paths import Home
from engine.market import calendar
from engine.market.bars import data_hash
from engine.market.fetch import fetch_bars, stored_bars
from engine.market.last_bar import last_bar
from engine.settings.load import load
from engine.settings.write import set_keys
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.market.samples import DAYS, csv_folder, csv_text

CLOCK = FakeClock(datetime(2026, 11, 22, 15, 0, tzinfo=UTC))


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return new_home(tmp_path / "home")


def test_a_folder_is_read_and_kept_for_the_console(home: Home, tmp_path: Path) -> None:
    """The bars of a folder are its file's, old or not, without a warning;
    the console finds the last one in the store."""
    source = csv_folder(tmp_path / "bars", csv_text())
    bars = fetch_bars(home, load(home, {}), source, "NVDA", CLOCK)
    assert (tuple(bars.dates.tolist()), bars.source, bars.warnings) == (DAYS, source, ())
    newest = last_bar(home, source, "NVDA")
    assert newest is not None
    assert (newest.date, newest.close, newest.rows) == (str(DAYS[-1]), bars.close[-1], len(DAYS))


def test_a_row_after_the_last_complete_session_is_left_out(home: Home, tmp_path: Path) -> None:
    """A row dated after today is dropped and doubted, one of the session under way only dropped;
    that of a session that is over stays."""
    settings = load(home, {})
    source = csv_folder(tmp_path / "bars", csv_text((date(2026, 11, 20), date(2027, 11, 22))))
    bars = fetch_bars(home, settings, source, "NVDA", CLOCK)
    assert bars.last_date == date(2026, 11, 20)
    assert [doubt.key for doubt in bars.doubts] == ["future-date 2027-11-22"]
    source = csv_folder(tmp_path / "bars", csv_text((date(2026, 11, 19), date(2026, 11, 20))))
    for hour, last in ((20, 19), (23, 20)):
        clock = FakeClock(datetime(2026, 11, 20, hour, 0, tzinfo=UTC))
        bars = fetch_bars(home, settings, source, "NVDA", clock)
        assert (bars.last_date, bars.doubts) == (date(2026, 11, last), ())


def test_an_accepted_doubt_is_open_no_more(home: Home, tmp_path: Path) -> None:
    """A doubt in the settings, by symbol, kind and day, is kept apart from the open ones."""
    text = csv_text((date(2026, 11, 20), date(2027, 11, 22)))
    source = csv_folder(tmp_path / "bars", text)
    key = "NVDA future-date 2027-11-22"
    set_keys(home, {("market", "accepted", key): "a test of the feed"})
    bars = fetch_bars(home, load(home, {}), source, "NVDA", CLOCK)
    assert (bars.doubts, [doubt.key for doubt in bars.accepted]) == (
        (),
        [key.removeprefix("NVDA ")],
    )
    set_keys(
        home, {("market", "accepted", key): None, ("market", "accepted", f"AMD{key[4:]}"): "x"}
    )
    assert fetch_bars(home, load(home, {}), source, "NVDA", CLOCK).doubts


def test_stored_bars_of_a_folder_are_those_in_it_now(home: Home, tmp_path: Path) -> None:
    """A folder is its own store: what changed in it is what stored_bars gives."""
    source = csv_folder(tmp_path / "bars", csv_text(DAYS[:8]))
    settings = load(home, {})
    first = stored_bars(home, settings, source, "NVDA", CLOCK)
    csv_folder(tmp_path / "bars", csv_text())
    assert (len(first), len(stored_bars(home, settings, source, "NVDA", CLOCK))) == (8, len(DAYS))


def test_stored_bars_never_touch_the_network(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without stored bars of yahoo, stored_bars ends with exit 4 and the next step, and opens no
    socket."""

    def forbidden(*_: object, **__: object) -> None:
        raise AssertionError("a socket was opened")

    monkeypatch.setattr(socket, "socket", forbidden)
    with pytest.raises(NoDataError, match="no stored bars of NVDA") as caught:
        stored_bars(home, load(home, {}), "yahoo", "NVDA", CLOCK)
    assert "stockml data fetch NVDA" in caught.value.hint


def test_min_date_cuts_what_came_before(home: Home, tmp_path: Path) -> None:
    """Bars before a symbol's min_date are not used, nor are their mistakes."""
    days = calendar.sessions_between(date(2022, 4, 20), date(2022, 5, 10))
    source = csv_folder(tmp_path / "bars", csv_text(days, {1: [9.0, 1.0, 5.0, 2.0, -1.0]}), "SMR")
    assert fetch_bars(home, load(home, {}), source, "SMR", CLOCK).first_date == date(2022, 5, 3)


def test_impossible_bars_name_file_and_line(home: Home, tmp_path: Path) -> None:
    """A low above the open inside the file is exit 4 with path, line and values;
    nothing is kept."""
    source = csv_folder(tmp_path / "bars", csv_text(changed={4: [10.0, 12.0, 10.5, 11.0, 5.0]}))
    with pytest.raises(
        NoDataError, match=r"bars/NVDA\.csv line 6: low 10\.5 above open 10"
    ) as caught:
        fetch_bars(home, load(home, {}), source, "NVDA", CLOCK)
    assert caught.value.exit_code == 4
    assert last_bar(home, source, "NVDA") is None


def test_a_file_captured_during_the_session_loses_its_last_bar(home: Home, tmp_path: Path) -> None:
    """A file last written while the market was open holds a half day, even when it is read a day
    later."""
    source = csv_folder(tmp_path / "bars", csv_text())
    written = datetime(DAYS[-1].year, DAYS[-1].month, DAYS[-1].day, 19, 0, tzinfo=UTC).timestamp()
    os.utime(tmp_path / "bars" / "NVDA.csv", (written, written))
    bars = fetch_bars(home, load(home, {}), source, "NVDA", CLOCK)
    assert bars.last_date == DAYS[-2]
    assert "captured 2024-02-26 19:00 UTC" in bars.warnings[0]


def test_an_absent_folder_or_file_is_reported(home: Home, tmp_path: Path) -> None:
    """A missing folder and a missing file are told apart, and what is there is shown without
    escape codes."""
    settings = load(home, {})
    with pytest.raises(NoDataError, match="no folder"):
        fetch_bars(home, settings, f"csv:{tmp_path}/none", "NVDA", CLOCK)
    source = csv_folder(tmp_path / "bars", csv_text(), "AAPL")
    (tmp_path / "bars" / "\x1b[31m.csv").write_text("")
    with pytest.raises(NoDataError, match=r"no NVDA\.csv") as caught:
        fetch_bars(home, settings, source, "NVDA", CLOCK)
    assert "AAPL.csv" in caught.value.hint
    assert "\x1b" not in str(caught.value)


def test_an_unreadable_file_is_no_data(home: Home, tmp_path: Path) -> None:
    """A folder in the file's place is exit 4 in words, not a traceback."""
    (tmp_path / "bars" / "NVDA.csv").mkdir(parents=True)
    with pytest.raises(NoDataError, match="cannot read"):
        fetch_bars(home, load(home, {}), f"csv:{tmp_path}/bars", "NVDA", CLOCK)


def test_a_full_disk_costs_a_warning_not_the_bars(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the store cannot be written the bars are given all the same, and a warning says so."""
    source = csv_folder(tmp_path / "bars", csv_text())
    monkeypatch.setattr(failpoints, "_POINTS", {"bars.written": "enospc"})
    bars = fetch_bars(home, load(home, {}), source, "NVDA", CLOCK)
    assert len(bars) == len(DAYS)
    assert "could not be kept: No space left on device" in bars.warnings[-1]


def test_an_unknown_source_is_wrong_usage(home: Home) -> None:
    """A name that is no source is exit 2."""
    with pytest.raises(UsageError):
        fetch_bars(home, load(home, {}), "google", "NVDA", CLOCK)


def test_sources_never_share_a_file(home: Home, tmp_path: Path) -> None:
    """The simulated market and a folder keep their bars apart."""
    source = csv_folder(tmp_path / "bars", csv_text())
    settings = load(home, {})
    real, made = (fetch_bars(home, settings, name, "NVDA", CLOCK) for name in (source, "simulated"))
    assert data_hash(real) != data_hash(made)
    assert len(list(home.market.glob("*/NVDA.csv"))) == 2


def test_a_stored_copy_replaces_a_folder_that_is_gone(home: Home, tmp_path: Path) -> None:
    """Forecasts go on from the stored copy, with a warning that names the folder;
    asking the folder itself fails."""
    source = csv_folder(tmp_path / "bars", csv_text())
    settings = load(home, {})
    before = fetch_bars(home, settings, source, "NVDA", CLOCK)
    (tmp_path / "bars").rename(tmp_path / "unmounted")

    with pytest.raises(NoDataError, match="no folder"):
        fetch_bars(home, settings, source, "NVDA", CLOCK)
    kept = stored_bars(home, settings, source, "NVDA", CLOCK)
    assert data_hash(kept) == data_hash(before)
    (warning,) = kept.warnings
    assert f"no folder {tmp_path / 'bars'}; its stored copy is used" in warning
    with pytest.raises(NoDataError, match="no folder"):
        stored_bars(home, settings, source, "TSLA", CLOCK)
