"""The forward pass of stored networks in numpy: within 1e-5 (measured 2e-7) of Keras in float32.

Networks of one shape run as one stacked recursion: 13 forecasts cost little more than one.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ModelError
from engine.vault.network import KerasLayer

Floats32 = NDArray[np.float32]
Layers = tuple[KerasLayer, ...]
CHUNK = 256
"""Windows run at once: the gates of 256 of 60 sessions fit the caches, thousands not the memory."""


def forward(layers: Layers, windows: NDArray[Any]) -> Floats32:
    """[n] the network's output for windows [n, steps, features]; ModelError for other shapes."""
    return forward_stacked([layers], [windows])[0]


def forward_stacked(networks: Sequence[Layers], windows: Sequence[NDArray[Any]]) -> list[Floats32]:
    """[n] for each network and its windows [n, steps, features]; equal shapes run together."""
    groups: dict[Hashable, list[int]] = {}
    for index, (layers, inputs) in enumerate(zip(networks, windows, strict=True)):
        _check(layers, inputs)
        shape = (inputs.shape, tuple(_shape(layer) for layer in layers))
        groups.setdefault(shape, []).append(index)
    outputs: dict[int, Floats32] = {}
    for group in groups.values():
        inputs = np.stack([windows[index] for index in group])
        stacked = _run([networks[index] for index in group], inputs)
        outputs.update(zip(group, stacked, strict=True))
    return [outputs[index] for index in range(len(networks))]


def _check(layers: Layers, inputs: NDArray[Any]) -> None:
    expected = tuple(layers[0].config["batch_shape"][1:])
    if inputs.ndim != 3 or inputs.shape[1:] != expected:
        raise ModelError(
            f"the network reads windows of {expected} sessions and features, got {inputs.shape}",
            "train it again",
        )


def _shape(layer: KerasLayer) -> Hashable:
    settings = tuple(sorted((name, str(setting)) for name, setting in layer.config.items()))
    return layer.kind, settings, tuple(weight.shape for weight in layer.weights)


def _run(networks: list[Layers], windows: NDArray[Any]) -> Floats32:
    """[m, n] the outputs of m networks of one shape for windows [m, n, steps, features]."""
    count = windows.shape[1]
    output = np.empty((len(networks), count), np.float32)
    for start in range(0, count, CHUNK):
        values = windows[:, start : start + CHUNK].astype(np.float32)
        for alike in zip(*networks, strict=True):
            values = _LAYERS[alike[0].kind](alike, values)
        output[:, start : start + CHUNK] = values[..., 0]
    return output


def _unchanged(_alike: Layers, values: Floats32) -> Floats32:
    return values


def _lstm(alike: Layers, values: Floats32) -> Floats32:
    """[m, n, steps, k] to [m, n, (steps,) u]; the gates are i, f, c, o in Keras's order."""
    m, n, steps, k = values.shape
    kernel, recurrent, bias = _stacked(alike)
    units = recurrent.shape[1]
    # sigmoid(z) = (1 + tanh(z / 2)) / 2: one tanh serves all gates, and halving a weight is exact.
    half = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), units)
    fed = np.matmul(values.reshape(m, n * steps, k), kernel * half) + (bias * half)[:, None]
    fed = np.ascontiguousarray(fed.reshape(m, n, steps, 4 * units).transpose(2, 0, 1, 3))
    recurrent = recurrent * half
    hidden = np.zeros((m, n, units), np.float32)
    cell = np.zeros((m, n, units), np.float32)
    series = np.empty((m, n, steps, units), np.float32)
    for step in range(steps):
        gates = fed[step]
        gates += np.matmul(hidden, recurrent)
        np.tanh(gates, out=gates)
        candidate = gates[..., 2 * units : 3 * units].copy()
        gates *= np.float32(0.5)
        gates += np.float32(0.5)
        cell = gates[..., units : 2 * units] * cell + gates[..., :units] * candidate
        hidden = gates[..., 3 * units :] * np.tanh(cell)
        series[:, :, step] = hidden
    return series if alike[0].config.get("return_sequences", False) else hidden


def _dense(alike: Layers, values: Floats32) -> Floats32:
    """[m, n, ..., k] to [m, n, ..., u]."""
    kernel, bias = _stacked(alike)
    m, k, units = kernel.shape
    flat = np.matmul(values.reshape(m, -1, k), kernel) + bias[:, None]
    activation = _ACTIVATIONS[alike[0].config.get("activation", "linear")]
    return activation(flat.reshape(*values.shape[:-1], units))


def _stacked(alike: Layers) -> list[Floats32]:
    """Each weight of m layers of one shape as [m, ...]."""
    return [np.stack(weights) for weights in zip(*(layer.weights for layer in alike), strict=True)]


_LAYERS: dict[str, Callable[[Layers, Floats32], Floats32]] = {
    "InputLayer": _unchanged,
    "Dropout": _unchanged,
    "LSTM": _lstm,
    "Dense": _dense,
}
_ACTIVATIONS: dict[str, Callable[[Floats32], Floats32]] = {
    "linear": lambda values: values,
    "relu": lambda values: np.maximum(values, np.float32(0.0)),
    "tanh": lambda values: np.tanh(values),
    "sigmoid": lambda values: np.float32(0.5) * np.tanh(np.float32(0.5) * values) + np.float32(0.5),
}
