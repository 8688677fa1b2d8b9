"""Where the service of a home answers: said by the text of its lock while it is held, else by the settings."""

from __future__ import annotations

import os
import re
from pathlib import Path

from engine.core.config import Settings
from engine.core.files import lock_holder
from engine.core.paths import Home

_URL = re.compile(r"http://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5}), ")
# Listening on all addresses is reached at the loopback one.
_ANY = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]"}  # noqa: S104 - a comparison, nothing listens here


def lock_path(home: Home) -> Path:
    """Held by the service as long as it lives."""
    return home.locks / ".service"


def place_text(host: str, port: int) -> str:
    """What the lock says."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}, pid {os.getpid()}"


def running_at(home: Home) -> tuple[str, int] | None:
    """Host and port of the service that runs now; None when none does."""
    found = _URL.match(lock_holder(lock_path(home)) or "")
    if found is None:
        return None
    host = _ANY.get(found[1], found[1])
    return host.strip("[]"), int(found[2])


def where(home: Home, settings: Settings) -> tuple[str, int]:
    """Where to ask: the running service's own place, else the settings'."""
    host = settings.service.host
    return running_at(home) or (_ANY.get(host, host), settings.service.port)
