"""Named points around every persistence step, where a test may kill, fail or pause the process."""

from __future__ import annotations

import errno
import os
import signal
import time
from pathlib import Path

# Both must be set: the flag alone marks a test process, the list alone does nothing in an
# operator's shell.
_TESTING = os.environ.get("STOCKML_TEST") == "1"
_LIST = os.environ.get("STOCKML_FAILPOINTS", "") if _TESTING else ""
_POINTS = dict(part.split("=", 1) for part in _LIST.split(",") if "=" in part)
_TRACE = os.environ.get("STOCKML_FAILPOINT_TRACE", "") if _TESTING else ""


def failpoint(name: str) -> None:
    """Do what `STOCKML_FAILPOINTS=name=kill|enospc|eio|pause` asks; nothing by default."""
    if _TRACE:
        with Path(_TRACE).open("a") as file:
            file.write(name + "\n")
    action = _POINTS.get(name)
    if action is None:
        return
    if action == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    if action == "pause":
        time.sleep(3600)
    if action in ("enospc", "eio"):
        code = errno.ENOSPC if action == "enospc" else errno.EIO
        raise OSError(code, os.strerror(code), name)
