"""Run one scenario once for each of its failpoints, each time in a copy of a home, and fail there.

    python -m tests.vault.crash SCENARIO kill|enospc|eio BASE_HOME OUT

OUT gets one home for each point, and report.json: [[point, folder, exit status], …]; -9 =
killed, 1 = a StockmlError or a problem reported, 0 = done. A process that imports once and forks
is a real process for each point, and quick.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from engine.core import failpoints
from engine.core.errors import StockmlError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.settings.load import load
from engine.settings.schema import Settings
from engine.vault.backup import back_up, ensure_backup
from engine.vault.clean import clean
from engine.vault.publish import publish
from engine.vault.restore import restore
from tests.fake_clock import FakeClock
from tests.vault import samples

NOW = datetime(2026, 7, 1, 12, 0, 0, tzinfo=UTC)


def settings_of(home: Home) -> Settings:
    """The settings, with the other disk inside the home so that a copy of the home has its own."""
    settings = load(home, {})
    return msgspec.structs.replace(
        settings, backup=msgspec.structs.replace(settings.backup, also_to=str(home.root / "other"))
    )


def do_publish(home: Home, now: datetime = NOW) -> int:
    """Publish a new generation of NVDA over the live one."""
    settings = settings_of(home)
    with FileLock(home.lock("NVDA")) as lock:
        assert lock.acquire("test")
        publish(
            home,
            "NVDA",
            samples.manifest("NVDA", seed=2),
            *samples.tiny(2),
            lambda: ensure_backup(
                home, settings, "NVDA", ("NVDA", "TSLA"), "run-2", FakeClock(now)
            ),
        )
    return 0


def do_first(home: Home, now: datetime = NOW) -> int:
    """Publish a first model of AAPL."""
    settings = settings_of(home)
    with FileLock(home.lock("AAPL")) as lock:
        assert lock.acquire("test")
        publish(
            home,
            "AAPL",
            samples.manifest("AAPL"),
            *samples.tiny(),
            lambda: ensure_backup(home, settings, "AAPL", ("AAPL",), "run-1", FakeClock(now)),
        )
    return 0


def do_backup(home: Home, now: datetime = NOW) -> int:
    """Back up two symbols, here and on the other disk."""
    return 1 if back_up(home, settings_of(home), ("NVDA", "TSLA"), FakeClock(now)).problems else 0


def do_restore(home: Home, now: datetime = NOW) -> int:
    """Restore both symbols from the oldest backup."""
    name = min(path.name for path in home.models.glob("backup_*"))
    return (
        0
        if all(each.ok for each in restore(home, settings_of(home), name, (), FakeClock(now)))
        else 1
    )


def do_clean(home: Home, now: datetime = NOW) -> int:
    """Clean everything that is due."""
    return 1 if clean(home, settings_of(home), FakeClock(now)).problems else 0


SCENARIOS: dict[str, Callable[[Home], int]] = {
    "publish": do_publish,
    "first": do_first,
    "backup": do_backup,
    "restore": do_restore,
    "clean": do_clean,
}


def _forked(scenario: str, home: Home, points: dict[str, str], trace: str = "") -> int:
    pid = os.fork()
    if pid == 0:
        failpoints._POINTS, failpoints._TRACE = points, trace
        try:
            code = SCENARIOS[scenario](home)
        except StockmlError as error:
            sys.stderr.write(f"{error}\n")
            code = 1
        except BaseException as error:  # noqa: BLE001 - reported by its code
            sys.stderr.write(f"{error!r}\n")
            code = 99
        os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def main(scenario: str, action: str, base: str, out: str) -> None:
    """Trace the points, then one forked process and one copy of the home for each."""
    traced = Path(out, "trace")
    shutil.copytree(base, Path(out, "plain"), symlinks=True)
    report = [["", "plain", _forked(scenario, Home(Path(out, "plain")), {}, str(traced))]]
    for number, point in enumerate(dict.fromkeys(traced.read_text().split())):
        folder = f"{number:03d}-{point}"
        shutil.copytree(base, Path(out, folder), symlinks=True)
        report.append([point, folder, _forked(scenario, Home(Path(out, folder)), {point: action})])
    Path(out, "report.json").write_text(json.dumps(report))


if __name__ == "__main__":
    main(*sys.argv[1:])
