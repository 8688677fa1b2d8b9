"""The console where no screen lies behind it: after a kill, in GNU screen, through mosh."""

from __future__ import annotations

import os
import shlex
import shutil
import signal
import subprocess
import sys
import termios
from pathlib import Path

import psutil
import pytest

from tests.acceptance.terminal import Terminal, needs_tmux
from tests.helpers import ROOT, environment, wait_for
from tests.tui.helpers import PtyConsole

SCREEN = shutil.which("screen")
MOSH = shutil.which("mosh-server")


def console_line(home: Path) -> str:
    """What opens the console of these tests."""
    return shlex.join([sys.executable, "-m", "tests.tui.fake_console", str(home), "training"])


def test_the_next_console_mends_what_a_killed_one_left(tmp_path: Path) -> None:
    """After kill -9 the terminal is raw; start and `q` give it back, with a clean prompt."""
    console = PtyConsole(tmp_path / "home", program=["/bin/sh"], PS1="ready> ", ENV="")
    line = f"{console_line(tmp_path / 'home')}\n".encode()
    try:
        console.see("ready>")
        console.send(line)
        console.see("1 RUN")
        running = psutil.Process(console.pid).children()[0]
        os.kill(running.pid, signal.SIGKILL)
        wait_for(lambda: not psutil.pid_exists(running.pid), what="the end of the console")
        assert not termios.tcgetattr(console.fd)[3] & termios.ECHO, "it was killed in raw mode"
        shown = len(console.raw)
        console.send(line)
        wait_for(lambda: b"1 RUN" in console.raw[shown:], what="the console")
        console.send(b"q")
        wait_for(lambda: "ready>" in console.text, what="the prompt")
        assert termios.tcgetattr(console.fd) == console.found
        assert console.raw.rfind(b"?1003l") > console.raw.rfind(b"?1003h"), "the mouse is off"
        assert "NVDA" not in console.text, "no row of the dashboard is left"
    finally:
        console.close()


@needs_tmux
@pytest.mark.skipif(SCREEN is None, reason="GNU screen is not installed")
def test_gnu_screen_gets_esc_at_once_and_a_clean_prompt(tmp_path: Path) -> None:
    """`esc` alone closes the help, and nothing of the dashboard stands above the prompt."""
    (tmp_path / "rc").touch()
    words = [
        "-c",
        str(tmp_path / "rc"),
        "-U",
        "sh",
        "-c",
        f"{console_line(tmp_path / 'home')}; cat",
    ]
    with Terminal([str(SCREEN), *words], SCREENDIR=str(tmp_path / "sockets")) as terminal:
        _help_esc_quit(terminal)


@needs_tmux
@pytest.mark.skipif(MOSH is None, reason="mosh is not installed")
def test_mosh_gets_a_clean_prompt(tmp_path: Path) -> None:
    """It has no alternate screen at all."""
    script = f"cd {shlex.quote(str(ROOT))} && {console_line(tmp_path / 'home')}; cat"
    words = [str(MOSH), "new", "-i", "127.0.0.1", "--", "sh", "-c", script]
    places = environment(LANG="C.UTF-8", LC_ALL="C.UTF-8", TERM="xterm-256color")
    told = subprocess.run(words, capture_output=True, text=True, env=places, check=True).stdout
    _, _, port, key = told.strip().splitlines()[-1].split()
    client = [str(shutil.which("mosh-client")), "127.0.0.1", port]
    with Terminal(client, MOSH_KEY=key, LANG="C.UTF-8", LC_ALL="C.UTF-8") as terminal:
        _help_esc_quit(terminal)


def _help_esc_quit(terminal: Terminal) -> None:
    """Open the help, leave it by `esc` alone, leave the console; only its last words stand."""
    terminal.shows("1 RUN")
    terminal.keys("?")
    terminal.shows("Keys of the dashboard")
    terminal.keys("Escape")
    terminal.shows("A all")
    terminal.keys("q")
    wait_for(lambda: "A all" not in terminal.screen(), what="the end of the console")
    left = terminal.shows("without the console")
    assert "NVDA" not in left
    terminal.keys("C-d")  # ends `cat`, and with it screen and mosh-server
