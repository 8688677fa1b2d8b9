"""Which rows a fit may see: train, then validation, then held-out, in the order of time.

train        scaler and members are fitted on it
validation   early stopping and ensemble weights look at it
held-out     nothing that is fitted looks at it: published figures and the guard come from it alone
Targets are one session ahead: the rows of one part end before the next part's first forecast.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Self

import numpy as np

from engine.core.errors import NoDataError
from engine.forecast.dataset import Dataset
from engine.forecast.features import WARMUP
from engine.forecast.members.base import IntArray
from engine.market.bars import Bars
from engine.settings.schema import TrainingSettings

TRAIN_ROWS = 120
"""Least rows to train on: half a year for 20-odd shrunk coefficients and a small network."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of a dataset, ascending, disjoint; held-out may be empty (walk-forward backtest)."""

    train: IntArray
    validation: IntArray
    heldout: IntArray

    @property
    def scored(self) -> IntArray:
        """Every row with a known outcome, oldest first."""
        return np.concatenate([self.train, self.validation, self.heldout])


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitRules:
    """How rows are split; sessions, and `validation_split` as a share."""

    sequence_length: int
    validation_split: float
    holdout_sessions: int
    max_sessions: int

    @classmethod
    def of(cls, training: TrainingSettings, sequence_length: int) -> Self:
        """The rules of the settings, for sequences of this length."""
        return cls(
            sequence_length=sequence_length,
            validation_split=training.validation_split,
            holdout_sessions=training.holdout_sessions,
            max_sessions=training.max_sessions,
        )

    def validation_rows(self, fitted: int) -> int:
        """How many of the `fitted` rows before the held-out ones are for validation."""
        return math.ceil(fitted * self.validation_split)

    @property
    def bars_needed(self) -> int:
        """Bars a symbol must have before it can be trained."""
        fitted = TRAIN_ROWS
        while fitted - self.validation_rows(fitted) < TRAIN_ROWS:
            fitted += 1
        return WARMUP + (self.sequence_length - 1) + fitted + self.holdout_sessions + 1


def split_rows(data: Dataset, rules: SplitRules) -> Split:
    """The newest complete rows of `data`, split; NoDataError for fewer than TRAIN_ROWS to train."""
    end = len(data) - 1  # the last row's outcome is not known
    start = max(rules.sequence_length - 1, end - rules.max_sessions)
    rows = np.arange(start, end, dtype=np.intp)
    fitted = max(0, len(rows) - rules.holdout_sessions)
    train = fitted - rules.validation_rows(fitted)
    if train < TRAIN_ROWS:
        raise _too_short(data, rules)
    return Split(rows[:train], rows[train:fitted], rows[fitted:])


def check_bars(bars: Bars, rules: SplitRules) -> None:
    """NoDataError, with the bars that training needs, when not even one row has features."""
    if len(bars) <= WARMUP:
        raise _too_few(bars.symbol, len(bars), rules)


def _too_short(data: Dataset, rules: SplitRules) -> NoDataError:
    """The error for a history, or a `training.max_sessions`, that leaves too little to train on."""
    bars = len(data) + WARMUP
    if bars < rules.bars_needed:
        return _too_few(data.symbol, bars, rules)
    least = rules.bars_needed - WARMUP - rules.sequence_length
    return NoDataError(
        f"{data.symbol}: training.max_sessions = {rules.max_sessions} leaves too few sessions to"
        " train on",
        f"set it to {least} or more",
    )


def _too_few(symbol: str, bars: int, rules: SplitRules) -> NoDataError:
    needed = rules.bars_needed
    sequence = rules.sequence_length - 1
    return NoDataError(
        f"{symbol}: {bars} bars, {needed} are needed ({WARMUP} for features, {sequence}"
        f" for a sequence, {needed - WARMUP - sequence - 1} to train and score on, 1 whose"
        " outcome is open)",
        f"fetch more history, wait {needed - bars} sessions, or lower training.sequence_length or"
        " training.holdout_sessions",
    )
