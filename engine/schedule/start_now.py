"""Start a scheduled job manually as cron does: same command, bare environment, no terminal."""

from __future__ import annotations

import getpass
import os
import subprocess
from pathlib import Path

from engine.core.child import collect
from engine.core.errors import StockmlError
from engine.core.paths import Home
from engine.schedule.jobs import cron_arguments, find_program, job_named
from engine.schedule.records import JobTrigger


def bare_environment() -> dict[str, str]:
    """The environment of a Debian cron job: five variables, no locale, no virtual environment."""
    user, folder = getpass.getuser(), str(Path.home())
    return {
        "HOME": folder,
        "LOGNAME": user,
        "PATH": "/usr/bin:/bin",
        "PWD": folder,
        "SHELL": "/bin/sh",
    }


def start_now(home: Home, job: str, program: Path | None = None) -> int:
    """Start the job in its own session, recorded as started by hand; return its process id.

    UsageError for an unknown job, StockmlError if the program cannot start.
    """
    command = cron_arguments(program or find_program(), job_named(job).name, home)
    argv = [*command, "--trigger", str(JobTrigger.MANUAL)]
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=bare_environment(),
            cwd=os.path.expanduser("~"),  # noqa: PTH111 - cron's own working directory
        )
    except OSError as error:
        raise StockmlError(
            f"cannot start {argv[0]}: {error.strerror}", "is stockml installed there? make install"
        ) from error
    collect(child)
    return child.pid
