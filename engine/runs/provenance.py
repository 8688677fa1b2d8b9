"""What is still known of a symbol's models when the live file is lost or broken: read from
status, runs and backups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

from engine.core.errors import ModelError
from engine.core.paths import Home
from engine.forecast import status
from engine.runs.store import RunStore

# As many as `clean` keeps; their results are read in about 50 ms.
_RUNS = 500
# A model file of a backup takes 2 ms to read; the newest that can be read says where its bars came
# from.
_BACKUPS = 3


@dataclass(frozen=True, slots=True)
class LastKnownModel:
    """The newest generation that a trace was found of, and where its bars came from ('' when
    nobody says)."""

    generation: int = 0
    source: str = ""


def last_known_model(home: Home, symbol: str, runs: RunStore | None = None) -> LastKnownModel:
    """The newest trace of a model of `symbol`; generation 0 when there is none.

    The status remembers the last whole file that was seen, the runs what they published; backups
    are looked at only when neither knows a source, for publishing counts their generations
    itself. Whoever asks for one symbol after another gives the same `runs`: it reads only what
    is new.
    """
    traces = (
        *_of_status(home, symbol),
        *_of_runs(runs or RunStore(home), symbol),
        LastKnownModel(),
    )
    found = max(traces, key=lambda each: each.generation)
    return (
        found
        if found.source
        else max((found, *_of_backups(home, symbol)), key=lambda each: bool(each.source))
    )


def _of_status(home: Home, symbol: str) -> Iterator[LastKnownModel]:
    if (found := status.read(home.status(symbol))) is None:
        return
    yield LastKnownModel(found.last_generation, found.last_source)
    if found.model is not None:
        yield LastKnownModel(found.model.generation, found.model.source)


def _of_runs(runs: RunStore, symbol: str) -> Iterator[LastKnownModel]:
    for run in runs.recent(_RUNS):
        if (job := run.job(symbol)) is not None and job.generation:
            yield LastKnownModel(job.generation, run.source)


def _of_backups(home: Home, symbol: str) -> Iterator[LastKnownModel]:
    from engine.vault.backups import file_name, list_backups
    from engine.vault.model_file import read_model

    having = (
        each
        for each in list_backups(home.models)
        if (entry := each.entry(symbol)) and entry.kind in ("model", "unknown")
    )
    for backup in islice(having, _BACKUPS):
        try:
            manifest = read_model(backup.path / file_name(symbol)).manifest
        except (OSError, ModelError):
            continue
        yield LastKnownModel(manifest.generation, manifest.source)
