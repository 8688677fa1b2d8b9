"""What tests of several rooms share: waiting for a condition, a home folder, a real terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from engine.core.clock import SystemClock
from engine.core.paths import Home
from engine.market.calendar import last_complete_session
from engine.settings.home import prepare

ROOT = Path(__file__).resolve().parent.parent
MOVED_CLOCK = ROOT / "tests" / "clocks" / "preload"
"""What every Python needs on its path when libfaketime moves the clock."""

LEAST_S = 60.0
"""The shortest deadline: it costs nothing where the thing comes, and the machine may be many
times slower than this one."""


def wait_for(
    condition: Callable[[], Any], seconds: float = LEAST_S, what: str = "the condition"
) -> Any:
    """The first true value of `condition`.

    AssertionError once `seconds`, and LEAST_S at least, are over.

    What `condition` raises means not yet: no file, half a document, a database without its
    tables, nobody who listens. The last such error is the cause of the AssertionError.
    """
    seconds = max(seconds, LEAST_S)
    end = time.monotonic() + seconds
    while True:
        late = time.monotonic() > end
        fault: Exception | None = None
        try:
            if found := condition():
                return found
        except Exception as error:  # noqa: BLE001 - kept as the cause
            fault = error
        if late:
            raise AssertionError(f"{what} did not come within {seconds} s") from fault
        time.sleep(0.02)


def new_home(folder: Path, **settings: object) -> Home:
    """A home with the packaged settings, changed where `section__key=value` says so."""
    home = Home(folder)
    prepare(home)
    text = home.settings.read_text()
    for name, value in settings.items():
        key = name.partition("__")[2]
        line = next(line for line in text.splitlines() if line.startswith(f"{key} = "))
        shown = (
            f'"{value}"'
            if isinstance(value, str)
            else str(value).lower()
            if isinstance(value, bool)
            else str(value)
        )
        text = text.replace(line, f"{key} = {shown}", 1)
    home.settings.write_text(text)
    return home


def quiet_settling() -> int:
    """A market.settle_minutes with which no session becomes complete in the next two hours of
    the machine's clock.

    For tests that compare what two real processes made of the simulated bars, one after the other.
    """
    now = SystemClock().now()
    later = now + timedelta(hours=2)
    return next(
        each
        for each in (30, 240)
        if last_complete_session(now, each) == last_complete_session(later, each)
    )


def python_path() -> str:
    """Where a child finds this tree."""
    moved = [str(MOVED_CLOCK)] if "FAKETIME" in os.environ else []
    return os.pathsep.join((str(ROOT), *moved))


def environment(**more: str) -> dict[str, str]:
    """The environment of a child: this one's, without the guide's variables and the home."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ML_", "STOCKML", "MIN_", "MAX_"))
        and name not in ("NO_COLOR", "PYTEST_CURRENT_TEST")
    }
    return {**kept, "PYTHONPATH": python_path(), **more}


def stockml(*words: str, timeout: float = 300.0, **more: str) -> subprocess.CompletedProcess[str]:
    """Run the command as a real process with no terminal, and return what it printed."""
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *words],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=timeout,
        env=environment(**more),
        cwd=ROOT,
        check=False,
    )
