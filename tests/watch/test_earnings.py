"""Earnings: looked up once a day in a child, kept, and never in the way."""

from __future__ import annotations

import json
import subprocess
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from engine.core.paths import Home
from engine.watch import earnings
from engine.watch.earnings import Releases, refresh
from tests.fake_clock import FakeClock
from tests.watch.homes import SUNDAY


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """The look-ups that were made; each finds two releases of NVDA."""
    found: list[list[str]] = []

    def run(argv: list[str], **_: Any) -> subprocess.CompletedProcess[bytes]:
        found.append(argv[4:])
        answer = {"NVDA": ["2025-05-28", "2025-08-27"]}
        return subprocess.CompletedProcess(argv, 0, json.dumps(answer).encode(), b"")

    monkeypatch.setattr("subprocess.run", run)
    return found


def test_looked_up_once_a_day_and_kept(tmp_path: Path, asked: list[list[str]]) -> None:
    """A second look within a day asks nobody for what is known;
    the newest release up to today is the one that counts."""
    home, clock = Home(tmp_path), FakeClock(SUNDAY)
    assert "" == refresh(home, ("NVDA",), clock)
    assert "" == refresh(home, ("NVDA",), clock)
    clock.advance(timedelta(days=2))
    refresh(home, ("NVDA",), clock)

    assert [["NVDA"], ["NVDA"]] == asked
    known = earnings.read(home)["NVDA"]
    assert date(2025, 5, 28) == known.newest(date(2025, 8, 26))
    assert date(2025, 8, 27) == known.newest(date(2025, 8, 27))
    assert clock.now() == known.fetched_at


def test_what_cannot_be_looked_up_is_unknown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A child that takes too long, or says nothing, costs a sentence;
    damaged notes read as none."""

    def slow(argv: list[str], **_: Any) -> None:
        raise subprocess.TimeoutExpired(argv, 20)

    home = Home(tmp_path)
    monkeypatch.setattr("subprocess.run", slow)
    assert "TimeoutExpired" in refresh(home, ("NVDA",), FakeClock(SUNDAY))
    assert {} == earnings.read(home)
    earnings.path_of(home).parent.mkdir(parents=True)
    for text in ("", "[]", '{"NVDA": 3}', '{"NVDA": {"days": ["x"], "fetched_at": "y"}}'):
        earnings.path_of(home).write_text(text)
        assert {} == earnings.read(home)
    assert None is Releases().newest(date(2025, 1, 1))


def test_a_child_that_takes_too_long_keeps_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was told before the limit is kept, a torn line is not, and the next look asks for the
    rest alone."""
    asked: list[list[str]] = []

    def slow(argv: list[str], **_: Any) -> None:
        asked.append(argv[4:])
        raise subprocess.TimeoutExpired(
            argv, 20, output=b'{"NVDA": ["2025-05-28"]}\n{"TSLA": []}\n{"AAPL": ["20'
        )

    home = Home(tmp_path)
    monkeypatch.setattr("subprocess.run", slow)
    for _ in range(2):
        assert "TimeoutExpired" in refresh(home, ("NVDA", "TSLA", "AAPL"), FakeClock(SUNDAY))
    assert [["NVDA", "TSLA", "AAPL"], ["AAPL"]] == asked
    known = earnings.read(home)
    assert {"NVDA": (date(2025, 5, 28),), "TSLA": ()} == {
        name: each.days for name, each in known.items()
    }
