"""A short-lived child process that answers with one JSON document: what must not be loaded here
is loaded there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import engine
from engine.core.errors import StockmlError
from engine.core.text import clean, clean_bytes

_LIMIT_S = 600.0


@dataclass(frozen=True, slots=True)
class ChildAnswer:
    """What a command of ours said: its exit code, its document (empty without one), its words on
    stderr."""

    exit_code: int
    document: dict[str, Any] = field(default_factory=dict)
    said: tuple[str, ...] = ()


def child_environment(**more: str) -> dict[str, str]:
    """This environment, with the folder that holds `engine` on the path (a clone may run without
    being installed)."""
    root = str(Path(engine.__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, **more}


def run_child(
    words: Sequence[str], limit_s: float = _LIMIT_S, module: str = "engine.cli"
) -> ChildAnswer:
    """Run `stockml WORDS` (or another module of ours) with this interpreter, no terminal and no
    shell.

    `words` ask for JSON. StockmlError when it cannot be started, does not end in time, or failed
    without a document: its own words then.
    """
    # -P: the working directory must not be able to stand in for our modules.
    argv = [sys.executable, "-P", "-m", module, *words]
    try:
        done = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            env=child_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StockmlError(
            f"{module} {words[0]} did not end within {limit_s:.0f} s",
            "look at the disk and try again",
        ) from error
    except OSError as error:
        raise StockmlError(f"cannot start {argv[0]}: {error.strerror}") from error
    said = tuple(
        text for raw in done.stderr.split(b"\n") if (text := clean_bytes(raw, 500).strip())
    )
    try:
        found = json.loads(done.stdout) if done.stdout.strip() else {}
    except ValueError as error:
        raise StockmlError(
            f"{module} {words[0]} answered with no JSON", clean(str(error), 200)
        ) from error
    if done.returncode and not found:
        what = next((text for text in said if not text.startswith("→")), f"exit {done.returncode}")
        hint = next((text.lstrip("→ ") for text in said if text.startswith("→")), "")
        raise StockmlError(what.removeprefix("stockml: ").removeprefix("error: "), hint)
    return ChildAnswer(done.returncode, found if isinstance(found, dict) else {}, said)
