"""The last check before a network is published: Keras itself answers as our numpy forward pass
does.

Building the Keras network costs 0.4 CPU-s once a worker and shape, each check after that 5 ms.
"""

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
    """ModelError when Keras and numpy differ by more than TOLERANCE on `windows` [n, steps,
    features]."""
    ours, theirs = forward(layers, windows), keras_forward(layers, windows)
    apart = np.abs(ours - theirs)
    if not (apart <= TOLERANCE).all():
        worst = int(np.argmax(np.nan_to_num(apart, nan=np.inf)))
        raise ModelError(
            f"{symbol}: the network answers {theirs[worst]:.8f} in Keras and {ours[worst]:.8f} in"
            " numpy",
            "it is not published",
        )


def keras_forward(layers: Layers, windows: Floats32) -> Floats32:
    """[n] the answers of Keras's own network of these layers."""
    network = built(json.dumps([(layer.kind, layer.config) for layer in layers]))
    network.set_weights([weight for layer in layers for weight in layer.weights])
    answers: Floats32 = network.predict_on_batch(windows)[:, 0]
    return answers


@cache
def built(description: str) -> Any:
    """The Keras network of [(kind, settings), …] as JSON;
    its weights are set again for every symbol."""
    return keras.Sequential(
        [getattr(keras.layers, kind)(**settings) for kind, settings in json.loads(description)]
    )
