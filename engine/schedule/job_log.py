"""The record of a job run: lines in its cron.log and a row in history.db."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from engine.core.clock import Clock, iso
from engine.core.errors import StockmlError
from engine.core.files import append_line
from engine.core.paths import Home
from engine.core.text import clean_bytes
from engine.schedule.record import begin_run, end_run
from engine.schedule.records import JobOutcome, JobTrigger

# A line of a child beyond this many bytes is written in pieces.
_LONGEST_LINE = 65_536


@dataclass(slots=True)
class JobLog:
    """The job's cron.log, one stamped line a write; a full disk must not stop a job."""

    path: Path
    job: str
    clock: Clock
    fault: str = ""
    last_line: str = ""
    """The child's newest line."""

    def line(self, text: str) -> None:
        try:
            append_line(self.path, f"{iso(self.clock.now())} {self.job}: {text}")
        except OSError as error:
            self.fault = f"cannot write {self.path}: {error.strerror}"

    def copy(self, pipe: IO[bytes]) -> None:
        """Write every line of the child."""
        with pipe:
            for raw in iter(lambda: pipe.readline(_LONGEST_LINE), b""):
                self._copy_line(clean_bytes(raw, 4000).strip())

    def _copy_line(self, text: str) -> None:
        if not text:
            return
        self.line(text)
        # A hint follows the fault it belongs to, and the fault is the line to report.
        if not (text.startswith("→") and self.last_line):
            self.last_line = text.removeprefix("stockml: ")


@dataclass(slots=True)
class RunRecord:
    """The run's row in history.db; a job runs also when it cannot be recorded, and reports it."""

    home: Home
    row_id: int | None = None
    fault: str = ""

    def begin(self, job: str, trigger: JobTrigger, slot: datetime | None, at: datetime) -> None:
        try:
            self.row_id = begin_run(self.home, job, trigger, slot, at)
        except StockmlError as error:
            self.fault = f"the run is not recorded: {error.message}"

    def end(self, at: datetime, code: int, outcome: JobOutcome, message: str) -> None:
        if self.row_id is None:
            return
        try:
            end_run(self.home, self.row_id, at, code, outcome, message)
        except StockmlError as error:
            self.fault = f"the end of the run is not recorded: {error.message}"
