"""Order and company: what is made durable before what, and everybody at once."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from engine.core.paths import Home
from engine.vault.backups import list_backups
from tests.helpers import environment
from tests.vault import homes
from tests.vault.crash import NOW
from tests.vault.files import read_model, verify_backup


def test_files_are_durable_before_the_rename(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is synced before its rename, its folder after it;
    the backup is durable before the live file is replaced."""
    home = homes.two_models(tmp_path / "home")
    calls: list[tuple[str, str]] = []
    real_fsync, real_replace, real_rename = os.fsync, os.replace, Path.rename

    def fsync(fd: int) -> None:
        calls.append(("fsync", Path(f"/proc/self/fd/{fd}").readlink().name))
        real_fsync(fd)

    def replace(old: Any, new: Any) -> None:
        calls.append(("rename", Path(new).name))
        real_replace(old, new)

    def rename(path: Path, target: Path) -> Path:
        calls.append(("rename", target.name))
        return real_rename(path, target)

    monkeypatch.setattr(os, "fsync", fsync)
    monkeypatch.setattr(os, "replace", replace)
    monkeypatch.setattr(Path, "rename", rename)
    homes.published(home, "NVDA", 2)
    kinds = [
        (verb, "aside" if name.startswith(".tmp-backup") else name.partition("-")[2][:4] or name)
        for verb, name in calls
    ]
    live = calls.index(("rename", "nvda_lstm_model.h5"))
    (folder,) = [
        number
        for number, (verb, name) in enumerate(calls)
        if verb == "rename" and name.startswith("backup_")
    ]
    assert kinds[0] == ("fsync", "nvda")
    assert ("fsync", "nvda_lstm_model.h5") in calls[:folder]
    assert ("rename", "manifest.json") in calls[:folder]
    assert kinds[folder - 1] == ("fsync", "aside")
    assert calls[folder + 1] == ("fsync", "ml_models")
    assert folder < live
    assert kinds[live - 1] == ("fsync", "nvda")
    assert calls[live + 1] == ("fsync", "ml_models")


_PUBLISHER = (
    "for turn in range(12): homes.published(home, sys.argv[2], turn, SystemClock().now(),"
    " f'{sys.argv[2]}-{turn}')"
)
_BACKUP = "for turn in range(12): back_up(home, load(home, {}), ('NVDA', 'TSLA'), SystemClock())"
_CLEANER = "for turn in range(12): assert clean(home, load(home, {}), SystemClock()).problems == ()"
_READER = "for turn in range(60): [read_model(home.model(symbol)) for symbol in ('NVDA', 'TSLA')]"
_HEAD = """
import sys
from pathlib import Path
from engine.core.clock import SystemClock
from engine.settings.load import load
from engine.core.paths import Home
from engine.vault.backup import back_up
from engine.vault.clean import clean
from tests.vault import homes
from tests.vault.crash import NOW
from tests.vault.files import read_model
home = Home(Path(sys.argv[1]))
"""


def test_publishers_backup_clean_and_reader_work_at_once(tmp_path: Path) -> None:
    """Two publishers, a backup, a clean and a reader at once: nobody fails or waits for ever,
    every backup verifies."""
    home: Home = homes.two_models(tmp_path / "home")
    works = [
        (_PUBLISHER, "NVDA"),
        (_PUBLISHER, "TSLA"),
        (_BACKUP, ""),
        (_CLEANER, ""),
        (_READER, ""),
    ]
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", _HEAD + work, str(home.root), symbol],
            env=environment(),
            stderr=subprocess.PIPE,
        )
        for work, symbol in works
    ]
    ends = [
        (worker.communicate(timeout=500)[1].decode()[-2000:], worker.returncode)
        for worker in workers
    ]
    assert ends == [("", 0)] * 5
    assert {
        symbol: read_model(home.model(symbol)).manifest.generation for symbol in ("NVDA", "TSLA")
    } == {
        "NVDA": 13,
        "TSLA": 13,
    }
    recent = [backup for backup in list_backups(home.models) if backup.created_at > NOW]
    assert len(recent) == 3 * 12
    assert all(check.ok for backup in recent for check in verify_backup(backup))
