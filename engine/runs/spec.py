"""What a run was asked to do (spec.json), and the files in its folder.

persistent_data/runs/<run id>/
    spec.json      the request, written once before the supervisor starts
    events.jsonl   the journal
    lock           flocked by the supervisor alone: held = the run is alive
    cancel         somebody asks the run to stop
    result.json    how it ended, written once, last of all
    worker-N.log   the output of worker N; supervisor.log, that of the supervisor
"""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from engine.core.errors import FileError, StockmlError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.reading import read_json

VERSION = 1
MAX_BYTES = 8_000_000
"""Of spec.json and result.json: 3,000 symbols take about two million."""
RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-f]{6}")


_WAITING_MB = 200  # a worker without TensorFlow, with the bars of one symbol and Dask's library


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much a run may use; seconds and megabytes."""

    workers: int = 1
    wall_s: float = 1800.0
    stall_s: float = 300.0
    memory_mb: int = 0
    memory_wait_s: float = 60.0
    grace_s: float = 10.0
    """From the request to SIGTERM, and from there to SIGKILL."""


AUTOMATIC = "auto: "
"""The prefix of the reason of a run that a trigger started, not a person."""


class RunSpec(msgspec.Struct, frozen=True, kw_only=True):
    """One request as it was made."""

    v: int = VERSION
    id: str
    kind: str = "train"
    reason: str = "manual"
    source: str = ""
    reports: str = ""
    """The folder of report dates; empty as in the settings."""
    created_at: datetime
    starter: str = ""
    symbols: tuple[str, ...]
    busy: tuple[tuple[str, str], ...] = ()
    """(symbol, holder) of those left out."""
    epochs: int | None = None
    members: tuple[str, ...] | None = None
    reasons: tuple[tuple[str, str], ...] = ()
    """(symbol, reason) where a symbol has one of its own; `reason` is that of the others."""
    accept_worse: bool = False
    replace_source: bool = False
    accept_doubts: bool = False
    accept_rebase: bool = False
    limits: Limits = Limits()
    executor: str = ""
    """The head of the cluster that fits; empty for this machine."""
    executor_fallback: bool = True
    """Whether the run goes on here when the cluster is gone."""
    remote_workers: int = 0
    """How many symbols are with the cluster at once."""

    @property
    def remote_limits(self) -> Limits:
        """The limits while the cluster fits: a worker here only loads, judges and publishes."""
        memory_mb = min(self.limits.memory_mb, _WAITING_MB)
        return msgspec.structs.replace(
            self.limits, workers=max(1, self.remote_workers), memory_mb=memory_mb
        )


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run and the files in it."""

    path: Path

    @property
    def id(self) -> str:
        return self.path.name

    @property
    def home(self) -> Home:
        """The home that contains the folder."""
        return Home(self.path.parents[2])

    @property
    def spec(self) -> Path:
        return self.path / "spec.json"

    @property
    def events(self) -> Path:
        return self.path / "events.jsonl"

    @property
    def lock(self) -> Path:
        return self.path / "lock"

    @property
    def cancel(self) -> Path:
        return self.path / "cancel"

    @property
    def result(self) -> Path:
        return self.path / "result.json"

    @property
    def reserve(self) -> Path:
        """Reserved space, so that the result can be written on a disk that has become full."""
        return self.path / ".reserve"

    @property
    def supervisor_log(self) -> Path:
        return self.path / "supervisor.log"

    def worker_log(self, number: int) -> Path:
        """Where the output of worker `number` goes."""
        return self.path / f"worker-{number}.log"


def run_folder(home: Home, run_id: str) -> RunFolder:
    """The folder of `run_id`; ValueError for a text that is not an id (it becomes a path)."""
    if not RUN_ID.fullmatch(run_id):
        raise ValueError(f"not a run id: {run_id[:60]!r}")
    return RunFolder(home.runs / run_id)


def new_run_id(now: datetime) -> str:
    """An id whose text sorts by time: YYYYMMDD-HHMMSS-xxxxxx, in UTC."""
    return f"{now.astimezone(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"


def write_spec(folder: RunFolder, spec: RunSpec) -> None:
    """Write spec.json, whole or not at all."""
    write_atomic(folder.spec, msgspec.json.format(msgspec.json.encode(spec)) + b"\n", name="spec")


def read_spec(folder: RunFolder) -> RunSpec:
    """The spec of a run; FileNotFoundError without one yet, StockmlError when it is unreadable."""
    try:
        tree = read_json(folder.spec, dict[str, Any], MAX_BYTES)
        version = tree.get("v")
        if isinstance(version, int) and version > VERSION:
            raise StockmlError(
                f"{folder.spec} has format {version}; this stockml reads up to {VERSION}",
                "update stockml",
            )
        return msgspec.convert(tree, RunSpec)
    except (FileError, msgspec.ValidationError) as error:
        reason = error.reason if isinstance(error, FileError) else str(error)
        raise StockmlError(
            f"{folder.spec} cannot be read: {reason}", "the run's other files are untouched"
        ) from error
