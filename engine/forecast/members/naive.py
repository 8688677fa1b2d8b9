# ruff: noqa: ARG001, ARG002 - the protocol of a member that needs nothing
"""The forecast to beat: the next close is the last close (a log return of 0)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from engine.forecast.dataset import Dataset
from engine.forecast.members.base import Arrays, FitOptions, Fitted, Floats, IntArray


@dataclass(frozen=True, slots=True)
class Naive:
    """No change; nothing to learn, nothing to store."""

    def predict(self, data: Dataset, rows: IntArray) -> Floats:
        return np.zeros(len(rows))

    def arrays(self) -> Arrays:
        return {}


def fit(data: Dataset, train: IntArray, validation: IntArray, options: FitOptions) -> Fitted:
    """Nothing to fit."""
    options.check()
    return Naive()


def load(arrays: Arrays) -> Fitted:
    """Nothing to load."""
    return Naive()
