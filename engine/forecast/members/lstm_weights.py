"""The network of the lstm member: its shape, its first weights, and its towers joined into one Keras network.

A few small towers (input → LSTM → LSTM → Dense) of different seeds learn side by side and their mean is the forecast:
seeds disagree about noise and agree about signal. Joined, they are one ordinary Keras Sequential whose recurrent
kernels are block-diagonal, so the published file is standard and its forward pass is the mean of the towers.
"""

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
    """How large a network is; `first` and `second` are the units of the two LSTM layers of one tower."""

    steps: int
    features: int
    first: int
    second: int
    towers: int
    batch: int

    @property
    def parts(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of one tower's weights in their order: two LSTM (kernel over recurrent kernel, bias), one Dense."""
        one, two = self.first, self.second
        return (self.features + one, 4 * one), (4 * one,), (one + two, 4 * two), (4 * two,), (two,), (1,)

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of weights in each part."""
        return tuple(int(np.prod(part)) for part in self.parts)


def split(tower: Floats32, shape: Shape) -> list[Floats32]:
    """The parts of one tower's flat weights."""
    pieces = np.split(tower, np.cumsum(shape.counts)[:-1])
    return [piece.reshape(part) for piece, part in zip(pieces, shape.parts, strict=True)]


def first_weights(shape: Shape, seed: int) -> Floats32:
    """[towers, weights] Keras's own start (Glorot, orthogonal, forget bias 1), but a Dense of zeros: no signal yet."""
    draw = np.random.default_rng(seed)
    towers = []
    for _ in range(shape.towers):
        one = _lstm_start(draw, shape.features, shape.first)
        two = _lstm_start(draw, shape.first, shape.second)
        towers.append(np.concatenate([*one, *two, np.zeros(shape.second + 1)]))
    return np.stack(towers).astype(np.float32)


def _lstm_start(draw: np.random.Generator, inputs: int, units: int) -> list[NDArray[np.float64]]:
    limit = np.sqrt(6.0 / (inputs + 4 * units))
    kernel = draw.uniform(-limit, limit, (inputs, 4 * units))
    basis, corner = np.linalg.qr(draw.standard_normal((4 * units, units)))
    recurrent = (basis * np.sign(np.diag(corner))).T
    bias = np.zeros(4 * units)
    bias[units : 2 * units] = 1.0
    return [kernel.ravel(), recurrent.ravel(), bias]


def joined(weights: Floats32, shape: Shape, factor: float = 1.0, offset: float = 0.0) -> Layers:
    """The Keras layers whose output is offset + factor × the mean of the towers [towers, weights]."""
    parts = [split(tower, shape) for tower in weights]
    one = _joined_lstm([part[0] for part in parts], [part[1] for part in parts], shape.features, shared=True)
    two = _joined_lstm([part[2] for part in parts], [part[3] for part in parts], shape.first, shared=False)
    share = np.float32(factor / shape.towers)
    kernel = np.concatenate([part[4] for part in parts])[:, None] * share
    bias = np.float32(offset) + share * np.stack([part[5] for part in parts]).sum(axis=0)
    return plain_layers(shape.steps, one, two, (kernel, bias))


def _joined_lstm(kernels: list[Floats32], biases: list[Floats32], inputs: int, *, shared: bool) -> Weights:
    """One LSTM layer of all towers; `shared` = every tower reads the same inputs, else each reads its own block."""
    count, units = len(kernels), biases[0].size // 4
    kernel = np.zeros((1 if shared else count, inputs, 4, count, units), np.float32)
    recurrent = np.zeros((count, units, 4, count, units), np.float32)
    bias = np.zeros((4, count, units), np.float32)
    for tower, (weights, start) in enumerate(zip(kernels, biases, strict=True)):
        kernel[0 if shared else tower, :, :, tower] = weights[:inputs].reshape(inputs, 4, units)
        recurrent[tower, :, :, tower] = weights[inputs:].reshape(units, 4, units)
        bias[:, tower] = start.reshape(4, units)
    wide = 4 * count * units
    return kernel.reshape(-1, wide), recurrent.reshape(-1, wide), bias.reshape(wide)


def plain_layers(steps: int, one: Weights, two: Weights, dense: Weights) -> Layers:
    """Input → LSTM → LSTM → Dense(1) with weights in Keras's layout; one[0] is the first kernel [features, 4 units]."""
    first = {"units": one[1].shape[0], "return_sequences": True}
    second = {"units": two[1].shape[0], "return_sequences": False}
    return (
        KerasLayer("InputLayer", "input", {"batch_shape": [None, steps, one[0].shape[0]]}),
        KerasLayer("LSTM", "lstm_1", first, one),
        KerasLayer("LSTM", "lstm_2", second, two),
        KerasLayer("Dense", "dense", {"units": 1}, dense),
    )


def empty_layers(sequence_length: int, n_features: int) -> Layers:
    """A valid network of zeros, Input → LSTM(1) → Dense(1): it forecasts no change, for models without the lstm member."""
    shapes = (n_features, 4), (1, 4), (4,)
    return (
        KerasLayer("InputLayer", "input", {"batch_shape": [None, sequence_length, n_features]}),
        KerasLayer("LSTM", "lstm_1", {"units": 1, "return_sequences": False}, tuple(np.zeros(s, np.float32) for s in shapes)),
        KerasLayer("Dense", "dense", {"units": 1}, (np.zeros((1, 1), np.float32), np.zeros(1, np.float32))),
    )
