"""A dropped SSH line, with a real sshd on loopback."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from engine.runs.store import RunStore
from tests.acceptance.terminal import Terminal, needs_tmux
from tests.helpers import ROOT, new_home, wait_for

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")
needs_sshd = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None or os.geteuid() != 0, reason="needs sshd, ssh and root on this machine"
)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[list[str]]:
    """The words that reach this machine through an sshd of the test's own."""
    for name in ("host", "user"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / name)], check=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    Path("/run/sshd").mkdir(exist_ok=True)
    settings = {"Port": port, "ListenAddress": "127.0.0.1", "HostKey": tmp_path / "host", "UsePAM": "no", "StrictModes": "no",
                "AuthorizedKeysFile": tmp_path / "user.pub", "PidFile": "none"}  # fmt: skip
    (tmp_path / "config").write_text("".join(f"{key} {value}\n" for key, value in settings.items()))
    server = subprocess.Popen([str(SSHD), "-D", "-f", str(tmp_path / "config")], stderr=subprocess.DEVNULL)
    options = ["-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null", "-o", "LogLevel=ERROR"]
    yield ["ssh", "-tt", "-p", str(port), "-i", str(tmp_path / "user"), *options, "127.0.0.1"]
    server.terminate()
    server.wait(20)


@needs_tmux
@needs_sshd
def test_training_outlives_the_ssh_line_that_started_it(tmp_path: Path, line: list[str]) -> None:
    """The sshd of the session killed -9 during a training: the console goes, the run ends with every model done."""
    home = new_home(tmp_path / "home", market__source="simulated", market__simulated_sessions=700, training__epochs=2)
    console = f"cd {ROOT} && TERM=xterm-256color {sys.executable} -m engine.cli --home {home.root}"

    def consoles() -> list[psutil.Process]:
        # A process that ends meanwhile has no command line.
        found = psutil.process_iter(["name", "cmdline"])
        return [
            each for each in found if each.info["name"].startswith("python") and str(home.root) in (each.info["cmdline"] or ())
        ]

    with Terminal([*line, console]) as terminal:
        terminal.shows("SPY   NONE", 60)
        terminal.keys("A")
        terminal.shows("Train 13 symbols")
        terminal.keys("y")
        run = wait_for(lambda: RunStore(home).live(), 30, "a live run")[0]
        session = next(each for each in consoles()[0].parents() if each.name().startswith("sshd"))
        session.kill()
        wait_for(lambda: not consoles(), 30, "the end of the console")
    ended = wait_for(lambda: (found := RunStore(home).run(run.id)).state.ended and found, 240, "the end of the run")

    assert [str(job.state) for job in ended.jobs] == ["done"] * 13
