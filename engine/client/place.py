"""Where the service of a home answers: the text of its lock, which a crash leaves behind."""

from __future__ import annotations

import os
import re
from pathlib import Path

from engine.client.records import ServicePlace
from engine.core.files import lock_holder, lock_text
from engine.core.paths import Home
from engine.settings.schema import Settings

_URL = re.compile(r"http://(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9.-]+):([0-9]{1,5}), ")
# A service that listens on all addresses is reached at the loopback one.
_LOOPBACK = {"0.0.0.0": "127.0.0.1", "[::]": "[::1]", "::": "::1"}  # noqa: S104 - a comparison


def lock_path(home: Home) -> Path:
    """Held by the service while it runs; one that stops in order empties it."""
    return home.locks / ".service"


def place_text(host: str, port: int) -> str:
    """The text of the lock of a service that listens at `host` and `port`."""
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}, pid {os.getpid()}"


def find_place(home: Home) -> ServicePlace:
    """The service of the home now, or the text that the last one left; two system calls."""
    path = lock_path(home)
    holder = lock_holder(path)
    if holder is None:
        return ServicePlace(held=False, text=lock_text(path))
    url = _URL.match(holder)
    if url is None:
        return ServicePlace(held=True, text=holder)
    host = _LOOPBACK.get(url[1], url[1]).strip("[]")
    return ServicePlace(held=True, address=(host, int(url[2])), text=holder)


def configured_address(settings: Settings) -> tuple[str, int]:
    """Host and port of the settings, as a client reaches them."""
    host = settings.service.host
    return _LOOPBACK.get(host, host), settings.service.port
