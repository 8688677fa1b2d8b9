"""The console at the other end of a line: fast on loopback, sparing where the line is slow."""

from __future__ import annotations

import re
import shlex
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median, quantiles

import pytest

from tests.acceptance.relay import slowed
from tests.acceptance.sshd import needs_sshd, ssh_line
from tests.benchmarks.console import storm
from tests.helpers import ROOT, new_home, wait_for
from tests.tui.helpers import PtyConsole

pytestmark = [needs_sshd, pytest.mark.timeout(300)]
ROUND_TRIP_S = 0.4
BYTES_PER_S = 2_000
LINES_PER_S = 20
"""What 13 trainings write into their log."""


@contextmanager
def console_over(words: list[str], folder: Path) -> Iterator[PtyConsole]:
    """A console on a home whose 13 symbols train, at the other end of `words`."""
    home = new_home(folder / "home", market__source="simulated")
    places = {"TERM": "xterm-256color", "COLORTERM": "truecolor", "LANG": "C.UTF-8"}
    given = [f"{name}={value}" for name, value in {**places, "PYTHONPATH": str(ROOT)}.items()]
    program = ["env", *given, sys.executable, "-m", "engine.cli", "--home", str(home.root)]
    line = [str(shutil.which(words[0])), *words[1:], shlex.join(program)]
    with storm(home, LINES_PER_S):
        console = PtyConsole(home.root, program=line, answers_after=0.0)
        try:
            console.see("1 RUN")
            yield console
        finally:
            console.close()


def key_times(console: PtyConsole, count: int) -> list[float]:
    """Seconds from a key to the cursor on its new row, `count` times."""
    rows = ("> NVDA", "> TSLA")
    found = []
    for at in range(count):
        wanted = rows[(at + 1) % 2]
        began = time.monotonic()
        console.send(b"j" if at % 2 == 0 else b"k")
        wait_for(lambda wanted=wanted: wanted in console.text, what=wanted)  # type: ignore[misc]
        found.append(time.monotonic() - began)
    return found


def test_a_fast_line_has_all_colours_and_the_fast_pace(tmp_path: Path) -> None:
    """Over sshd on loopback nothing is spared: every colour, the mouse, half-second looks."""
    with ssh_line(tmp_path) as words, console_over(words, tmp_path) as console:
        wait_for(lambda: console.raw.count(b"\x1b[6n") >= 3, what="three queries")
        shown = len(console.raw)
        time.sleep(4.0)
        assert len(console.raw) > shown, "what streams is drawn"
        assert b"38;2;" in console.raw
        assert b"\x1b[?1003h" in console.raw
        assert "  slow  " not in console.text


def test_a_slow_line_is_spared_and_answers_at_once(tmp_path: Path) -> None:
    """200 ms each way at 20 kB/s: the terminal's own colours, few bytes, a key in one round trip.

    Half the keys come within 100 ms of what the line itself takes on a busy machine; the soak
    holds all but one of twenty to the round trip of the relay.
    """
    with (
        ssh_line(tmp_path) as words,
        slowed(words) as slow_words,
        console_over(slow_words, tmp_path) as console,
    ):
        console.see("the line is slow")
        answered = re.search(r"it answers in (\d+) ms", " ".join(console.text.split()))
        assert answered
        round_trip_s = int(answered[1]) / 1000
        assert ROUND_TRIP_S <= round_trip_s
        time.sleep(2.0)
        sent, began = len(console.raw), time.monotonic()
        time.sleep(10.0)
        rate = (len(console.raw) - sent) / (time.monotonic() - began)
        assert rate < BYTES_PER_S
        assert b"38;2;" not in console.raw[sent:]
        assert median(key_times(console, 9)) < round_trip_s + 0.1


@pytest.mark.soak
def test_the_budget_of_a_slow_line(tmp_path: Path) -> None:
    """A minute from the first screen on, and fifty keys."""
    with (
        ssh_line(tmp_path) as words,
        slowed(words) as slow_words,
        console_over(slow_words, tmp_path) as console,
    ):
        sent = len(console.raw)
        time.sleep(60.0)
        rate = (len(console.raw) - sent) / 60.0
        p95 = quantiles(key_times(console, 50), n=20)[18]
        assert rate < BYTES_PER_S
        assert p95 < ROUND_TRIP_S + 0.1
