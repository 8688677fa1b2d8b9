"""The live model that a training may replace: read, or what is still known of a broken one."""

from __future__ import annotations

import shlex
from functools import lru_cache

from engine.core.errors import FaultKind, ModelError, RefusedError, fault_kind
from engine.core.paths import Home
from engine.runs.provenance import LastKnownModel, last_known_model
from engine.runs.spec import AUTOMATIC
from engine.runs.store import RunStore
from engine.runs.work import Task
from engine.vault.manifest import NewerModelError
from engine.vault.model_file import ForeignModelError, StoredModel
from engine.vault.model_reader import read_model


def live_model(task: Task) -> StoredModel | None:
    """The live model; None, with a warning, for a file that cannot be compared with.

    RefusedError where a trigger started the training and a newer stockml made the file, ModelError
    where it cannot be read at this moment.
    """
    path = task.home.model(task.symbol)
    try:
        return read_model(task.home, path)
    except FileNotFoundError:
        return None
    except ForeignModelError as error:
        problem = error.message
    except NewerModelError as error:
        if task.spec.reason.startswith(AUTOMATIC):
            raise RefusedError(
                error.message,
                f"update stockml; a person may replace it: stockml train {task.symbol}",
            ) from error
        problem = error.message
    except ModelError as error:
        if fault_kind(error) is FaultKind.UNREACHABLE:
            raise
        problem = f"the live model is broken: {error.message}"
    task.warn(f"{problem}: it is backed up, then replaced")
    return None


def check_source(task: Task, champion: StoredModel | None) -> None:
    """RefusedError when the live model comes from another kind of source than the run reads."""
    live = _live_source(task, champion)
    requested = task.spec.source
    same_kind = live.partition(":")[0] == requested.partition(":")[0]
    if not live or task.spec.replace_source or same_kind:
        return
    raise RefusedError(
        f"the live model of {task.symbol} was trained from {live}, this run reads {requested}",
        f"stockml train {task.symbol} --source {shlex.quote(requested)} --replace-source",
    )


def _live_source(task: Task, champion: StoredModel | None) -> str:
    """Where the live model's bars came from; for a broken file the last known ('' = unknown)."""
    if champion is not None:
        return champion.manifest.source
    return last_known(task).source if task.home.model(task.symbol).exists() else ""


def last_known(task: Task) -> LastKnownModel:
    """What status, runs and backups know of the symbol's newest model."""
    return last_known_model(task.home, task.symbol, _runs(task.home))


@lru_cache(maxsize=1)
def _runs(home: Home) -> RunStore:
    """One for the worker's life: a new one would read its own run's journal for every symbol."""
    return RunStore(home)
