"""Unexpected errors: one line on stderr, the traceback in a file."""

from __future__ import annotations

import errno
import os
import platform
import tempfile
import traceback
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from engine.cli.session import Session, report
from engine.core.anchor import make_folder
from engine.core.errors import ConfigError, ExitCode, StockmlError

_NO_SPACE = (errno.EROFS, errno.ENOSPC, errno.EDQUOT)


def report_crash(error: Exception, args: Sequence[str], session: Session) -> int:
    """Report the error; a full or read-only disk is not a bug and gets no crash file."""
    if isinstance(error, OSError) and error.strerror:
        # Without a file it was the output itself: a full disk behind `>`.
        message = f"{error.strerror}: {error.filename or 'while writing or reading'}"
        if error.errno in _NO_SPACE:
            report(StockmlError(message, "`stockml doctor` looks at the home and its disk"))
            return ExitCode.FAILED
    else:
        message = repr(error)
    path = _write_crash_file(error, args, session)
    hint = f"details in {path}" if path else "no crash file could be written"
    report(StockmlError(message, hint))
    return ExitCode.FAILED


def _write_crash_file(error: Exception, args: Sequence[str], session: Session) -> Path | None:
    """Write the file to logs/, or to the temporary folder without a home; None if both fail."""
    now = datetime.now(UTC)
    lines = [
        f"{now.isoformat()} stockml {' '.join(args)}",
        f"Python {platform.python_version()}",
        "",
    ]
    text = "\n".join(lines + traceback.format_exception(error))
    folder: Path | None = None
    try:
        make_folder(session.home.logs)
        folder = session.home.logs
    except (ConfigError, OSError):
        pass  # no home: the temporary folder
    try:
        fd, name = tempfile.mkstemp(".txt", f"stockml-crash-{now:%Y%m%d_%H%M%S}-", folder)
        with os.fdopen(fd, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError:
        return None
    return Path(name)
