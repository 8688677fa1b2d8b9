"""Copies of the crontab: private, fifty at most, and in the order in which they were made."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.schedule.tab_copies import KEPT, TabCopies, state_folder, tab_digest
from tests.fake_clock import FakeClock

HOME, OTHER = Home(Path("/home/op/stocks")), Home(Path("/srv/stocks"))


def _backups(folder: Path) -> tuple[TabCopies, FakeClock]:
    clock = FakeClock(datetime(2026, 3, 1, tzinfo=UTC))
    return TabCopies(folder / "state", clock), clock


def test_a_copy_holds_the_bytes_and_nobody_else_can_read_it(tmp_path: Path) -> None:
    """0600 in a folder of 0700; the copy of no tab says so."""
    backups, _ = _backups(tmp_path)
    path = backups.keep(HOME, "install", before=b"A=secret\r\n\xe9", after=b"new")
    backups.keep(HOME, "install", before=None, after=b"new")
    assert path.stat().st_mode & 0o777 == 0o600 and backups.folder.stat().st_mode & 0o777 == 0o700
    assert [backup.tab() for backup in backups.all()] == [b"A=secret\r\n\xe9", None]
    assert [backup.after for backup in backups.all()] == [tab_digest(b"new")] * 2


def test_fifty_are_kept_in_the_order_of_the_writes(tmp_path: Path) -> None:
    """Also when the clock stands still or goes back; the oldest go."""
    backups, clock = _backups(tmp_path)
    assert KEPT == 50
    for number in range(KEPT + 5):
        clock.advance(timedelta(seconds=-1 if number % 3 else 0))
        backups.keep(HOME, "set", before=f"{number}".encode(), after=b"")
    assert [backup.tab() for backup in backups.all()] == [
        f"{number}".encode() for number in range(5, KEPT + 5)
    ]


def test_an_undo_cancels_the_write_before_it(tmp_path: Path) -> None:
    """Undo walks back one write at a time, a new write begins anew, another home's writes do not
    count."""
    backups, _ = _backups(tmp_path)

    def keep(reason: str, before: bytes, home: Home = HOME) -> None:
        backups.keep(home, reason, before=before, after=b"")

    def undone() -> bytes | None:
        copy = backups.to_undo(HOME)
        return copy.tab() if copy else b"nothing"

    assert undone() == b"nothing"
    keep("install", b"1")
    keep("set", b"2")
    keep("set", b"other", OTHER)
    assert undone() == b"2"
    keep("undo", b"3")
    assert undone() == b"1"
    keep("set", b"4")
    assert undone() == b"4"
    keep("undo", b"5")
    keep("undo", b"6")
    assert undone() == b"nothing"


def test_a_changed_copy_is_not_restored(tmp_path: Path) -> None:
    """A copy that does not hold what its name says is refused."""
    backups, _ = _backups(tmp_path)
    backups.keep(HOME, "set", before=b"old", after=b"").write_bytes(b"tampered")
    with pytest.raises(StockmlError, match="was changed"):
        backups.all()[0].tab()


def test_files_of_other_names_are_no_copies(tmp_path: Path) -> None:
    """What else lies in the folder is left alone."""
    backups, _ = _backups(tmp_path)
    backups.keep(HOME, "set", before=b"old", after=b"")
    (backups.folder / "notes.txt").write_text("mine")
    assert len(backups.all()) == 1


def test_a_folder_that_cannot_be_written_stops_the_write(tmp_path: Path) -> None:
    """No copy, no write: the error comes before the crontab is touched."""
    backups, _ = _backups(tmp_path)
    backups.state.mkdir()
    (backups.state / "crontab-backups").write_text("a file in the way")
    with pytest.raises(StockmlError, match="cannot read the copies"):
        backups.keep(HOME, "set", before=b"old", after=b"")


def test_the_state_folder_is_the_users(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """$XDG_STATE_HOME where it is absolute, else ~/.local/state."""
    monkeypatch.setenv("HOME", str(tmp_path))
    assert state_folder({"XDG_STATE_HOME": "/var/state"}) == Path("/var/state/stockml")
    assert state_folder({"XDG_STATE_HOME": "relative"}) == tmp_path / ".local/state/stockml"
    assert state_folder({}) == tmp_path / ".local/state/stockml"
