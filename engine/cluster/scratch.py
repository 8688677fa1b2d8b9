"""Fits on a far machine: the worker of every run, in a home that lives as long as they do."""

from __future__ import annotations

import os
import selectors
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec

from engine.cluster.messages import Answer, Failed, Progress, RemoteFitRequest, sha256
from engine.core.errors import ExitCode
from engine.core.events import decode
from engine.core.paths import Home
from engine.core.reading import read_bytes
from engine.core.records import Forecast
from engine.runs.rules import StopLevel, explain_exit
from engine.runs.spec import RunFolder, RunSpec, run_folder, write_spec
from engine.runs.worker_log import last_lines
from engine.runs.worker_process import WorkerProcess
from engine.settings.home import prepare
from engine.vault.records import MAX_FILE

FORWARDED = ("phase", "member", "epoch", "warning")
ENDS = ("failed", "refused", "cancelled")
_TICK_S = 0.2
_GRACE_S = 5.0
_OUTPUT_LINES = 50
IDLE_S = 10.0
"""How long a worker waits for the next fit of its run."""

Say = Callable[[Progress], None]


def request_file(folder: RunFolder) -> Path:
    """The request in the scratch home, for the worker there."""
    return folder.path / "request.json"


def model_file(folder: RunFolder) -> Path:
    """The fitted model."""
    return folder.path / "candidate.h5"


def forecast_file(folder: RunFolder) -> Path:
    """What the fitted model forecasts; written last."""
    return folder.path / "forecast.json"


class ScratchHome:
    """A scratch home with its worker, for the fits of one run, one after the other."""

    def __init__(self, spec: RunSpec) -> None:
        self._root = TemporaryDirectory(prefix="stockml-fit-")
        home = Home(Path(self._root.name))
        prepare(home)
        self.folder = run_folder(home, spec.id)
        self.folder.path.mkdir(parents=True)
        write_spec(self.folder, spec)
        self.worker = WorkerProcess(self.folder, 1, time.monotonic(), spec.kind)
        self.free_since = 0.0

    def serves(self, spec: RunSpec) -> bool:
        """Whether its worker lives and has begun the same run."""
        return self.folder.id == spec.id and self.worker.process.poll() is None

    def offer(self, request: RemoteFitRequest) -> None:
        """Put the request where the worker reads it, and what is left of another away."""
        for path in (model_file(self.folder), forecast_file(self.folder)):
            path.unlink(missing_ok=True)
        request_file(self.folder).write_bytes(msgspec.json.encode(request))
        self.worker.symbol = None

    def end(self) -> None:
        """Nothing of its session stays alive, and no file."""
        with suppress(ProcessLookupError):
            os.killpg(self.worker.pid, signal.SIGKILL)
        self.worker.process.wait()
        self.worker.close()
        self._root.cleanup()


class ScratchShelf:
    """The scratch home that waits for the next fit of its run: imports are paid once a run."""

    def __init__(self) -> None:
        self._kept: ScratchHome | None = None
        self._lock = threading.Lock()

    def take(self, spec: RunSpec) -> ScratchHome:
        """The one that waits for this run, else a new one."""
        with self._lock:
            kept, self._kept = self._kept, None
        if kept is not None and kept.serves(spec):
            return kept
        if kept is not None:
            kept.end()
        return ScratchHome(spec)

    def put(self, home: ScratchHome) -> None:
        """Keep it for the next fit."""
        home.free_since = time.monotonic()
        with self._lock:
            self._kept = home

    def end_idle(self, idle_s: float = IDLE_S) -> None:
        """End the one that has waited so long."""
        with self._lock:
            kept = self._kept
            if kept is None or time.monotonic() - kept.free_since < idle_s:
                return
            self._kept = None
        kept.end()


class ScratchFit:
    """A fit in a scratch home, watched by a thread; `stop` may be called from another."""

    def __init__(self, request: RemoteFitRequest, shelf: ScratchShelf, say: Say) -> None:
        self.request = request
        self.shelf = shelf
        self.say = say
        self.stop = threading.Event()
        self._failure: Failed | None = None

    def run(self) -> tuple[Answer | Failed, bytes]:
        """Fit; the answer and the model file, or how it failed."""
        home = self.shelf.take(self.request.spec)
        ended = False
        try:
            home.offer(self.request)
            self._watch(home.worker)
            ended = not home.worker.ready or self.stop.is_set()
            if ended:
                self._take(home.worker.read_rest(time.monotonic()))
            return self._outcome(home.folder, home.worker)
        except BaseException:
            ended = True
            raise
        finally:
            if ended:
                home.end()
            else:
                self.shelf.put(home)

    def _watch(self, worker: WorkerProcess) -> None:
        """Give it the symbol and forward its events, until it has ended or wants another one."""
        with selectors.DefaultSelector() as selector:
            selector.register(worker.events_fd, selectors.EVENT_READ, True)
            selector.register(worker.output_fd, selectors.EVENT_READ, False)
            while worker.process.poll() is None:
                now = time.monotonic()
                for key, _ in selector.select(_TICK_S):
                    if key.data:
                        lines, more = worker.read_events(now)
                        self._take(lines)
                    else:
                        more = worker.drain_output()
                    if not more:
                        selector.unregister(key.fd)
                if worker.ready and worker.symbol is not None:
                    return
                if worker.ready:
                    worker.assign(self.request.symbol, now)
                if self.stop.is_set() and _stopped(worker, now):
                    return

    def _take(self, lines: list[bytes]) -> None:
        """Forward events, and keep how the fit failed."""
        for line in lines:
            event = decode(line)
            if event is None:
                continue
            if event.type in FORWARDED:
                self.say(
                    Progress(attempt=self.request.attempt, kind=event.type, figures=event.data)
                )
            elif event.type in ENDS:
                cancelled = event.type == "cancelled"
                self._failure = Failed(
                    attempt=self.request.attempt,
                    text=str(event.data.get("message", event.type)),
                    hint=str(event.data.get("hint", "")),
                    exit_code=ExitCode.INTERRUPTED
                    if cancelled
                    else int(event.data.get("exit_code", 1)),
                )

    def _outcome(self, folder: RunFolder, worker: WorkerProcess) -> tuple[Answer | Failed, bytes]:
        attempt = self.request.attempt
        if self.stop.is_set():
            stopped = Failed(attempt=attempt, text="stopped", exit_code=ExitCode.INTERRUPTED)
            return stopped, b""
        output = "\n".join(last_lines(worker.log.path, _OUTPUT_LINES))
        if self._failure is not None:
            # Its own hint names a file of the scratch home.
            hint = "" if str(folder.path) in self._failure.hint else self._failure.hint
            return msgspec.structs.replace(self._failure, hint=hint, output=output), b""
        if not forecast_file(folder).exists():
            code = worker.process.poll()
            text = (
                "it did not say how it ended" if code is None else explain_exit(code, False).message
            )
            last = worker.last_output_line()
            text = f"{text}: {last}" if last else text
            return Failed(attempt=attempt, text=text, died=True, output=output), b""
        model = read_bytes(model_file(folder), MAX_FILE)
        forecast = msgspec.json.decode(read_bytes(forecast_file(folder), 100_000), type=Forecast)
        return Answer(attempt=attempt, digest=sha256(model), forecast=forecast), model


def _stopped(worker: WorkerProcess, now: float) -> bool:
    """Ask it to stop, then more firmly; True when only a kill is left."""
    worker.stop("cancelled", StopLevel.ASK, now)
    level = StopLevel.ASK if now - worker.stop_since < _GRACE_S else StopLevel.KILL
    return worker.escalate(level)
