"""The moments are what their names say, and what is left out is there."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, timedelta

import pytest

from engine.market.calendar import covered_until, exchange_day, is_open, session_close
from tests.clocks.__main__ import main, pytest_line, split
from tests.clocks.moments import LEFT_OUT, MOMENTS
from tests.helpers import MOVED_CLOCK, ROOT, environment

STARTS = {moment.name: moment.start.astimezone(UTC) for moment in MOMENTS}


def test_each_moment_is_what_its_name_says() -> None:
    """Open markets, the hour after a close, two changes of the clock, the end of the table."""
    assert is_open(STARTS["monday"])
    friday = STARTS["friday"]
    assert friday - session_close(exchange_day(friday)) == timedelta(minutes=10)
    assert session_close(exchange_day(STARTS["half-day"])) - STARTS["half-day"] == timedelta(
        minutes=30
    )
    for name in ("winter-time", "summer-time"):
        moment = next(moment for moment in MOMENTS if moment.name == name)
        later = (STARTS[name] + timedelta(hours=1)).astimezone(moment.start.tzinfo)
        assert moment.start.utcoffset() != later.utcoffset()
    assert exchange_day(STARTS["after-table"]) > covered_until()


def test_what_is_left_out_exists() -> None:
    """Every file and folder that is left out is still there, with its reason."""
    assert [path for path, reason in LEFT_OUT.items() if not (ROOT / path).exists()] == []
    assert all(LEFT_OUT.values())


def test_only_the_count_of_days_left_is_skipped_at_one_moment() -> None:
    """The table's own reminder, after the end of the table."""
    skipped = {moment.name: moment.left_out for moment in MOMENTS if moment.left_out}
    path, name = "tests/market/test_calendar.py", "test_the_table_reaches_ninety_days_ahead"
    assert skipped == {"after-table": (f"{path}::{name}",)}
    assert f"def {name}(" in (ROOT / path).read_text()


def test_options_of_pytest_follow_two_dashes() -> None:
    """The words before are moments, those behind go to pytest last."""
    assert split(["monday", "--", "-n", "1"]) == (["monday"], ["-n", "1"])
    assert split(["monday"]) == (["monday"], [])
    assert pytest_line(MOMENTS[0], ["-n", "1"])[-2:] == ["-n", "1"]


def test_an_unknown_moment_is_refused(capfd: pytest.CaptureFixture[str]) -> None:
    """Exit 2, with the moments there are."""
    assert main(["tuesday"]) == 2
    assert "no such moment: tuesday; the moments are monday, friday" in capfd.readouterr().err


def test_sleep_under_the_moved_clock_lasts_as_long_as_asked() -> None:
    """The replaced `time.sleep` sleeps, and refuses a negative length like Python's own."""
    program = (
        "import time; began = time.monotonic(); time.sleep(0.05); time.sleep(0)\n"
        "print(time.sleep.__module__, time.monotonic() - began >= 0.05)\n"
        "try: time.sleep(-1)\nexcept ValueError as error: print(error)"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        env=environment(PYTHONPATH=str(MOVED_CLOCK)),
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout.splitlines() == [
        "sitecustomize True",
        "sleep length must be non-negative",
    ]
