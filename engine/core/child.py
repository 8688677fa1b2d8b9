"""Child processes: they find the modules of the program that starts them, and are collected."""

from __future__ import annotations

import os
import selectors
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import engine

if TYPE_CHECKING:
    import subprocess


def child_environment(**more: str) -> dict[str, str]:
    """This environment with the folder of `engine` on the path: a clone may not be installed."""
    root = str(Path(engine.__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, **more}


def collect(process: subprocess.Popen[bytes]) -> None:
    """Collect a child when it ends; a starter that exits before leaves that to init."""
    threading.Thread(target=process.wait, daemon=True).start()


def read_line(fd: int, wait_s: float) -> bytes:
    """One line from a child's pipe; TimeoutError, or BrokenPipeError when the child has ended."""
    with selectors.DefaultSelector() as selector:
        selector.register(fd, selectors.EVENT_READ)
        line = b""
        while not line.endswith(b"\n"):
            if not selector.select(wait_s):
                raise TimeoutError(f"nothing within {wait_s:g} s")
            data = os.read(fd, 65536)
            if not data:
                raise BrokenPipeError("the process ended")
            line += data
    return line
