"""The lstm member: a stacked LSTM over feature windows; a fitted network forecasts with numpy."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ModelError, NoDataError
from engine.forecast.dataset import Dataset
from engine.forecast.lstm_numpy import Layers, forward, forward_stacked
from engine.forecast.members.base import Arrays, FitOptions, Floats, IntArray
from engine.forecast.members.enhanced import correlation, shrunk_drift
from engine.forecast.members.lstm_weights import (
    NetworkShape,
    empty_layers,
    layers_of,
    plain_layers,
)

__all__ = ["FittedLstm", "empty_layers", "fit", "from_layers", "load", "predict_stacked"]

Floats32 = NDArray[np.float32]
FIRST, SECOND = 32, 16
"""Units of the layers, chosen on 5,250 forecasts of 2019-09 to 2024-08.

Three networks gained nothing at 3 times the cost, 64/32 noise (MASE 0.9991, not 0.9994) at 2.6.
"""
LIMIT = 4.0
"""Targets are cut at this many volatilities: one +51 % day is a big day, not fifty."""
TRUST, TRUST_SPREAD = 0.25, 0.25
"""The share of a forecast kept before evidence; no rule beat it on 12,500 (2019-09 to 2024-08)."""
PARITY = 8
"""Newest validation windows on which Keras and numpy must agree."""
TENSORFLOW = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_ENABLE_ONEDNN_OPTS": "0",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
}


@dataclass(frozen=True, slots=True, eq=False)
class FittedLstm:
    """A network from windows of standardised features to returns in volatility forecasts."""

    network: Layers

    @property
    def steps(self) -> int:
        """Sessions in a window."""
        return int(self.network[0].config["batch_shape"][1])

    def predict(self, data: Dataset, rows: IntArray) -> Floats:
        """[len(rows)] log return forecasts; NoDataError for a row with too short a history."""
        return predict_stacked([self], [data], [rows])[0]

    def layers(self) -> Layers:
        """The network as the model file keeps it."""
        return self.network

    def arrays(self) -> Arrays:
        """The weights by name and the window's length; the layers alone say the same."""
        weights = {
            f"{layer.name}.{index}": weight
            for layer in self.network
            for index, weight in enumerate(layer.weights)
        }
        return {"steps": np.array(self.steps), **weights}


def fit(data: Dataset, train: IntArray, validation: IntArray, options: FitOptions) -> FittedLstm:
    """Learn from `train`, stop on `validation`, and shrink the forecast as far as that supports it.

    NoDataError without a full window, Cancelled, ModelError when Keras and numpy disagree.
    """
    prepare_tensorflow()
    from engine.forecast.members.lstm_keras import check_parity
    from engine.forecast.members.lstm_train import Hyperparameters, TrainingData, learn

    shape = NetworkShape(
        steps=options.sequence_length,
        features=data.features.shape[1],
        first=FIRST,
        second=SECOND,
        batch=options.batch_size,
    )
    inputs = data.features.astype(np.float32)
    clipped = np.clip(data.scaled_target, -LIMIT, LIMIT)
    train = with_window(train, shape.steps, clipped, data.symbol)
    validation = with_window(validation, shape.steps, clipped, data.symbol)
    centre = drift_of(data, train)
    targets = (clipped - centre).astype(np.float32)
    training_data = TrainingData(
        inputs=inputs,
        targets=targets,
        train=train.astype(np.int32),
        validation=validation.astype(np.int32),
    )
    weights = learn(training_data, shape, Hyperparameters(), options)
    windows = windows_of(inputs, validation, shape.steps, data.symbol)
    factor = shrinkage(forward(layers_of(weights, shape), windows), targets[validation])
    network = layers_of(weights, shape, factor, centre)
    check_parity(network, windows[-PARITY:], data.symbol)
    return FittedLstm(network)


def predict_stacked(
    members: Sequence[FittedLstm], data: Sequence[Dataset], rows: Sequence[IntArray]
) -> list[Floats]:
    """Each member's forecasts for its rows of its dataset, in one stacked recursion."""
    windows = [
        windows_of(dataset.features.astype(np.float32), own_rows, member.steps, dataset.symbol)
        for member, dataset, own_rows in zip(members, data, rows, strict=True)
    ]
    outputs = forward_stacked([member.network for member in members], windows)
    return [
        output.astype(np.float64) * dataset.scale[own_rows]
        for output, dataset, own_rows in zip(outputs, data, rows, strict=True)
    ]


def prepare_tensorflow() -> None:
    """Configure TensorFlow before its import: quiet, no GPU, one thread a worker, plain sums."""
    for name, setting in TENSORFLOW.items():
        os.environ.setdefault(name, setting)


def load(arrays: Arrays) -> FittedLstm:
    """The member that `FittedLstm.arrays` describes; ModelError when something is missing."""
    try:
        first, second, dense = (
            tuple(arrays[f"{name}.{index}"] for index in range(count))
            for name, count in (("lstm_1", 3), ("lstm_2", 3), ("dense", 2))
        )
        return FittedLstm(plain_layers(int(arrays["steps"]), first, second, dense))
    except KeyError as error:
        raise ModelError(
            f"the lstm's array {error} is missing", "train the symbol again"
        ) from error


def from_layers(layers: Layers) -> FittedLstm:
    """The member that a model file's layers describe."""
    return FittedLstm(layers)


def drift_of(data: Dataset, rows: IntArray) -> float:
    """The enhanced member's drift over `rows` less its mean drag: the centre of the targets."""
    drag = data.scale[rows] / 2.0
    drift = shrunk_drift(data.scaled_target[rows] + drag, correlation(data, rows))
    return drift - float(drag.mean())


def with_window(rows: IntArray, steps: int, targets: Floats, symbol: str) -> IntArray:
    """The rows that have `steps` sessions up to them and a known target."""
    kept = rows[(rows >= steps - 1) & np.isfinite(targets[rows])]
    if not len(kept):
        raise NoDataError(
            f"{symbol}: none of {len(rows)} rows has the {steps} sessions before it that the lstm"
            " reads",
            "fetch more history",
        )
    return kept


def windows_of(inputs: Floats32, rows: IntArray, steps: int, symbol: str) -> Floats32:
    """[len(rows), steps, k] the sessions up to and including each row."""
    if len(rows) and (first := int(np.min(rows))) < steps - 1:
        raise NoDataError(
            f"{symbol}: row {first} has {first + 1} sessions up to it, the lstm reads {steps}",
            "fetch more history",
        )
    windows: Floats32 = inputs[rows[:, None] + np.arange(1 - steps, 1)]
    return windows


def shrinkage(forecast: Floats32, target: Floats32) -> float:
    """How much of `forecast` to keep, 0 to 1: the slope of `target` on it, drawn to TRUST.

    The posterior mean under a normal prior TRUST ± TRUST_SPREAD and noise of the target's size.
    """
    predicted = forecast.astype(np.float64)
    actual = target.astype(np.float64)
    noise = float(np.mean(actual**2))
    precision = 1.0 / TRUST_SPREAD**2
    if noise == 0.0:
        return 0.0
    covariance = float(predicted @ actual) / noise
    variance = float(predicted @ predicted) / noise
    slope = (covariance + TRUST * precision) / (variance + precision)
    return min(1.0, max(0.0, slope))
