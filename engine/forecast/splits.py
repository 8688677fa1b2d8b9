"""Which rows a fit may see: train, then validation, then held-out, in the order of time.

train        scaler and members are fitted on it
validation   early stopping and ensemble weights look at it
held-out     nothing that is fitted looks at it: published figures and the guard come from it alone

The target of a row is one session ahead, so the rows of one part end before the first forecast
of the next is made.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from engine.core.errors import NoDataError
from engine.forecast.dataset import Dataset
from engine.forecast.features import WARMUP
from engine.forecast.members.base import IntArray
from engine.market.bars import Bars

TRAIN_ROWS = 120
"""Rows to train on at least: half a year for 20-odd shrunk coefficients and a small network."""


@dataclass(frozen=True, slots=True, eq=False)
class Split:
    """Rows of a dataset, ascending, without overlap;
    held-out may be empty (walk-forward backtest)."""

    train: IntArray
    validation: IntArray
    heldout: IntArray

    @property
    def scored(self) -> IntArray:
        """Every row with a known outcome, oldest first."""
        return np.concatenate([self.train, self.validation, self.heldout])


def split_rows(
    data: Dataset, sequence_length: int, validation_split: float, holdout: int, max_sessions: int
) -> Split:
    """The rows of `data` with a known target and a whole sequence before them, the newest
    `max_sessions` of them, split.

    Raises NoDataError, with the bars needed and the bars there, when less than TRAIN_ROWS remain
    to train on.
    """
    end = len(data) - 1  # the last row's outcome is not known
    known = np.arange(max(sequence_length - 1, end - max_sessions), end, dtype=np.intp)
    seen = max(0, len(known) - holdout)
    validation = math.ceil(seen * validation_split)
    if seen - validation < TRAIN_ROWS:
        raise too_short(data, sequence_length, validation_split, holdout, max_sessions)
    return Split(known[: seen - validation], known[seen - validation : seen], known[seen:])


def bars_needed(sequence_length: int, validation_split: float, holdout: int) -> int:
    """Bars a symbol must have before it can be trained."""
    seen = TRAIN_ROWS
    while seen - math.ceil(seen * validation_split) < TRAIN_ROWS:
        seen += 1
    return WARMUP + (sequence_length - 1) + seen + holdout + 1


def too_short(
    data: Dataset, sequence_length: int, validation_split: float, holdout: int, max_sessions: int
) -> NoDataError:
    """What to say of a history, or of a `training.max_sessions`, that leaves too little to train
    on."""
    there, needed = len(data) + WARMUP, bars_needed(sequence_length, validation_split, holdout)
    if there >= needed:
        least = needed - WARMUP - sequence_length
        return NoDataError(
            f"{data.symbol}: training.max_sessions = {max_sessions} leaves too few sessions to"
            " train on",
            f"set it to {least} or more",
        )
    return too_few(data.symbol, there, sequence_length, needed)


def check_bars(bars: Bars, sequence_length: int, validation_split: float, holdout: int) -> None:
    """NoDataError with the bars that training needs, where there are not even enough for one row
    of features."""
    if len(bars) <= WARMUP:
        raise too_few(
            bars.symbol,
            len(bars),
            sequence_length,
            bars_needed(sequence_length, validation_split, holdout),
        )


def too_few(symbol: str, there: int, sequence_length: int, needed: int) -> NoDataError:
    """What to say of `there` bars where `needed` ones are the least."""
    return NoDataError(
        f"{symbol}: {there} bars, {needed} are needed ({WARMUP} for features, {sequence_length - 1}"
        f" for a sequence, {needed - WARMUP - sequence_length} to train and score on, 1 whose"
        " outcome is open)",
        f"fetch more history, wait {needed - there} sessions, or lower training.sequence_length or"
        " training.holdout_sessions",
    )
