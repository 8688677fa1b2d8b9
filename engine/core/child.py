"""The environment of child processes: they find the modules of the program that starts them."""

from __future__ import annotations

import os
from pathlib import Path

import engine


def child_environment(**more: str) -> dict[str, str]:
    """This environment with the folder of `engine` on the path: a clone may not be installed."""
    root = str(Path(engine.__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, **more}
