"""Homes with models, backups and litter for the tests of the vault."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from engine.core.files import FileLock
from engine.core.paths import Home
from engine.core.records import ModelInfo
from engine.settings.load import load
from engine.vault.backup import back_up, ensure_backup
from engine.vault.publish import publish
from tests.fake_clock import FakeClock
from tests.helpers import new_home
from tests.vault import samples
from tests.vault.crash import NOW


def published(
    home: Home, symbol: str, seed: int = 1, now: datetime = NOW, run_id: str = "", **changes: Any
) -> ModelInfo:
    """Publish a small model of `symbol` as a training would."""
    clock = FakeClock(now)
    with FileLock(home.lock(symbol)) as lock:
        assert lock.acquire("test")
        return publish(
            home,
            symbol,
            samples.manifest(symbol, seed=seed, **changes),
            *samples.tiny(seed),
            lambda: ensure_backup(
                home, load(home, {}), symbol, (symbol,), run_id or f"run-{seed}", clock
            ),
        )


def backed_up(home: Home, symbols: Iterable[str], days_ago: float, now: datetime = NOW) -> Path:
    """A manual backup made some days ago."""
    return back_up(
        home, load(home, {}), symbols, FakeClock(now - timedelta(days=days_ago))
    ).backup.path


def two_models(folder: Path) -> Home:
    """A home with NVDA and TSLA live, one backup of both, and an empty folder that stands for
    another disk."""
    home = new_home(folder)
    (folder / "other").mkdir()
    for seed, symbol in enumerate(("NVDA", "TSLA"), start=1):
        published(home, symbol, seed)
    backed_up(home, ("NVDA", "TSLA"), days_ago=1)
    return home


def aged(path: Path, days: float, now: datetime = NOW) -> Path:
    """Set a file's or folder's time back."""
    moment = now.timestamp() - days * 86_400
    os.utime(path, (moment, moment), follow_symlinks=False)
    return path


def untidy(folder: Path) -> Home:
    """`two_models` with something of everything that `clean` has to do."""
    home = two_models(folder)
    for days in (2.0, 3.0, 4.0, 45.0, 50.0):
        backed_up(home, ("NVDA", "TSLA"), days)
    for name, days in (
        ("nvda_lstm_model.h5-77-0123abcd", 1.0),
        ("nvda_lstm_model.h5-77-0123abce", 0.0),
    ):
        path = home.models / f".tmp-{name}"
        path.write_bytes(b"half")
        aged(path, days)
    (home.models / ".trash-backup_20260101_000000-0123abcd").mkdir()
    home.training_log.parent.mkdir(parents=True)
    for name, text, days in (
        ("training.log", "live", 0.0),
        ("training.log.1", "young", 1.0),
        ("training.log.2", "old", 40.0),
    ):
        path = home.training_log.parent / name
        path.write_text(text)
        if text == "live":
            os.truncate(path, 21_000_000)
        aged(path, days)
    for name, days in (("old", 40.0), ("young", 1.0)):
        run = home.runs / name
        run.mkdir(parents=True)
        (run / "spec.json").write_text("{}")
        aged(run / "spec.json", days)
    with sqlite3.connect(home.history) as history:
        history.execute("create table predictions (id integer primary key, symbol text)")
        history.executemany("insert into predictions (symbol) values (?)", [("NVDA",)] * 500)
    daily = home.data / "daily"
    daily.mkdir()
    for day in range(1, 9):
        (daily / f"stockml-202606{day:02d}.toml").write_bytes(home.settings.read_bytes())
    return home
