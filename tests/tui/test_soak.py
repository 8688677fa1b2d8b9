"""Soaks of the console, run by `make soak`: a simulated day, and a terminal that stops reading
for a minute."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from tests.helpers import ROOT, environment, wait_for
from tests.tui.helpers import PtyConsole
from tests.tui.terminal.test_pty import stall

# MB that the memory may grow by from the end of the warm-up to the end of the day; the slope, in MB
# a day, as well.
GROWTH_MB = 6.0


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_a_day_of_screens_runs_and_alerts_grows_by_nothing(tmp_path: Path) -> None:
    """24 simulated hours: thousands of screens, eight runs, twelve alerts;
    memory stays, nothing more works than before."""
    line = [sys.executable, "-m", "tests.tui.soak", str(tmp_path / "home")]
    ran = subprocess.run(
        line,
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env=environment(),
        timeout=3500,
        check=True,
    )
    found = json.loads(ran.stdout)

    assert found["hours"] == 24
    assert found["screens"] > 2500
    assert len(found["kinds"]) >= 15, found["kinds"]
    assert found["last_mb"] - found["warm_mb"] < GROWTH_MB, found
    assert found["slope_mb_a_day"] < GROWTH_MB, found
    assert (found["more"], found["less"]) == ({}, {})


@pytest.mark.soak
def test_a_terminal_that_stops_reading_for_a_minute(tmp_path: Path) -> None:
    """The console costs next to nothing while nobody reads it, grows by nothing, and goes on
    when somebody does."""
    console = PtyConsole(tmp_path / "home", "training", reading=False)
    try:
        stall(console, tmp_path / "home")
        process = psutil.Process(console.pid)
        began, spent, size = process.create_time(), process.cpu_times(), process.memory_info().rss
        waited = subprocess.run(["sleep", "60"], check=True)  # the minute itself is the subject
        now = process.cpu_times()

        assert waited.returncode == 0
        assert process.create_time() == began
        assert now.user + now.system - spent.user - spent.system < 0.05 * 60
        assert process.memory_info().rss - size < 10 * 2**20
        console.read_on()
        wait_for(lambda: console.text.strip(), 20, "a screen")
        console.send(b"\x11")
        assert console.wait() == 0
    finally:
        console.close()
