"""What every member of the ensemble is given and gives back.

A member is a module with `fit(data, train, validation, options) -> Fitted` and `load(arrays) ->
Fitted`, plus a row in `engine.core.members.MEMBERS`. It learns from the rows `train`, may stop on
`validation`, and reads no other target. `data.features` are standardised by the training rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from engine.forecast.dataset import Dataset
from engine.settings.schema import TrainingSettings

Floats = NDArray[np.float64]
IntArray = NDArray[np.intp]
Arrays = dict[str, NDArray[Any]]
"""Numeric arrays by name: all that a fitted member consists of, and all that is stored."""


class Cancelled(Exception):  # noqa: N818 - not a fault: the operator asked for it
    """A fit that stopped because `options.cancelled()` said so."""


def _report_nothing(kind: str, data: dict[str, Any]) -> None:
    """The default report."""


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True)
class FitOptions:
    """How to fit."""

    epochs: int = 50
    batch_size: int = 32
    sequence_length: int = 60
    patience: int = 10
    early_stopping: bool = True
    seed: int = 7
    report: Callable[[str, dict[str, Any]], None] = _report_nothing
    """Called with the type and the data of an event as the fit progresses."""
    cancelled: Callable[[], bool] = _never
    """Asked at every batch."""

    @classmethod
    def of(cls, training: TrainingSettings, epochs: int, **callbacks: Any) -> Self:
        """The options of the settings, for this many epochs."""
        return cls(
            epochs=epochs,
            batch_size=training.batch_size,
            sequence_length=training.sequence_length,
            patience=training.patience,
            early_stopping=training.early_stopping,
            seed=training.seed,
            **callbacks,
        )

    def check(self) -> None:
        """Raise Cancelled when the operator asked for it."""
        if self.cancelled():
            raise Cancelled


class Fitted(Protocol):
    """A fitted member; everything it knows is in its arrays."""

    def predict(self, data: Dataset, rows: IntArray) -> Floats:
        """[len(rows)] log return forecast after each row, from data up to that row."""
        ...

    def arrays(self) -> Arrays:
        """What `load` needs to make the same forecasts again, bit for bit."""
        ...


def nested(prefix: str, arrays: Arrays) -> Arrays:
    """The arrays under `prefix/`, as they are named in a model file."""
    return {f"{prefix}/{name}": array for name, array in arrays.items()}


def within(prefix: str, arrays: Arrays) -> Arrays:
    """The arrays under `prefix/`, by the rest of their names."""
    start = f"{prefix}/"
    return {
        name.removeprefix(start): array for name, array in arrays.items() if name.startswith(start)
    }
