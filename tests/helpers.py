"""What tests of several rooms share: waiting for a condition, a home folder, a real terminal."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from engine.core.paths import Home, prepare

ROOT = Path(__file__).resolve().parent.parent


def wait_for(condition: Callable[[], Any], seconds: float = 20.0, what: str = "the condition") -> Any:
    """The first true value of `condition`; AssertionError after `seconds`."""
    end = time.monotonic() + seconds
    while True:
        if found := condition():
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what} did not come within {seconds} s")
        time.sleep(0.02)


def new_home(folder: Path, **settings: object) -> Home:
    """A home with the packaged settings, changed where `section__key=value` says so."""
    home = Home(folder)
    prepare(home)
    text = home.settings.read_text()
    for name, value in settings.items():
        key = name.partition("__")[2]
        line = next(line for line in text.splitlines() if line.startswith(f"{key} = "))
        shown = f'"{value}"' if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)
        text = text.replace(line, f"{key} = {shown}", 1)
    home.settings.write_text(text)
    return home


def environment(**more: str) -> dict[str, str]:
    """The environment of a child: this one's, without the guide's variables and the home."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("ML_", "STOCKML", "MIN_", "MAX_")) and name not in ("NO_COLOR", "PYTEST_CURRENT_TEST")
    }
    return {**kept, "PYTHONPATH": str(ROOT), **more}


def stockml(*words: str, timeout: float = 120.0, **more: str) -> subprocess.CompletedProcess[str]:
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
