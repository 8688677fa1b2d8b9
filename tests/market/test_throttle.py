"""Turns at a network source, between processes."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from engine.market.throttle import FRESH_S, PAUSE_S, RequestSlot
from tests.fake_clock import FakeClock
from tests.helpers import environment, wait_for

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)


def test_requests_are_spaced_across_slots(tmp_path: Path) -> None:
    """The next turn waits for the rest of the spacing since the last request, whoever made it,
    and no longer."""
    clock, waits = FakeClock(NOW), list[float]()
    path = tmp_path / "yahoo" / ".turn"
    for passed in (0.0, 0.5, 9.0):
        clock.advance(timedelta(seconds=passed))
        with RequestSlot(path, clock) as turn:
            turn.space(2.0, waits.append)
    assert waits == [pytest.approx(1.5)]


def test_a_failure_pauses_the_source_for_all_processes(tmp_path: Path) -> None:
    """After a failure the source rests for a minute, then gets one try;
    an answer makes it as before."""
    clock = FakeClock(NOW)
    path = tmp_path / ".turn"
    with RequestSlot(path, clock) as turn:
        assert (turn.paused, turn.tries) == (False, None)
        turn.failed("busy")
    with RequestSlot(path, clock) as turn:
        assert (turn.paused, turn.tries, turn.failure) == (True, 1, "busy")
    clock.advance(timedelta(seconds=PAUSE_S))
    with RequestSlot(path, clock) as turn:
        assert (turn.paused, turn.tries) == (False, 1)
        turn.answered("NVDA")
    with RequestSlot(path, clock) as turn:
        assert (turn.paused, turn.tries) == (False, None)


def test_one_symbols_trouble_pauses_nobody(tmp_path: Path) -> None:
    """The next symbol is asked at once, one time; an answer is remembered with its symbol."""
    clock = FakeClock(NOW)
    with RequestSlot(tmp_path / ".turn", clock) as turn:
        turn.stumbled("unreadable")
    with RequestSlot(tmp_path / ".turn", clock) as turn:
        assert (turn.paused, turn.tries) == (False, 1)
        assert not turn.answers_others("NVDA")
        turn.answered("NVDA")
    with RequestSlot(tmp_path / ".turn", clock) as turn:
        assert (turn.answers_others("NVDA"), turn.answers_others("AAPL")) == (False, True)
        clock.advance(timedelta(seconds=FRESH_S))
        assert not turn.answers_others("AAPL")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        '{"asked_at": "x"}',
        "\x00" * 50,
        '{"asked_at": 9e99, "failed_at": 9e99, "failure": "x"}',
    ],
)
def test_a_damaged_state_file_never_stops_a_fetch(text: str, tmp_path: Path) -> None:
    """A torn or odd file, or one from a clock that ran ahead, neither fails nor makes anybody
    wait."""
    path = tmp_path / ".turn"
    path.write_text(text)
    with RequestSlot(path, FakeClock(NOW)) as turn:
        assert not turn.paused
        turn.space(2.0, lambda seconds: pytest.fail(f"waited {seconds} s"))


def test_only_one_process_holds_the_slot(tmp_path: Path) -> None:
    """While another process has its turn the file is locked, and free again once that process is
    gone."""
    path = tmp_path / ".turn"
    code = (
        "import sys; from pathlib import Path; from engine.core.clock import SystemClock; from"
        " engine.market.throttle import RequestSlot\n"
        "with RequestSlot(Path(sys.argv[1]), SystemClock()):"
        " print('mine', flush=True); sys.stdin.read()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(path)], stdin=-1, stdout=-1, text=True, env=environment()
    ) as child:
        try:
            assert child.stdout is not None
            assert child.stdout.readline() == "mine\n"
            assert not _free(path)
        finally:
            child.kill()
    wait_for(lambda: _free(path))


def _free(path: Path) -> bool:
    fd = os.open(path, os.O_RDWR)
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    else:
        return True
    finally:
        os.close(fd)
