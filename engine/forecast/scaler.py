"""Standardised features: mean and spread of the training rows, and of no other row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.core.errors import ModelError
from engine.forecast.dataset import Dataset
from engine.forecast.members.base import Arrays, Floats, IntArray

LIMIT = 5.0
"""Standard deviations a feature may reach: one +51 % day must not decide a fit."""
SMALLEST = 1e-9
"""A column that varies less is constant; it becomes 0."""


@dataclass(frozen=True, slots=True, eq=False)
class Scaler:
    """(value - mean) / spread, cut at ±LIMIT; columns in the order of the dataset."""

    mean: Floats
    spread: Floats

    @classmethod
    def fit(cls, data: Dataset, train: IntArray) -> Self:
        """Learn from the rows `train`."""
        rows = data.features[train]
        spread = rows.std(axis=0)
        return cls(rows.mean(axis=0), np.where(spread < SMALLEST, 1.0, spread))

    def apply(self, data: Dataset) -> Dataset:
        """The same rows, standardised; ModelError for another number of columns."""
        if len(data.names) != len(self.mean):
            raise ModelError(
                f"{data.symbol}: {len(data.names)} features, the model knows {len(self.mean)}",
                "train it again",
            )
        return data.with_features(np.clip((data.features - self.mean) / self.spread, -LIMIT, LIMIT))

    def arrays(self) -> Arrays:
        return {"mean": self.mean, "spread": self.spread}

    @classmethod
    def load(cls, arrays: Arrays) -> Self:
        """The scaler that `arrays()` was taken from."""
        return cls(arrays["mean"], arrays["spread"])
