"""A short-lived child that answers with one JSON document: it loads what this process must not."""

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
    """What a child returned: its exit code and its document, empty without one."""

    exit_code: int
    document: dict[str, Any] = field(default_factory=dict)


def child_environment(**more: str) -> dict[str, str]:
    """This environment with the folder of `engine` on the path: a clone may not be installed."""
    root = str(Path(engine.__file__).resolve().parent.parent)
    path = os.pathsep.join(part for part in (root, os.environ.get("PYTHONPATH", "")) if part)
    return {**os.environ, "PYTHONPATH": path, **more}


def run_child(
    words: Sequence[str], limit_s: float = _LIMIT_S, module: str = "engine.cli"
) -> ChildAnswer:
    """Run `stockml WORDS`, or another module of ours, with this interpreter and without a shell.

    `words` ask for JSON. StockmlError when it cannot be started, does not end in time, or failed
    without a document; the message is then the child's own.
    """
    name = f"{module} {words[0]}"
    # -P: the working directory must not be able to stand in for our modules.
    done = _run([sys.executable, "-P", "-m", module, *words], name, limit_s)
    try:
        document = json.loads(done.stdout) if done.stdout.strip() else {}
    except ValueError as error:
        raise StockmlError(f"{name} answered with no JSON", clean(str(error), 200)) from error
    if done.returncode and not document:
        raise _failure(done)
    return ChildAnswer(done.returncode, document if isinstance(document, dict) else {})


def _run(argv: list[str], name: str, limit_s: float) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=limit_s,
            env=child_environment(),
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise StockmlError(
            f"{name} did not end within {limit_s:.0f} s", "look at the disk and try again"
        ) from error
    except OSError as error:
        raise StockmlError(f"cannot start {argv[0]}: {error.strerror}") from error


def _failure(done: subprocess.CompletedProcess[bytes]) -> StockmlError:
    """The error and the hint that the child printed on stderr."""
    lines = [clean_bytes(raw, 500).strip() for raw in done.stderr.split(b"\n")]
    messages = [line for line in lines if line and not line.startswith("→")]
    hints = [line.lstrip("→ ") for line in lines if line.startswith("→")]
    message = messages[0] if messages else f"exit {done.returncode}"
    hint = hints[0] if hints else ""
    return StockmlError(message.removeprefix("stockml: ").removeprefix("error: "), hint)
