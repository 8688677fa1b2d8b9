"""The console inside tmux: what is copied reaches tmux, and a client that drops changes nothing."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

from engine.core.paths import Home
from tests.acceptance.terminal import Terminal, needs_tmux
from tests.helpers import wait_for
from tests.tui.helpers import PtyConsole


@needs_tmux
def test_a_copied_row_is_in_the_buffer_of_tmux(tmp_path: Path) -> None:
    """With `set-clipboard on` tmux takes what `y` asks for: the same text as in the file."""
    line = [sys.executable, "-m", "tests.tui.fake_console", str(tmp_path / "home"), "trained"]
    with Terminal(line) as terminal:
        terminal._tmux("set-option", "-g", "set-clipboard", "on")
        terminal.shows("SPY", 40)
        terminal.keys("y")
        terminal.shows("also in persistent_data/copied.txt")
        wait_for(lambda: terminal._tmux("show-buffer"), 10, "a buffer")

        kept = Home(tmp_path / "home").copied.read_text()
        assert terminal._tmux("show-buffer").strip() == kept.strip()
        assert kept.startswith("NVDA  FRESH  ")


@needs_tmux
def test_a_client_that_drops_leaves_the_console_as_it_was(tmp_path: Path) -> None:
    """A tmux client killed -9 while the console is on its screen: the same process goes on and
    answers keys."""
    line = [sys.executable, "-m", "tests.tui.fake_console", str(tmp_path / "home"), "training"]
    with Terminal(line) as terminal:
        terminal.shows("1 RUN", 40)
        process = terminal.pid()
        client = PtyConsole(
            tmp_path,
            program=[str(shutil.which("tmux")), "-L", terminal._socket, "attach"],
            TMUX="",
            LC_ALL="C.UTF-8",
        )
        try:
            client.see("1 RUN")
            client.kill(signal.SIGKILL)
            assert client.wait() == -signal.SIGKILL
        finally:
            client.close()
        terminal.keys("?")
        terminal.shows("Keys of the dashboard")

        assert terminal.pid() == process
        log = Path(tmp_path / "home" / "logs" / "console.log")
        assert not log.exists() or "action=hangup" not in log.read_text()
