"""The weights of the lstm member: their sizes, their start and the Keras layers they become."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from engine.vault.network import KerasLayer

Floats32 = NDArray[np.float32]
Layers = tuple[KerasLayer, ...]
Weights = tuple[Floats32, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkShape:
    """The size of a network and of a batch; `first` and `second` are units of its LSTM layers."""

    steps: int
    features: int
    first: int
    second: int
    batch: int

    @property
    def parts(self) -> tuple[tuple[int, ...], ...]:
        """The shapes of the weights: two LSTM (kernel over recurrent kernel, bias), one Dense."""
        return (
            (self.features + self.first, 4 * self.first),
            (4 * self.first,),
            (self.first + self.second, 4 * self.second),
            (4 * self.second,),
            (self.second, 1),
            (1,),
        )

    @property
    def counts(self) -> tuple[int, ...]:
        """The number of weights in each part."""
        return tuple(int(np.prod(part)) for part in self.parts)


def first_weights(shape: NetworkShape, seed: int) -> Floats32:
    """[weights] Keras's start (Glorot, orthogonal, forget bias 1), but with a Dense of zeros."""
    draw = np.random.default_rng(seed)
    first = _lstm_start(draw, shape.features, shape.first)
    second = _lstm_start(draw, shape.first, shape.second)
    return np.concatenate([*first, *second, np.zeros(shape.second + 1)]).astype(np.float32)


def _lstm_start(draw: np.random.Generator, inputs: int, units: int) -> list[NDArray[np.float64]]:
    limit = np.sqrt(6.0 / (inputs + 4 * units))
    kernel = draw.uniform(-limit, limit, (inputs, 4 * units))
    basis, corner = np.linalg.qr(draw.standard_normal((4 * units, units)))
    recurrent = (basis * np.sign(np.diag(corner))).T
    bias = np.zeros(4 * units)
    bias[units : 2 * units] = 1.0
    return [kernel.ravel(), recurrent.ravel(), bias]


def layers_of(
    weights: Floats32, shape: NetworkShape, factor: float = 1.0, offset: float = 0.0
) -> Layers:
    """The Keras layers that output offset + factor × what the flat `weights` output."""
    pieces = np.split(weights, np.cumsum(shape.counts)[:-1])
    first, first_bias, second, second_bias, dense, dense_bias = (
        piece.reshape(part) for piece, part in zip(pieces, shape.parts, strict=True)
    )
    first_kernel, first_recurrent = np.split(first, [shape.features])
    second_kernel, second_recurrent = np.split(second, [shape.first])
    scaled_bias = np.float32(offset) + np.float32(factor) * dense_bias
    return plain_layers(
        shape.steps,
        (first_kernel, first_recurrent, first_bias),
        (second_kernel, second_recurrent, second_bias),
        (np.float32(factor) * dense, scaled_bias),
    )


def plain_layers(steps: int, first: Weights, second: Weights, dense: Weights) -> Layers:
    """Input → LSTM → LSTM → Dense(1) with weights in Keras's layout: kernel, recurrent, bias."""
    return (
        _input_layer(steps, first[0].shape[0]),
        _lstm_layer("lstm_1", first, return_sequences=True),
        _lstm_layer("lstm_2", second, return_sequences=False),
        KerasLayer("Dense", "dense", {"units": 1}, dense),
    )


def empty_layers(sequence_length: int, n_features: int) -> Layers:
    """Input → LSTM(1) → Dense(1) of zeros: forecasts no change, for models without the lstm."""
    lstm = tuple(np.zeros(shape, np.float32) for shape in ((n_features, 4), (1, 4), (4,)))
    dense = (np.zeros((1, 1), np.float32), np.zeros(1, np.float32))
    return (
        _input_layer(sequence_length, n_features),
        _lstm_layer("lstm_1", lstm, return_sequences=False),
        KerasLayer("Dense", "dense", {"units": 1}, dense),
    )


def _input_layer(steps: int, features: int) -> KerasLayer:
    return KerasLayer("InputLayer", "input", {"batch_shape": [None, steps, features]})


def _lstm_layer(name: str, weights: Weights, *, return_sequences: bool) -> KerasLayer:
    config = {"units": weights[1].shape[0], "return_sequences": return_sequences}
    return KerasLayer("LSTM", name, config, weights)
