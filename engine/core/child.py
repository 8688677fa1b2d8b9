"""Child processes: they find the modules of the program that starts them, and are collected."""

from __future__ import annotations

import os
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
