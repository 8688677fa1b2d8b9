"""What status, runs and backups still know of a symbol's model when the live file is broken."""

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
# A model file of a backup takes 2 ms to read; the newest readable one names the source.
_BACKUPS = 3


@dataclass(frozen=True, slots=True)
class LastKnownModel:
    """The newest generation with a trace, and where its bars came from ('' when unknown)."""

    generation: int = 0
    source: str = ""


def last_known_model(home: Home, symbol: str, runs: RunStore | None = None) -> LastKnownModel:
    """The newest trace of a model of `symbol`; generation 0 when there is none.

    Backups are read only for a missing source: publishing counts their generations itself. Pass one
    `runs` for many symbols: it reads only what is new.
    """
    traces = [
        *_from_status(home, symbol),
        *_from_runs(runs or RunStore(home), symbol),
        LastKnownModel(),
    ]
    newest = max(traces, key=lambda trace: trace.generation)
    if newest.source:
        return newest
    return max((newest, *_from_backups(home, symbol)), key=lambda trace: bool(trace.source))


def _from_status(home: Home, symbol: str) -> Iterator[LastKnownModel]:
    stored = status.read(home.status(symbol))
    if stored is None:
        return
    yield LastKnownModel(stored.last_generation, stored.last_source)
    if stored.model is not None:
        yield LastKnownModel(stored.model.generation, stored.model.source)


def _from_runs(runs: RunStore, symbol: str) -> Iterator[LastKnownModel]:
    for run in runs.recent(_RUNS):
        if (job := run.job(symbol)) is not None and job.generation:
            yield LastKnownModel(job.generation, run.source)


def _from_backups(home: Home, symbol: str) -> Iterator[LastKnownModel]:
    from engine.vault.backups import file_name, list_backups
    from engine.vault.model_reader import ModelReader

    with_symbol = (
        backup
        for backup in list_backups(home.models)
        if (entry := backup.entry(symbol)) and entry.kind in ("model", "unknown")
    )
    with ModelReader(home) as reader:
        for backup in islice(with_symbol, _BACKUPS):
            try:
                manifest = reader.read(backup.path / file_name(symbol)).manifest
            except (OSError, ModelError):
                continue
            yield LastKnownModel(manifest.generation, manifest.source)
