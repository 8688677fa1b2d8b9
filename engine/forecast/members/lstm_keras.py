"""Check before publishing that Keras agrees with numpy: 0.4 CPU-s a worker and shape, then 5 ms."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import keras
import numpy as np

from engine.core.errors import ModelError
from engine.forecast.lstm_numpy import Floats32, Layers, forward

TOLERANCE = 1e-5


def check_parity(layers: Layers, windows: Floats32, symbol: str) -> None:
    """ModelError when both differ by more than TOLERANCE on `windows` [n, steps, features]."""
    ours = forward(layers, windows)
    theirs = keras_forward(layers, windows)
    difference = np.abs(ours - theirs)
    if not (difference <= TOLERANCE).all():
        worst = int(np.argmax(np.nan_to_num(difference, nan=np.inf)))
        raise ModelError(
            f"{symbol}: the network answers {theirs[worst]:.8f} in Keras and {ours[worst]:.8f} in"
            " numpy",
            "it is not published",
        )


def keras_forward(layers: Layers, windows: Floats32) -> Floats32:
    """[n] the outputs of Keras's own network of these layers."""
    network = keras_network(json.dumps([(layer.kind, layer.config) for layer in layers]))
    network.set_weights([weight for layer in layers for weight in layer.weights])
    outputs: Floats32 = network.predict_on_batch(windows)[:, 0]
    return outputs


@cache
def keras_network(description: str) -> Any:
    """The network of [(kind, settings), …] as JSON; its weights are set for every symbol."""
    layers = json.loads(description)
    return keras.Sequential([getattr(keras.layers, kind)(**settings) for kind, settings in layers])
