"""A truly full disk: a small tmpfs, where the caller may mount one."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.errors import StockmlError
from engine.settings.load import load
from engine.vault.backup import back_up
from engine.vault.clean import clean
from engine.vault.restore import restore
from tests.fake_clock import FakeClock
from tests.vault import homes, invariants
from tests.vault.crash import NOW


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """An empty file system of 2 MB; the test is skipped where none can be mounted."""
    folder = tmp_path / "disk"
    folder.mkdir()
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)],
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"cannot mount a tmpfs: {done.stderr.strip()}")
    folder.chmod(0o755)
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def _fill(disk: Path, leave: int) -> Path:
    """Fill the disk but for `leave` bytes."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"x" * 4096)
        except OSError:
            pass
    with ballast.open("r+b") as file:
        file.truncate(max(0, ballast.stat().st_size - leave))
    return ballast


@pytest.mark.parametrize("leave", [0, 8_000, 40_000, 80_000, 150_000])
def test_a_full_disk_loses_nothing(disk: Path, leave: int) -> None:
    """With little or no space, publish, backup and restore fail in words and lose nothing;
    with space they work again."""
    home = homes.two_models(disk / "home")
    before = invariants.look(home)
    ballast = _fill(disk, leave)
    with pytest.raises(StockmlError, match=r"free|space"):
        homes.published(home, "NVDA", 2)
    assert invariants.check(home, before) == before
    if leave < 40_000:
        with pytest.raises(StockmlError, match="cannot back up"):
            back_up(home, load(home, {}), ("NVDA", "TSLA"), FakeClock(NOW))
        assert invariants.check(home, before) == before
    (name,) = {name for name, _, _ in before.backups}
    assert [result.ok for result in restore(home, load(home, {}), name, (), FakeClock(NOW))] == [
        False,
        False,
    ]
    assert not list(home.root.rglob(".tmp-*"))
    ballast.unlink()
    assert homes.published(home, "NVDA", 2).generation == 2
    invariants.check(home, before)


def test_a_disk_that_fills_after_the_check_loses_nothing(
    disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When the space goes after the check (another process took it), the write itself fails in
    words and loses nothing."""
    home = homes.two_models(disk / "home")
    before = invariants.look(home)
    monkeypatch.setattr("engine.vault.publish.check_space", lambda folder, need: None)
    for leave in (0, 8_000, 20_000, 40_000, 60_000, 75_000):
        ballast = _fill(disk, leave)
        with pytest.raises(StockmlError, match="No space left"):
            homes.published(home, "NVDA", 2)
        assert invariants.check(home, before) == before
        assert not list(home.root.rglob(".tmp-*"))
        ballast.unlink()


def test_a_full_disk_can_be_cleaned(disk: Path) -> None:
    """On a full disk clean still removes what is due, and there is space again."""
    home = homes.two_models(disk / "home")
    for days in (2.0, 3.0, 40.0, 50.0):
        homes.backed_up(home, ("NVDA", "TSLA"), days)
    before = invariants.look(home)
    _fill(disk, 0)
    report = clean(home, load(home, {}), FakeClock(NOW))
    assert [action.verb for action in report.actions if action.kind == "backup"].count(
        "remove"
    ) == 2
    invariants.check(home, before, pruned=True)
    assert report.freed_bytes > 100_000
    back_up(home, load(home, {}), ("NVDA",), FakeClock(NOW))
