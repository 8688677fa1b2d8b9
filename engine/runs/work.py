"""The kinds of run, and the function that does one symbol of each."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from engine.core.clock import Clock
from engine.core.errors import StockmlError, UsageError
from engine.core.paths import Home
from engine.runs.spec import RunSpec
from engine.settings.schema import Settings

WORK = {
    "train": "engine.runs.training:train_symbol",
    "train-remotely": "engine.cluster.remote:train_remotely",
    "fit": "engine.cluster.fit:fit_job",
}


class AttemptLostError(StockmlError):
    """An attempt came to nothing through no fault of the job; its worker ends with this code."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class Reporter(Protocol):
    """Reports one event: its type (engine.core.events.TYPES) and its figures."""

    def __call__(self, kind: str, data: dict[str, Any] | None = None) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One symbol of one run, as the work function gets it."""

    home: Home
    settings: Settings
    spec: RunSpec
    symbol: str
    clock: Clock
    report: Reporter
    cancelled: Callable[[], bool]
    """Whether the run is to stop; cheap enough for every batch."""

    def warn(self, message: str) -> None:
        """Report a warning."""
        self.report("warning", {"message": message})


Work = Callable[[Task], None]
"""Does one symbol, reports `published` or `refused`; raises Interrupted or StockmlError."""


def find_work(kind: str) -> Work:
    """The function for a kind of run; its module is imported here, so only workers load numpy."""
    place = os.environ.get("STOCKML_TEST_WORK") if os.environ.get("STOCKML_TEST") == "1" else None
    place = place or WORK.get(kind)
    if place is None:
        raise UsageError(f"unknown kind of run {kind!r}", f"known: {' '.join(WORK)}")
    module, _, name = place.partition(":")
    work: Work = getattr(import_module(module), name)
    return work
