"""An sshd of the test's own on loopback, and the end of one of its sessions."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from tests.helpers import wait_for

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin")
needs_sshd = pytest.mark.skipif(
    SSHD is None or shutil.which("ssh") is None or os.geteuid() != 0,
    reason="needs sshd, ssh and root on this machine",
)


@contextmanager
def ssh_line(folder: Path) -> Iterator[list[str]]:
    """The words that reach this machine through a new sshd; keys and settings lie in `folder`."""
    for name in ("host", "user"):
        subprocess.run(
            ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(folder / name)], check=True
        )
    Path("/run/sshd").mkdir(exist_ok=True)
    options = [
        "-o",
        "StrictHostKeyChecking=no",
        "-o",
        "UserKnownHostsFile=/dev/null",
        "-o",
        "LogLevel=ERROR",
    ]
    server, port = _started(folder)
    try:
        yield ["ssh", "-tt", "-p", str(port), "-i", str(folder / "user"), *options, "127.0.0.1"]
    finally:
        server.terminate()
        server.wait(20)


def _started(folder: Path) -> tuple[subprocess.Popen[bytes], int]:
    """An sshd that listens, and its port;
    on another port when somebody took the first one meanwhile."""
    for _ in range(5):
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        settings = {
            "Port": port,
            "ListenAddress": "127.0.0.1",
            "HostKey": folder / "host",
            "UsePAM": "no",
            "StrictModes": "no",
            "AuthorizedKeysFile": folder / "user.pub",
            "PidFile": "none",
        }
        (folder / "config").write_text(
            "".join(f"{key} {value}\n" for key, value in settings.items())
        )
        server = subprocess.Popen(
            [str(SSHD), "-D", "-f", str(folder / "config")], stderr=subprocess.DEVNULL
        )
        wait_for(
            lambda server=server, port=port: server.poll() is not None or _listens(port),  # type: ignore[misc]
            what="an sshd that listens",
        )
        if server.poll() is None:
            return server, port
    raise AssertionError(f"sshd ended with {server.returncode} five times")


def _listens(port: int) -> bool:
    """Whether somebody takes a connection;
    an ssh that comes before that ends at once, and its window with it."""
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return False
    return True


def consoles(root: Path) -> list[psutil.Process]:
    """The Python processes that have the home `root` as a word of their command line, the
    console first."""
    # A process that ends meanwhile has no command line.
    found = psutil.process_iter(["name", "exe", "cmdline"])
    return [
        each
        for each in found
        if "python" in (each.info["exe"] or "") and str(root) in (each.info["cmdline"] or ())
    ]


def drop(root: Path) -> None:
    """Kill the sshd of the session in which the console on `root` runs, as a dropped line would
    end it."""
    session = next(each for each in consoles(root)[0].parents() if each.name().startswith("sshd"))
    session.kill()
