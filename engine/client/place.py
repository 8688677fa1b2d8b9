"""Where the service of a home answers: said by the text of its lock while it is held.

What stays of it after a crash.
"""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from engine.core.files import lock_holder
from engine.core.paths import Home
from engine.settings.schema import Settings

_URL = re.compile(r"http://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5}), ")
# Listening on all addresses is reached at the loopback one.
_ANY = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "::": "::1"}  # noqa: S104 - a comparison, nothing listens here


@dataclass(frozen=True, slots=True)
class ServicePlace:
    """What the lock of a home's service tells."""

    held: bool
    """Whether a service lives: nothing but the kernel's lock decides it."""
    address: tuple[str, int] | None = None
    """Host and port at which it is asked; None while it starts."""
    text: str = ""
    """What is written there: `http://127.0.0.1:8081, pid 7`;
    left behind by a service that ended without a word."""


def lock_path(home: Home) -> Path:
    """Held by the service as long as it lives; emptied by one that stops in order."""
    return home.locks / ".service"


def place_text(host: str, port: int) -> str:
    """What the lock says."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}, pid {os.getpid()}"


def find_place(home: Home) -> ServicePlace:
    """The service of the home now, or what is left of the one before;
    costs two system calls, and asks nobody."""
    path = lock_path(home)
    holder = lock_holder(path)
    if holder is None:
        return ServicePlace(False, None, _left(path))
    found = _URL.match(holder)
    if found is None:
        return ServicePlace(True, None, holder)
    host = _ANY.get(found[1], found[1])
    return ServicePlace(True, (host.strip("[]"), int(found[2])), holder)


def running_at(home: Home) -> tuple[str, int] | None:
    """Host and port of the service that runs now; None when none does."""
    return find_place(home).address


def configured_address(settings: Settings) -> tuple[str, int]:
    """The place of the settings, as it is asked."""
    host = settings.service.host
    return _ANY.get(host, host), settings.service.port


def _left(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(1000).decode("utf-8", "replace").strip("\0\n ")
    except OSError:
        return ""
