"""The console in a real terminal: how it ends, what it survives, what never reaches the
terminal."""

from __future__ import annotations

import itertools
import os
import random
import select
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.helpers import ROOT, environment, wait_for
from tests.tui.helpers import PtyConsole

Opener = Callable[..., PtyConsole]
WRITER = "_writer_thread.py"
"""Where the loop stands that waits for the thread that writes to the terminal."""


@pytest.fixture
def console(tmp_path: Path) -> Iterator[Opener]:
    """Opens consoles and leaves none behind."""
    made: list[PtyConsole] = []

    def start(scene: str = "trained", **more: str) -> PtyConsole:
        made.append(PtyConsole(tmp_path / "home", scene, **more))  # type: ignore[arg-type]
        return made[-1]

    yield start
    for found in made:
        found.close()


def test_quit_gives_the_terminal_back_and_says_what_goes_on(console: Opener) -> None:
    """`q` leaves with 0, restores the terminal, and names the run that goes on."""
    found = console("training")
    found.see("1 RUN")
    found.send(b"q")

    assert found.wait() == 0, found.text
    found.see("1 run goes on without the console")
    assert "20261021-143401-ab12cd" in found.text
    assert b"\x1b[?1049l" in found.raw
    assert termios.tcgetattr(found.fd)[:4] == found.found[:4]


def test_sigterm_ends_in_order(console: Opener) -> None:
    """SIGTERM restores the terminal and ends with 143."""
    found = console("training")
    found.see("1 RUN")
    found.kill(signal.SIGTERM)

    assert found.wait() == 143
    found.see("goes on without the console")
    assert b"\x1b[?1049l" in found.raw
    assert termios.tcgetattr(found.fd)[:4] == found.found[:4]


def test_sighup_exits_at_once_and_is_written_down(console: Opener, tmp_path: Path) -> None:
    """SIGHUP ends the console with 129 and leaves a line in console.log."""
    found = console("training")
    found.see("1 RUN")
    found.kill(signal.SIGHUP)

    assert found.wait() == 129
    assert "action=hangup" in (tmp_path / "home" / "logs" / "console.log").read_text()


def test_closed_terminal_ends_the_console(console: Opener) -> None:
    """Closing the terminal's other end, as a dropped line does, ends the console with 129."""
    found = console("training", reading=False)
    wait_for(lambda: b"1 RUN" in found.raw or _more(found), 30, "the first screen")
    found.hang_up()

    assert found.wait() == 129


def _more(found: PtyConsole) -> bool:
    found.raw += os.read(found.fd, 65536)
    return b"1 RUN" in found.raw


def test_terminal_lost_without_a_signal_ends_the_console(tmp_path: Path) -> None:
    """A console that gets no SIGHUP (no controlling terminal) notices a closed terminal by
    itself."""
    master, slave = os.openpty()
    line = [sys.executable, "-m", "tests.tui.fake_console", str(tmp_path / "home"), "trained"]
    child = subprocess.Popen(
        line,
        stdin=slave,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        cwd=ROOT,
        env=environment(TERM="xterm-256color"),
    )
    os.close(slave)
    seen = bytearray()

    def drawn() -> bool:
        seen.extend(os.read(master, 65536))
        return b"SPY" in seen

    try:
        wait_for(drawn, 30, "the first screen")
        os.close(master)

        assert child.wait(20) == 129
    finally:
        child.kill()
        child.wait()


def stall(found: PtyConsole, home: Path) -> None:
    """Read the first screen and no more.

    Press keys until the console's loop waits for the terminal, as its log then says.

    A loop that stood still because the machine had no time for it is told of once as well; then
    the terminal is emptied, so that the next stall is told of in its turn.
    """
    wait_for(lambda: b"1 RUN" in found.raw or _more(found), 30, "the first screen")
    log, others = home / "logs" / "console.log", 0

    def stuck() -> bool:
        nonlocal others
        told = log.read_text() if log.exists() else ""
        if WRITER in told:
            return True
        if told.count("action=stall") > others:
            others = told.count("action=stall")
            while select.select([found.fd], [], [], 0.5)[0]:
                _more(found)
        found.send(b"?")
        return False

    wait_for(stuck, 60, "a console that waits for its terminal")


def test_stalled_terminal_does_not_keep_the_console(console: Opener, tmp_path: Path) -> None:
    """SIGTERM ends a console whose terminal stopped reading, and gives its settings back."""
    found = console("training", reading=False)
    stall(found, tmp_path / "home")
    found.kill(signal.SIGTERM)

    assert found.wait() == 143
    assert termios.tcgetattr(found.fd)[:4] == found.found[:4]


def test_a_terminal_that_reads_again_is_drawn_again(console: Opener, tmp_path: Path) -> None:
    """A stalled console does not spin;
    once it is read again it says LAG and answers, and its log says where it stood."""
    found = console("training", reading=False, ESCDELAY="5")
    stall(found, tmp_path / "home")
    spent, began = list[int](), time.monotonic()

    def measured() -> bool:
        fields = Path(f"/proc/{found.pid}/stat").read_text().rpartition(")")[2].split()
        spent.append(int(fields[11]) + int(fields[12]))
        return len(spent) > 50

    wait_for(measured, 60, "fifty looks at its CPU time, at least 20 ms apart")
    assert spent[-1] - spent[0] <= 5 * (time.monotonic() - began), (
        "5 % of the time, in hundredths of a second"
    )
    found.read_on()

    def marked() -> bool:
        found.send(b"\x1b")  # the way back from whatever the keys opened
        return "LAG " in found.text

    wait_for(marked, 20, "the mark of the stall")
    found.send(b"\x11")
    assert found.wait() == 0, found.text
    assert WRITER in (tmp_path / "home" / "logs" / "console.log").read_text()


@pytest.mark.parametrize("seed", [1, 2])
def test_random_bytes_never_end_the_console(console: Opener, seed: int) -> None:
    """A thousand random bytes, bad UTF-8 and broken sequences among them, leave it alive and
    answering."""
    found = console("trained")
    ways_out, looks = itertools.cycle((b"\x1b", b"1", b"y", b"\x03")), list[bool]()
    found.see("SPY")
    keys = bytes(byte for byte in random.Random(seed).randbytes(1000) if byte not in b"q\x11")
    for start in range(0, len(keys), 50):
        found.send(keys[start : start + 50])
    found.send(b"\xff\xfe\xe9 ")

    def answers() -> bool:
        """Whether ctrl+c is answered on the dashboard;
        esc, 1 and y first leave whatever the bytes opened."""
        looks.append("ctrl+c does nothing here" in found.text and "A all" in found.text)
        if (
            len(looks) % 15 == 1 and not looks[-1]
        ):  # a key each 0.3 s, so that its answer can be seen before the next
            found.send(next(ways_out))
        return looks[-1]

    wait_for(answers, 60, "an answer")
    found.send(b"\x11")  # ctrl+q leaves from every screen
    assert found.wait() == 0, found.text


def test_no_sequence_from_data_reaches_the_terminal(console: Opener) -> None:
    """Escape codes in log lines, notes, names and hosts are stripped on the dashboard and in the
    dialogs."""
    found = console("hostile")
    found.see("evil")
    found.send(b"Gx")
    found.see("Cancel run")
    found.send(b"n")
    found.send(b"?")
    found.see("Keys of the dashboard")
    found.send(b"q")

    raw = bytes(found.raw).replace(
        b"\x1b]22;default\x07", b""
    )  # the shape of the mouse pointer, Textual's own
    for bad in (b"\x1b[2J", b"]52;", b"\x07", b"\xc2\x9b", b"\x08", b"\x1b[?1049l"):
        assert bad not in raw


def test_no_color_sends_no_colour(console: Opener) -> None:
    """NO_COLOR leaves only bold, dim and reverse."""
    found = console("training", NO_COLOR="1")
    found.see("1 RUN")

    assert b"38;2;" not in found.raw
    assert b"38;5;" not in found.raw
    assert all(b"\x1b[%dm" % code not in found.raw for code in (*range(30, 38), *range(90, 98)))


def test_plain_locale_gets_plain_bars(console: Opener) -> None:
    """With LANG=C every byte on the screen is ASCII."""
    found = console("training", LC_ALL="C")
    found.see("1 RUN")

    assert found.raw.isascii()
    assert "[##" in found.text


def test_a_terminal_without_a_size_is_drawn(console: Opener) -> None:
    """A terminal that tells no size is taken for 80x24 and drawn once, not without end."""
    found = console("trained", size=(0, 0))
    found.screen.resize(24, 80)

    found.see("SPY")
    assert termios.tcgetwinsize(found.fd) == (24, 80)
