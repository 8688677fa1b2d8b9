"""The service without a terminal: started in the background, stopped by its lock's process."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from engine.client.place import find_place
from engine.client.records import ServicePlace
from engine.core.child import child_environment, collect
from engine.core.clock import Clock
from engine.core.errors import BusyError, RefusedError, StockmlError
from engine.core.paths import Home
from engine.core.reading import read_end
from engine.core.text import clean_bytes

LIMIT_S = 60.0
"""How long a start or a stop may take."""
LOOK_S = 0.1
_PID = re.compile(r"pid ([0-9]{1,10})")


def start(home: Home, words: Sequence[str], clock: Clock) -> ServicePlace:
    """Start the service in a session of its own; return once it listens.

    Raises BusyError when one runs, StockmlError with its last line when it ends at once.
    """
    if (place := find_place(home)).held:
        raise BusyError(
            f"the service of this home runs already ({place.text})", "stockml serve --stop"
        )
    log = home.logs / "service.log"
    home.logs.mkdir(exist_ok=True)
    argv = [sys.executable, "-P", "-m", "engine.cli", "serve", "--home", str(home.root), *words]
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW
    output = os.open(log, flags, 0o600)
    try:
        child = subprocess.Popen(
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            env=child_environment(),
        )
    finally:
        os.close(output)
    _wait(clock, lambda: child.poll() is not None or find_place(home).address is not None)
    if child.poll() is not None:
        last = clean_bytes(read_end(log, 4096).strip().rpartition(b"\n")[2])
        raise StockmlError(f"the service ended at once: {last}", f"read {log}")
    collect(child)
    return find_place(home)


def stop(home: Home, clock: Clock) -> str:
    """End the running service in order; its lock's text. RefusedError when none runs."""
    place = find_place(home)
    pid = _PID.search(place.text)
    if not place.held or pid is None:
        raise RefusedError("no service of this home runs", "stockml serve --detach starts one")
    with suppress(ProcessLookupError):
        os.kill(int(pid[1]), signal.SIGTERM)
    if not _wait(clock, lambda: not find_place(home).held):
        raise StockmlError(f"the service ({place.text}) did not end within {LIMIT_S:.0f} s")
    return place.text


def _wait(clock: Clock, condition: Callable[[], bool]) -> bool:
    """Whether the condition became true in time."""
    end = clock.monotonic() + LIMIT_S
    while not condition():
        if clock.monotonic() > end:
            return False
        time.sleep(LOOK_S)
    return True
