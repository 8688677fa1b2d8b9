"""What killed processes leave behind, where it is not the subject of `clean` as a whole:
unfinished backtests."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest

from engine.core.errors import BusyError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.vault.leftovers import BACKTEST_DAYS, plan_leftovers, remove_leftover
from tests.vault.crash import NOW


def unfinished(home: Home, name: str, days: float) -> Path:
    """The folds of a backtest that wrote its last one some days ago."""
    folder = home.evaluations / name
    folder.mkdir(parents=True)
    for each in ("NVDA-000.npz", "lock"):
        (folder / each).write_bytes(b"x" * 1000)
    moment = (NOW - timedelta(days=days)).timestamp()
    os.utime(folder, (moment, moment))
    return folder


def test_only_an_abandoned_backtest_is_removed(tmp_path: Path) -> None:
    """Old enough and without its lock held it is removed;
    a young one, a live one and anything else stay, each with words."""
    home = Home(tmp_path)
    old = unfinished(home, ".backtest-0123456789abcdef", BACKTEST_DAYS + 1)
    young = unfinished(home, ".backtest-1123456789abcdef", BACKTEST_DAYS - 1)
    live = unfinished(home, ".backtest-2123456789abcdef", 90)
    report = unfinished(home, "backtest-20261101", 90)
    with FileLock(live / "lock") as lock:
        assert lock.acquire("backtest, process 7")
        planned = {action.path: action for action in plan_leftovers(home, NOW)}
        for action in planned.values():
            if action.verb == "remove":
                remove_leftover(action)

    assert {path: action.verb for path, action in planned.items()} == {
        old: "remove",
        young: "keep",
        live: "keep",
    }
    assert planned[old].size_bytes == 2000
    assert "8 days ago" in planned[old].reason
    assert "the same command resumes it" in planned[young].reason
    assert sorted(home.evaluations.iterdir()) == sorted([young, live, report])


def test_a_backtest_resumed_meanwhile_is_not_removed(tmp_path: Path) -> None:
    """Between plan and deed somebody went on with it: the deed is refused and every fold stays."""
    home = Home(tmp_path)
    folder = unfinished(home, ".backtest-0123456789abcdef", 30)
    (action,) = plan_leftovers(home, NOW)
    with FileLock(folder / "lock") as lock:
        assert lock.acquire("backtest, process 7")
        with pytest.raises(BusyError):
            remove_leftover(action)
    assert (folder / "NVDA-000.npz").exists()
