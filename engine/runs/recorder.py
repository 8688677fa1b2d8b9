"""What is written down of a run: its journal, its folded state, training.log, result and audit."""

from __future__ import annotations

import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from engine.core.audit import AuditOutcome, record
from engine.core.clock import Clock
from engine.core.events import TYPES, Event, decode
from engine.core.failpoints import failpoint
from engine.core.files import append_line
from engine.core.records import Job, JobState
from engine.runs.fold import RunFold, run_state
from engine.runs.journal import EventWriter, Journal
from engine.runs.result import reserve_room, write_result
from engine.runs.spec import RunFolder, RunSpec
from engine.runs.training_log import event_text, log_line, opening_text


class RunRecorder:
    """Records every event of the run for the supervisor."""

    def __init__(self, folder: RunFolder, spec: RunSpec, clock: Clock) -> None:
        self.folder = folder
        self.spec = spec
        self.clock = clock
        self.journal = Journal(folder.events)
        self._writer = EventWriter(spec.id, "supervisor", clock, self.journal.write)
        self._fold = RunFold(spec)

    def has_ended(self, symbol: str) -> bool:
        """Whether the job of `symbol` has ended."""
        return self._fold.job(symbol).state.ended

    def emit(self, kind: str, symbol: str = "", /, **data: Any) -> None:
        """Write one event of the supervisor's own."""
        self._apply(self._writer.emit(kind, symbol, **data))

    def record(self, lines: Sequence[bytes], symbol: str | None) -> None:
        """Write down a worker's events about the symbol it has; anything else is dropped."""
        for line in lines:
            event = decode(line)
            if event is None or event.type not in TYPES or event.symbol != symbol:
                self.journal.dropped += 1
                continue
            self.journal.write(line)
            if event.type == "published":
                self.journal.sync()
            self._apply(event)

    def _apply(self, event: Event) -> None:
        self._fold.apply(event)
        if tagged := event_text(event, self.spec.source):
            self._log(*tagged)

    def _log(self, tag: str, text: str) -> None:
        """One line in training.log; a full disk costs the line, not the run."""
        with suppress(OSError):
            append_line(self.folder.home.training_log, log_line(tag, self.clock.now(), text))

    def begin(self) -> None:
        """Write down what will be done."""
        reserve_room(self.folder)
        self._log("INFO", opening_text(self.spec))
        for symbol in self.spec.symbols:
            self.emit("queued", symbol)
        failpoint("supervisor.opened")

    def close(self, dropped_log_bytes: int, left_processes: tuple[int, ...]) -> None:
        """Write down how it ended, the result last: nothing of the run is alive any more."""
        jobs = [self._fold.job(symbol) for symbol in self.spec.symbols]
        state = run_state(jobs)
        counts = Counter(str(job.state) for job in jobs)
        message = ", ".join(f"{count} {state}" for state, count in counts.most_common())
        failpoint("supervisor.swept")
        self.emit("finished", state=str(state), message=message)
        self.journal.sync()
        failpoint("supervisor.finished")
        extra = {
            "dropped_log_bytes": dropped_log_bytes,
            "dropped_events": self.journal.dropped,
            "left_processes": left_processes,
        }
        run = self._fold.run(lock_held=False)
        if not write_result(self.folder, run, extra, pause=lambda: time.sleep(0.5)):
            sys.stderr.write(f"result.json could not be written: {run.state}; {message}\n")
        self._audit(state, jobs)
        failpoint("supervisor.closed")

    def _audit(self, state: JobState, jobs: Sequence[Job]) -> None:
        """One line in the audit: how the run that somebody started has ended."""
        symbols_by_state: dict[str, Any] = {}
        for job_state in JobState:
            symbols = [job.symbol for job in jobs if job.state is job_state]
            if symbols:
                symbols_by_state[str(job_state)] = symbols
        known = state in (JobState.DONE, JobState.REFUSED, JobState.CANCELLED)
        record(
            self.folder.home,
            self.clock,
            "train",
            str(state) if known else AuditOutcome.FAILED,
            run=self.folder.id,
            started_by=self.spec.starter,
            **symbols_by_state,
        )
