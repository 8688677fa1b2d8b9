"""What tests with the real Debian cron share: a throw-away user, and the daemon."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.schedule.daemon import find_daemon
from tests.helpers import wait_for

SPOOL = Path("/var/spool/cron/crontabs")
CRON = shutil.which("cron", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")


def _missing() -> str:
    if os.getuid() != 0:
        return "only root can make a throw-away user"
    for name in ("crontab", "useradd", "userdel"):
        if shutil.which(name) is None:
            return f"there is no {name} on this machine"
    usage = subprocess.run(["crontab", "-h"], capture_output=True, text=True, check=False)
    return "" if "dry run" in usage.stdout + usage.stderr else "this is not Debian's cron"


needs_crontab = pytest.mark.skipif(bool(_missing()), reason=_missing() or "-")
needs_cron = pytest.mark.skipif(
    bool(_missing()) or CRON is None, reason=_missing() or "there is no cron daemon to start"
)


@contextmanager
def throwaway_user(home: Path, root: bool = False) -> Iterator[str]:
    """A user with no crontab, gone afterwards;
    `root`: another name of user id 0, where Python lies under root's home."""
    name = f"stkml{os.getpid()}"
    # Two test processes may ask at once: the tool then refuses instead of waiting.
    words = [
        "useradd",
        *(["-o", "-u", "0"] if root else []),
        "--no-create-home",
        "--home-dir",
        str(home),
        name,
    ]
    wait_for(
        lambda: subprocess.run(words, capture_output=True, check=False).returncode == 0,
        30,
        "the user",
    )
    try:
        yield name
    finally:
        subprocess.run(["crontab", "-u", name, "-r"], capture_output=True, check=False)
        force = ["-f"] if root else []
        wait_for(
            lambda: (
                subprocess.run(
                    ["userdel", *force, name], capture_output=True, check=False
                ).returncode
                in (0, 6)
            ),
            30,
            "userdel",
        )


@contextmanager
def running_daemon(environ: Mapping[str, str] | None = None) -> Iterator[None]:
    """The machine's cron daemon, or one of our own for as long as the test takes."""
    if find_daemon().running:
        if environ is not None:
            pytest.skip(
                "a cron daemon of this machine runs; two of them would start every job twice"
            )
        yield
        return
    assert CRON is not None
    # What a daemon leaves behind; the second says that this start of the machine had its @reboot
    # jobs.
    traces = [
        path
        for path in (Path("/var/run/crond.pid"), Path("/var/run/crond.reboot"))
        if not path.exists()
    ]
    daemon = subprocess.Popen(
        [CRON, "-f"],
        env={**os.environ, **(environ or {})},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        wait_for(lambda: find_daemon().running, 20, "the cron daemon")
        yield
    finally:
        daemon.kill()
        daemon.wait(20)
        wait_for(lambda: not find_daemon().running, 20, "the end of what cron forked")
        for path in traces:
            path.unlink(missing_ok=True)
