"""One fit on a far machine: the worker of every run, in a home that lives as long as the fit."""

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
from engine.runs.spec import RunFolder, run_folder, write_spec
from engine.runs.worker_log import last_lines
from engine.runs.worker_process import WorkerProcess
from engine.settings.home import prepare
from engine.vault.records import MAX_FILE

FORWARDED = ("phase", "member", "epoch", "warning")
ENDS = ("failed", "refused", "cancelled")
_TICK_S = 0.2
_GRACE_S = 5.0
_OUTPUT_LINES = 50

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


class ScratchFit:
    """A fit in a scratch home, watched by a thread; `stop` may be called from another."""

    def __init__(self, request: RemoteFitRequest, say: Say) -> None:
        self.request = request
        self.say = say
        self.stop = threading.Event()
        self._failure: Failed | None = None

    def run(self) -> tuple[Answer | Failed, bytes]:
        """Fit; the answer and the model file, or how it failed. Nothing is left behind."""
        with TemporaryDirectory(prefix="stockml-fit-") as root:
            folder = self._prepare(Home(Path(root)))
            worker = WorkerProcess(folder, 1, time.monotonic(), self.request.spec.kind)
            try:
                self._watch(worker)
                self._take(worker.read_rest(time.monotonic()))
                return self._outcome(folder, worker)
            finally:
                _end(worker)

    def _prepare(self, home: Home) -> RunFolder:
        prepare(home)
        folder = run_folder(home, self.request.spec.id)
        folder.path.mkdir(parents=True)
        write_spec(folder, self.request.spec)
        request_file(folder).write_bytes(msgspec.json.encode(self.request))
        return folder

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


def _end(worker: WorkerProcess) -> None:
    """Nothing of its session stays alive."""
    with suppress(ProcessLookupError):
        os.killpg(worker.pid, signal.SIGKILL)
    worker.process.wait()
    worker.close()
