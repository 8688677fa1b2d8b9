"""The network inside a model file: the layers allowed, their settings and shapes, as in Keras.

kind        settings (the value when left out)                            weights
InputLayer  batch_shape [None, sequence, features]                        none
LSTM        units, return_sequences (False); tanh/sigmoid, with a bias    [k,4u], [u,4u], bias [4u]
Dense       units, activation (linear; relu, tanh, sigmoid), with a bias  kernel [k,u], bias [u]
Dropout     rate; does nothing outside training                           none
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ModelError
from engine.core.text import clean

Weights = tuple[NDArray[Any], ...]

MAX_LAYERS = 32
MAX_UNITS = 4096
# setting -> values allowed; None stands for "checked by its own rule below".
_SETTINGS: dict[str, dict[str, tuple[Any, ...] | None]] = {
    "InputLayer": {"batch_shape": None},
    "LSTM": {
        "units": None,
        "return_sequences": (False, True),
        "activation": ("tanh",),
        "recurrent_activation": ("sigmoid",),
        "use_bias": (True,),
    },
    "Dense": {
        "units": None,
        "activation": ("linear", "relu", "tanh", "sigmoid"),
        "use_bias": (True,),
    },
    "Dropout": {"rate": None},
}
WEIGHT_NAMES = {
    "InputLayer": (),
    "LSTM": ("lstm_cell/kernel", "lstm_cell/recurrent_kernel", "lstm_cell/bias"),
    "Dense": ("kernel", "bias"),
    "Dropout": (),
}
_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


@dataclass(frozen=True, slots=True, eq=False)
class KerasLayer:
    """One layer: kind, unique name, settings (table above), float32 weights in Keras's order."""

    kind: str
    name: str
    config: dict[str, Any] = field(default_factory=dict)
    weights: Weights = ()


def checked_layers(layers: tuple[KerasLayer, ...], origin: str) -> tuple[KerasLayer, ...]:
    """The layers with every setting filled in; ModelError when one is not allowed or misfits."""
    if not 2 <= len(layers) <= MAX_LAYERS or layers[0].kind != "InputLayer":
        raise ModelError(
            f"{origin}: the network has {len(layers)} layers; it needs an InputLayer first and at"
            f" most {MAX_LAYERS}"
        )
    if len({layer.name for layer in layers}) != len(layers):
        raise ModelError(f"{origin}: two layers of the network share a name")
    filled = tuple(_filled(layer, origin) for layer in layers)
    shape: tuple[int, ...] = ()
    for layer in filled:
        shape = _shape_after(layer, shape, origin)
    return filled


def _filled(layer: KerasLayer, origin: str) -> KerasLayer:
    where = f"{origin}: layer {clean(str(layer.name), 40)!r}"
    if layer.kind not in _SETTINGS:
        raise ModelError(
            f"{where} is of kind {clean(str(layer.kind), 40)!r}; allowed are {', '.join(_SETTINGS)}"
        )
    if not _NAME.fullmatch(layer.name):
        raise ModelError(f"{where}: a name is lower case letters, digits and _, at most 41")
    allowed = _SETTINGS[layer.kind]
    config = {name: values[0] for name, values in allowed.items() if values is not None}
    for name, value in layer.config.items():
        if name not in allowed:
            raise ModelError(
                f"{where}: the setting {clean(str(name), 40)!r} is not allowed for {layer.kind}"
            )
        values = allowed[name]
        if values is not None and not any(
            value is choice or (isinstance(value, str) and value == choice) for choice in values
        ):
            raise ModelError(f"{where}: {name} = {clean(repr(value), 40)} is not one of {values}")
        config[name] = value
    return KerasLayer(layer.kind, layer.name, config, layer.weights)


def _shape_after(layer: KerasLayer, shape: tuple[int, ...], origin: str) -> tuple[int, ...]:
    """The shape of one sample after `layer`, given `shape` before it; ModelError on a misfit."""
    where = f"{origin}: layer {layer.name!r}"
    if layer.kind == "InputLayer":
        return _input_shape(layer, shape, where)
    if layer.kind == "Dropout":
        rate = layer.config.get("rate", 0.0)
        if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
            raise ModelError(f"{where}: rate = {clean(repr(rate), 40)} is not in [0, 1)")
        return shape
    units = layer.config.get("units")
    if isinstance(units, bool) or not isinstance(units, int) or not 1 <= units <= MAX_UNITS:
        raise ModelError(f"{where}: units = {clean(repr(units), 40)} is not in 1 to {MAX_UNITS}")
    if layer.kind == "LSTM":
        if len(shape) != 2:
            raise ModelError(
                f"{where}: an LSTM stands behind the shape {shape}, which is no sequence"
            )
        _check_weights(layer, ((shape[1], 4 * units), (units, 4 * units), (4 * units,)), where)
        return (shape[0], units) if layer.config["return_sequences"] else (units,)
    _check_weights(layer, ((shape[-1], units), (units,)), where)
    return (*shape[:-1], units)


def _input_shape(layer: KerasLayer, shape: tuple[int, ...], where: str) -> tuple[int, ...]:
    batch = layer.config.get("batch_shape")
    sizes: tuple[int, ...] = ()
    if isinstance(batch, list | tuple) and len(batch) == 3 and batch[0] is None:
        sizes = tuple(batch[1:])
    valid = all(
        isinstance(size, int) and not isinstance(size, bool) and 1 <= size <= MAX_UNITS
        for size in sizes
    )
    if shape or not sizes or not valid:
        raise ModelError(
            f"{where}: the input shape {clean(repr(batch), 60)} is not [None, sequence, features],"
            " given once"
        )
    return sizes


def _check_weights(layer: KerasLayer, shapes: tuple[tuple[int, ...], ...], where: str) -> None:
    actual = tuple(weight.shape for weight in layer.weights)
    if actual != shapes:
        raise ModelError(f"{where}: the weights have the shapes {actual}, expected {shapes}")
    for weight in layer.weights:
        if weight.dtype != np.float32 or not np.isfinite(weight).all():
            raise ModelError(f"{where}: a weight is not finite float32 (type {weight.dtype})")


def keras_config(layers: tuple[KerasLayer, ...]) -> str:
    """The `model_config` text from which Keras builds the same Sequential network."""
    entries = [
        {
            "class_name": layer.kind,
            "config": {"name": layer.name, "dtype": "float32", **layer.config},
        }
        for layer in layers
    ]
    return json.dumps(
        {"class_name": "Sequential", "config": {"name": "stockml", "layers": entries}}
    )


def layers_of(config: bytes, weights: dict[str, Weights], origin: str) -> tuple[KerasLayer, ...]:
    """The layers of a `model_config` text with their weights; ModelError when not allowed."""
    try:
        tree = json.loads(config)
        if tree["class_name"] != "Sequential":
            raise ModelError(
                f"{origin}: a {clean(str(tree['class_name']), 40)} network; only Sequential is"
                " allowed"
            )
        layers = tuple(_layer_of(entry, weights) for entry in tree["config"]["layers"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ModelError(
            f"{origin}: the network description is not readable: {clean(repr(error), 120)}"
        ) from error
    if strange := set(weights) - {layer.name for layer in layers}:
        raise ModelError(f"{origin}: weights of an unknown layer {clean(min(strange), 40)!r}")
    return checked_layers(layers, origin)


def _layer_of(entry: dict[str, Any], weights: dict[str, Weights]) -> KerasLayer:
    settings = {
        name: value for name, value in entry["config"].items() if name not in ("name", "dtype")
    }
    name = entry["config"]["name"]
    return KerasLayer(entry["class_name"], name, settings, weights.get(name, ()))
