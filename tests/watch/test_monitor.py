"""Continuous monitoring: one at a time, ended cleanly by a signal, not by a failing check."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.core.files import write_atomic
from engine.watch.monitor import Monitor, next_check
from tests.fake_clock import FakeClock
from tests.helpers import ROOT, environment, new_home, stockml, wait_for

NOON = datetime(2025, 8, 11, 16, 0, tzinfo=UTC)
CLOSE = datetime(2025, 8, 11, 20, 0, tzinfo=UTC)


def test_what_waits_is_looked_at_right_after_the_close() -> None:
    """The next check comes after the interval;
    where something waits, once the close has settled if that is sooner."""
    six = timedelta(hours=6)

    assert NOON + six == next_check(NOON, six, waits=False, settle_minutes=30)
    assert CLOSE + timedelta(minutes=31) == next_check(NOON, six, waits=True, settle_minutes=30)
    assert NOON + timedelta(hours=1) == next_check(
        NOON, timedelta(hours=1), waits=True, settle_minutes=30
    )
    night = datetime(2025, 8, 11, 2, tzinfo=UTC)
    assert night + six == next_check(night, six, waits=True, settle_minutes=30)


def test_a_history_that_cannot_be_read_costs_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A history.db that is damaged, or locked just now, ends no monitor: it says so, and when
    the next check comes."""
    home, told = new_home(tmp_path / "home"), list[str]()
    home.data.mkdir(exist_ok=True)
    home.history.write_bytes(b"no database" * 100)
    loop = Monitor(
        home, [sys.executable, "-c", ""], timedelta(hours=1), 30, FakeClock(NOON), told.append
    )
    monkeypatch.setattr(loop._stop, "wait", lambda _seconds: True)
    loop._once()

    assert 2 == len(told)
    assert "history.db" in told[0]
    assert told[1].startswith("next check at")


@pytest.fixture(params=["1h"])
def monitor(
    tmp_path: Path, request: pytest.FixtureRequest
) -> Iterator[tuple[subprocess.Popen[str], Path, Path]]:
    home = new_home(tmp_path / "home", market__source="simulated")
    out = tmp_path / "out"
    words = [
        "performance",
        "--continuous",
        "--interval",
        request.param,
        "--no-train",
        "--symbols",
        "SPY",
    ]
    words += ["--home", str(home.root)]
    with out.open("w") as file:
        child = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", *words],
            stdout=file,
            stderr=file,
            text=True,
            env=environment(),
            cwd=ROOT,
        )
    yield child, home.root, out
    if child.poll() is None:
        child.kill()
        child.wait()


def test_it_says_when_it_checks_next_is_alone_and_ends_on_a_signal(
    monitor: tuple[subprocess.Popen[str], Path, Path],
) -> None:
    """After a check it says when the next one is; a second monitor is refused with 75;
    SIGTERM ends it with 0."""
    child, home, out = monitor
    wait_for(lambda: "next check at" in out.read_text(), 120, "the first check")
    second = stockml("performance", "--continuous", "--home", str(home))

    assert 75 == second.returncode
    assert "monitored already" in second.stderr
    child.send_signal(signal.SIGTERM)
    assert 0 == child.wait(120)
    assert "stopped" in out.read_text()


@pytest.mark.parametrize("monitor", ["1s"], indirect=True)
def test_a_check_that_fails_costs_one_line(
    monitor: tuple[subprocess.Popen[str], Path, Path],
) -> None:
    """Settings that became wrong end a check with 3;
    the next ones come all the same, and work once they are mended."""
    child, home, out = monitor
    wait_for(lambda: "next check at" in out.read_text(), 120, "the first check")
    settings = (home / "stockml.toml").read_text()
    write_atomic(
        home / "stockml.toml", b"nonsense = ["
    )  # a half-written one is one with every default
    wait_for(
        lambda: "the check ended with 3; the next check still runs" in out.read_text(),
        120,
        "a failing check",
    )
    write_atomic(home / "stockml.toml", settings.encode())
    failed = out.read_text().rindex("the check ended with 3")
    wait_for(lambda: "checked 20" in out.read_text()[failed:], 120, "a check after it")
    child.send_signal(signal.SIGTERM)
    assert 0 == child.wait(120)
