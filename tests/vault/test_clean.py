"""Cleaning: what is due goes, with a reason; what lives or is needed stays.

A fault stops only its own part.
"""

from __future__ import annotations

import hashlib
import sqlite3
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from engine.core.files import FileLock, append_line
from engine.core.paths import Home
from engine.settings.load import load
from engine.settings.schema import Settings
from engine.vault import clean as clean_module
from engine.vault.clean import clean
from engine.vault.logs import rotate
from engine.vault.records import CleanReport
from engine.vault.removal import discard
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.vault import homes
from tests.vault.crash import NOW


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return homes.untidy(tmp_path / "home")


def _clean(
    home: Home,
    later: timedelta = timedelta(),
    settings: Settings | None = None,
    dry_run: bool = False,
) -> CleanReport:
    return clean(home, settings or load(home, {}), FakeClock(NOW + later), dry_run=dry_run)


def _tree(home: Home) -> dict[str, str]:
    files = [path for path in home.root.rglob("*") if path.is_file()]
    return {
        str(path.relative_to(home.root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in files
    }


def _verbs(report: CleanReport, kind: str) -> dict[str, str]:
    return {action.path.name: action.verb for action in report.actions if action.kind == kind}


def test_clean_removes_what_is_old_and_keeps_the_rest(home: Home) -> None:
    """Old backups, runs, logs, temporary files and trash go;
    the live models and everything young stays."""
    live = {path.name: path.read_bytes() for path in home.models.glob("*.h5")}
    backups = sorted(path.name for path in home.models.glob("backup_*"))
    report = _clean(home)
    assert report.problems == ()
    assert {path.name: path.read_bytes() for path in home.models.glob("*.h5")} == live
    assert sorted(path.name for path in home.models.glob("backup_*")) == backups[2:]
    assert [path.name for path in home.models.glob(".t*")] == [
        ".tmp-nvda_lstm_model.h5-77-0123abce"
    ]
    assert [path.name for path in home.runs.iterdir()] == ["young"]
    assert sorted(path.name for path in home.training_log.parent.iterdir()) == [
        "training.log.1",
        "training.log.2",
    ]
    assert (home.training_log.parent / "training.log.2").read_text() == "young"
    assert (home.training_log.parent / "training.log.1").stat().st_size == 21_000_000
    assert report.freed_bytes > 2 * sum(map(len, live.values()))


def test_a_dry_run_changes_nothing(home: Home) -> None:
    """`dry_run` gives a reason for every keep and every removal, the same as are then done, and
    touches no file."""
    before = _tree(home)
    planned = _clean(home, dry_run=True)
    assert _tree(home) == before
    assert all(action.reason for action in planned.actions)
    assert {(action.path, action.verb, action.reason) for action in _clean(home).actions} == {
        (action.path, action.verb, action.reason) for action in planned.actions
    }


def test_a_second_clean_has_nothing_to_do(home: Home) -> None:
    """Cleaning is done once: a second one right after it removes, renames and copies nothing."""
    _clean(home)
    before = _tree(home)
    assert {action.verb for action in _clean(home).actions} == {"keep"}
    assert _tree(home) == before


def test_a_listing_error_stops_its_part(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """When backups cannot be listed none is removed, the report says so, and the other parts are
    still done."""
    before = sorted(home.models.glob("backup_*"))

    def failing(folder: Path) -> object:
        raise OSError(5, "Input/output error", str(folder))

    monkeypatch.setattr(clean_module, "list_backups", failing)
    report = _clean(home)
    assert sorted(home.models.glob("backup_*")) == before
    (problem,) = report.problems
    assert "nothing was removed" in problem
    assert "Input/output error" in problem
    assert not (home.runs / "old").exists()


def test_a_corrupt_newest_backup_protects_the_others(home: Home) -> None:
    """With the newest backups damaged, older valid ones are counted instead and stay."""
    for path in sorted(home.models.glob("backup_2026*"))[-3:]:
        (path / "nvda_lstm_model.h5").write_bytes(b"x")
    assert "remove" not in _verbs(_clean(home), "backup").values()


def test_a_wrong_clock_removes_nothing(home: Home) -> None:
    """A year ahead, backups stay as they would today;
    a year back, everything is dated in the future and stays."""
    today = _verbs(_clean(home, dry_run=True), "backup")
    assert sorted(today.values()) == ["keep"] * 4 + ["remove"] * 2
    assert _verbs(_clean(home, timedelta(days=365), dry_run=True), "backup") == today
    assert set(_verbs(_clean(home, timedelta(days=-365), dry_run=True), "backup").values()) == {
        "keep"
    }


def test_the_other_disk_is_cleaned_too(home: Home) -> None:
    """Copies in also_to follow the same rule; a disk that is not there is no problem."""
    settings = load(home, {})
    other = home.root / "other"
    settings = msgspec.structs.replace(
        settings, backup=msgspec.structs.replace(settings.backup, also_to=str(other))
    )
    for path in home.models.glob("backup_*"):
        path.rename(other / path.name)
    assert (
        sorted(_verbs(_clean(home, settings=settings), "backup").values())
        == ["keep"] * 4 + ["remove"] * 2
    )
    for path in other.iterdir():
        path.rename(home.models / path.name)
    other.rmdir()
    assert _clean(home, settings=settings).problems == ()


def test_another_programs_backups_are_kept(home: Home) -> None:
    """A folder called like a backup, but with no model in it, is not removed however old;
    one that is empty goes."""
    settings = load(home, {})
    theirs, empty = (
        home.root / "other" / "backup_20200101_000000",
        home.root / "other" / "backup_20200102_000000",
    )
    for path in (theirs, empty):
        path.mkdir()
    (theirs / "accounts.sql").write_text("theirs")
    for path in home.models.glob("backup_*"):
        path.rename(home.root / "other" / path.name)
    report = _clean(
        home,
        settings=msgspec.structs.replace(
            settings, backup=msgspec.structs.replace(settings.backup, also_to="other")
        ),
    )
    assert "theirs" == (theirs / "accounts.sql").read_text()
    assert not empty.exists()
    (kept,) = [action for action in report.actions if action.path == theirs]
    assert "no model among them" in kept.reason


def test_live_runs_are_kept(home: Home) -> None:
    """A run whose lock is held stays, however old; of the finished ones only the newest stay."""
    with FileLock(home.runs / "old" / "lock") as lock:
        assert lock.acquire("supervisor")
        assert _verbs(_clean(home, dry_run=True), "run") == {"old": "keep", "young": "keep"}
    for number in range(5):
        run = home.runs / f"r{number}"
        run.mkdir()
        (run / "result.json").write_text("{}")
        homes.aged(run / "result.json", number + 2)
    settings = load(home, {})
    settings = msgspec.structs.replace(
        settings, logs=msgspec.structs.replace(settings.logs, keep_runs=3)
    )
    kept = {
        name
        for name, verb in _verbs(_clean(home, settings=settings), "run").items()
        if verb == "keep"
    }
    assert kept == {"young", "r0", "r1"} == {path.name for path in home.runs.iterdir()}


def test_rotation_loses_no_line(home: Home) -> None:
    """Renamed logs move up to the first gap, nothing is overwritten, and a line written after
    goes to a new file."""
    log = home.logs / "monitoring" / "monitoring.log"
    for text in ("one", "two", "three"):
        append_line(log, text)
        rotate(log)
    append_line(log, "four")
    read = {path.name: path.read_text().strip() for path in log.parent.iterdir()}
    assert read == {
        "monitoring.log.3": "one",
        "monitoring.log.2": "two",
        "monitoring.log.1": "three",
        "monitoring.log": "four",
    }
    (log.parent / "monitoring.log.2").unlink()
    rotate(log)
    assert (log.parent / "monitoring.log.3").read_text().strip() == "one"
    assert (log.parent / "monitoring.log.2").read_text().strip() == "three"


def test_renamed_logs_are_bounded(home: Home) -> None:
    """Renamed logs together stay under five times the limit, but the newest stays even when it
    is huge."""
    folder = home.training_log.parent
    for number in (1, 2, 3):
        with (folder / f"training.log.{number}").open("wb") as file:
            file.truncate(150_000_000)
        homes.aged(folder / f"training.log.{number}", 1)
    verbs = _verbs(_clean(home, dry_run=True), "log")
    assert [verbs[f"training.log.{number}"] for number in (1, 2, 3)] == ["keep", "remove", "remove"]


def test_links_are_not_followed(home: Home, tmp_path: Path) -> None:
    """A link among logs, runs or backups is neither followed nor removed with what it points to."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "x.log").write_text("precious")
    homes.aged(outside / "x.log", 400)
    (home.runs / "link").symlink_to(outside)
    (home.logs / "link").symlink_to(outside)
    (home.logs / "x.log.9").symlink_to(outside / "x.log")
    (home.models / ".trash-backup_20260101_000000-0123abcd" / "link").symlink_to(outside)
    _clean(home)
    assert (outside / "x.log").read_text() == "precious"


def test_a_live_model_is_never_discarded(home: Home) -> None:
    """Even a mistake in a plan cannot remove a live model file."""
    with pytest.raises(RuntimeError, match="live model"):
        discard(home.model("NVDA"), "test")
    assert home.model("NVDA").exists()


def test_seven_daily_copies_are_kept(home: Home) -> None:
    """history.db and stockml.toml get one verified copy a day, seven are kept, and a copy opens."""
    daily = home.data / "daily"
    for day in range(9):
        _clean(home, timedelta(days=day))
    names = sorted(path.name for path in daily.iterdir())
    first = (NOW + timedelta(days=2)).astimezone().date()
    expected = [f"{first + timedelta(days=day):%Y%m%d}" for day in range(7)]
    assert names == [f"history-{day}.db" for day in expected] + [
        f"stockml-{day}.toml" for day in expected
    ]
    with sqlite3.connect(daily / names[0]) as copy:
        assert copy.execute("select count(*) from predictions").fetchone() == (500,)
    assert (daily / names[-1]).read_bytes() == home.settings.read_bytes()


def test_a_broken_history_costs_no_copy(home: Home) -> None:
    """A damaged history.db is a problem in the report; its good copies all stay, however many."""
    daily = home.data / "daily"
    for day in range(8):
        _clean(home, timedelta(days=day))
    good = sorted(path.name for path in daily.glob("history-*"))
    raw = bytearray(home.history.read_bytes())
    raw[4096:] = b"\xff" * (len(raw) - 4096)
    home.history.write_bytes(raw)
    report = _clean(home, timedelta(days=9))
    assert any("history.db" in problem for problem in report.problems)
    assert sorted(path.name for path in daily.glob("history-*")) == good
    assert not list(daily.glob(".tmp-*"))


def test_broken_settings_cost_no_copy(home: Home) -> None:
    """A stockml.toml that does not parse is not copied over good copies."""
    settings = load(home, {})
    home.settings.write_text("[[[")
    report = clean(home, settings, FakeClock(NOW))
    assert any("stockml.toml is not valid" in problem for problem in report.problems)
    assert len(list((home.data / "daily").glob("stockml-*"))) == 8


def test_a_locked_history_is_copied_next_time(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that holds history.db makes the copy wait, then be skipped in words;
    the rest is cleaned."""
    monkeypatch.setattr("engine.vault.daily._MAX_WAIT_S", 0.2)
    with sqlite3.connect(home.history, isolation_level=None) as writer:
        writer.execute("begin exclusive")
        report = _clean(home)
        writer.execute("rollback")
    assert any("locked" in problem for problem in report.problems)
    assert not (home.runs / "old").exists()
    assert _clean(home).problems == ()


def test_a_history_with_a_killed_writer_is_copied(home: Home) -> None:
    """A journal left by a killed writer is rolled back before the copy: the copy has no half
    transaction."""
    program = f"""
import os, signal, sqlite3
db = sqlite3.connect({str(home.history)!r})
db.execute("pragma cache_size=1")
db.execute("begin immediate")
db.executemany("insert into predictions (symbol) values (?)", [("X" * 500,)] * 2000)
os.kill(os.getpid(), signal.SIGKILL)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == -9
    assert Path(f"{home.history}-journal").stat().st_size > 0
    assert _clean(home).problems == ()
    (path,) = (home.data / "daily").glob("history-*")
    with sqlite3.connect(path) as copy:
        assert copy.execute("select count(*) from predictions").fetchone() == (500,)


def test_a_new_home_has_nothing_to_clean(tmp_path: Path) -> None:
    """An empty home is cleaned without a word of complaint."""
    home = new_home(tmp_path / "new")
    report = clean(home, load(home, {}), FakeClock(NOW))
    assert report.problems == ()
    assert [action.verb for action in report.actions] == ["copy"]


def test_the_key_is_never_removed(tmp_path: Path) -> None:
    """However old it is, `clean` leaves the key of the seals."""
    home = homes.untidy(tmp_path / "home")
    key = home.seal_key.read_bytes()
    homes.aged(home.seal_key, 4000.0)
    clean(home, load(home, {}), FakeClock(NOW))
    assert home.seal_key.read_bytes() == key
