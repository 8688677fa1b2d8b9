"""The folds of a backtest on disk: one file a fold, in a folder that one process holds."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from engine.core.errors import BusyError
from engine.core.files import FileLock, lock_holder, write_atomic
from engine.forecast.members.base import nested, within
from engine.forecast.walk import Fold, FoldForecast


@contextmanager
def exclusive(folder: Path) -> Iterator[None]:
    """The folder for this process only; BusyError while the same backtest runs elsewhere."""
    with FileLock(folder / "lock") as lock:
        if not lock.acquire(f"backtest, process {os.getpid()}"):
            holder = lock_holder(lock.path) or "another process"
            raise BusyError("the same backtest runs already", f"wait for it: {holder}", holder)
        yield


def fold_path(folder: Path, fold: Fold) -> Path:
    """Where a fold is kept."""
    return folder / f"{fold.name}.npz"


def write_fold(path: Path, outcome: FoldForecast | str) -> None:
    """Keep what a fold forecast, or in words why its history is too short."""
    if isinstance(outcome, str):
        arrays: dict[str, Any] = {"short": np.array(outcome)}
    else:
        weights = {name: np.array(weight) for name, weight in outcome.weights.items()}
        arrays = nested("forecasts", outcome.forecasts) | nested("weights", weights)
    buffer = io.BytesIO()
    # In a zip archive a slash would make folders.
    np.savez(buffer, **{name.replace("/", "."): array for name, array in arrays.items()})
    write_atomic(path, buffer.getvalue(), name="fold")


def read_fold(path: Path) -> FoldForecast | str:
    """What a fold forecast; the words why, when its history was too short."""
    with np.load(path, allow_pickle=False) as file:
        arrays = {name.replace(".", "/", 1): file[name] for name in file.files}
    if "short" in arrays:
        return str(arrays["short"])
    weights = {name: float(weight) for name, weight in within("weights", arrays).items()}
    return FoldForecast(within("forecasts", arrays), weights)
