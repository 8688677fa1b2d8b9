"""What each exit code means."""

from __future__ import annotations

from engine.core.errors import ExitCode

EXIT_CODES = {
    ExitCode.DONE: "done",
    ExitCode.FAILED: "the work failed",
    ExitCode.USAGE: "wrong usage, an unknown symbol",
    ExitCode.CONFIG: "bad configuration",
    ExitCode.NO_DATA: "no data",
    ExitCode.REFUSED: "refused by a guard",
    ExitCode.BUSY: "busy: another process works on it and is named",
    ExitCode.INTERRUPTED: "interrupted",
}
