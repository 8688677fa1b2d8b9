"""The weights of the lstm member: their sizes, where learning starts, and the Keras layers they
become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.vault.network import KerasLayer

Floats32 = NDArray[np.float32]
Layers = tuple[KerasLayer, ...]
Weights = tuple[Floats32, ...]


@dataclass(frozen=True, slots=True)
class Shape:
    """How large a network is; `first` and `second` are the units of its two LSTM layers."""

    steps: int
    features: int
    first: int
    second: int
    batch: int

    @property
    def parts(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the weights in their order: two LSTM (kernel over recurrent kernel,
        bias), one Dense."""
        one, two = self.first, self.second
        return (
            (self.features + one, 4 * one),
            (4 * one,),
            (one + two, 4 * two),
            (4 * two,),
            (two, 1),
            (1,),
        )

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of weights in each part."""
        return tuple(int(np.prod(part)) for part in self.parts)


def first_weights(shape: Shape, seed: int) -> Floats32:
    """[weights] Keras's own start (Glorot, orthogonal, forget bias 1), but a Dense of zeros: no
    opinion yet."""
    draw = np.random.default_rng(seed)
    one = _lstm_start(draw, shape.features, shape.first)
    two = _lstm_start(draw, shape.first, shape.second)
    return np.concatenate([*one, *two, np.zeros(shape.second + 1)]).astype(np.float32)


def _lstm_start(draw: np.random.Generator, inputs: int, units: int) -> list[NDArray[np.float64]]:
    limit = np.sqrt(6.0 / (inputs + 4 * units))
    kernel = draw.uniform(-limit, limit, (inputs, 4 * units))
    basis, corner = np.linalg.qr(draw.standard_normal((4 * units, units)))
    recurrent = (basis * np.sign(np.diag(corner))).T
    bias = np.zeros(4 * units)
    bias[units : 2 * units] = 1.0
    return [kernel.ravel(), recurrent.ravel(), bias]


def layers_of(weights: Floats32, shape: Shape, factor: float = 1.0, offset: float = 0.0) -> Layers:
    """The Keras layers that answer offset + factor × what the flat `weights` answer."""
    pieces = np.split(weights, np.cumsum(shape.counts)[:-1])
    one, bias_one, two, bias_two, dense, bias = (
        p.reshape(part) for p, part in zip(pieces, shape.parts, strict=True)
    )
    kernel_one, recurrent_one = np.split(one, [shape.features])
    kernel_two, recurrent_two = np.split(two, [shape.first])
    last = np.float32(factor) * dense, np.float32(offset) + np.float32(factor) * bias
    return plain_layers(
        shape.steps,
        (kernel_one, recurrent_one, bias_one),
        (kernel_two, recurrent_two, bias_two),
        last,
    )


def plain_layers(steps: int, one: Weights, two: Weights, dense: Weights) -> Layers:
    """Input → LSTM → LSTM → Dense(1) with weights in Keras's layout;
    one[0] is the first kernel [features, 4 units]."""
    first = {"units": one[1].shape[0], "return_sequences": True}
    second = {"units": two[1].shape[0], "return_sequences": False}
    return (
        KerasLayer("InputLayer", "input", {"batch_shape": [None, steps, one[0].shape[0]]}),
        KerasLayer("LSTM", "lstm_1", first, one),
        KerasLayer("LSTM", "lstm_2", second, two),
        KerasLayer("Dense", "dense", {"units": 1}, dense),
    )


def empty_layers(sequence_length: int, n_features: int) -> Layers:
    """A valid network of zeros, Input → LSTM(1) → Dense(1): it forecasts no change, for models
    without the lstm member."""
    shapes = (n_features, 4), (1, 4), (4,)
    return (
        KerasLayer("InputLayer", "input", {"batch_shape": [None, sequence_length, n_features]}),
        KerasLayer(
            "LSTM",
            "lstm_1",
            {"units": 1, "return_sequences": False},
            tuple(np.zeros(s, np.float32) for s in shapes),
        ),
        KerasLayer(
            "Dense", "dense", {"units": 1}, (np.zeros((1, 1), np.float32), np.zeros(1, np.float32))
        ),
    )
