"""The numpy forward pass computes what Keras computes."""

from __future__ import annotations

import numpy as np
import pytest

from engine.core.errors import ModelError
from engine.forecast.lstm_numpy import CHUNK, Floats32, Layers, forward, forward_stacked
from engine.vault.network import KerasLayer


def drawn(*shape: int, seed: int = 0) -> Floats32:
    return (np.random.default_rng([seed, *shape]).standard_normal(shape) * 0.3).astype(np.float32)


def network(
    steps: int = 12, features: int = 5, units: tuple[int, ...] = (8, 4), seed: int = 0
) -> Layers:
    """Random weights: LSTM layers of the given units, dropout, Dense(3, relu), Dense(1)."""
    layers = [KerasLayer("InputLayer", "input", {"batch_shape": [None, steps, features]})]
    inputs = features
    for at, size in enumerate(units):
        weights = (
            drawn(inputs, 4 * size, seed=seed),
            drawn(size, 4 * size, seed=seed),
            drawn(4 * size, seed=seed),
        )
        config = {
            "units": size,
            "return_sequences": at < len(units) - 1,
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
        }
        layers.append(KerasLayer("LSTM", f"lstm_{at}", config, weights))
        inputs = size
    layers.append(KerasLayer("Dropout", "dropout", {"rate": 0.2}))
    for at, (size, activation) in enumerate(((3, "relu"), (1, "linear"))):
        weights_ = drawn(inputs, size, seed=seed), drawn(size, seed=seed)
        layers.append(
            KerasLayer("Dense", f"dense_{at}", {"units": size, "activation": activation}, weights_)
        )
        inputs = size
    return tuple(layers)


@pytest.mark.parametrize("units", [(8,), (8, 4), (6, 5, 3)])
def test_equals_keras(units: tuple[int, ...]) -> None:
    """Keras's own network of the same layers and weights answers the same within 1e-5 (needs
    TensorFlow)."""
    from engine.forecast.members.lstm_keras import keras_forward

    layers, windows = network(units=units), drawn(7, 12, 5, seed=3) * 4
    assert np.abs(forward(layers, windows) - keras_forward(layers, windows)).max() < 1e-5


def test_parity_refuses_a_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    """A forward pass that differs from Keras's by 2e-5, or is not a number, is refused with both
    answers (needs TensorFlow)."""
    from engine.forecast.members import lstm_keras

    layers, windows = network(), drawn(4, 12, 5)
    lstm_keras.check_parity(layers, windows, "SIM")
    for wrong in (2e-5, np.nan):
        monkeypatch.setattr(
            lstm_keras, "forward", lambda *each, wrong=wrong: forward(*each) + np.float32(wrong)
        )
        with pytest.raises(
            ModelError, match=r"SIM: the network answers .* in Keras and .* in numpy"
        ):
            lstm_keras.check_parity(layers, windows, "SIM")


def test_stacked_equals_one_by_one() -> None:
    """Networks of mixed shapes run stacked answer as each does alone, in the order given."""
    networks = [
        network(seed=1),
        network(units=(8,), seed=2),
        network(seed=3),
        network(features=2, seed=4),
        network(seed=5),
    ]
    windows = [
        drawn(2, 12, layers[0].config["batch_shape"][2], seed=at)
        for at, layers in enumerate(networks)
    ]
    stacked = forward_stacked(networks, windows)
    for layers, inputs, output in zip(networks, windows, stacked, strict=True):
        assert np.allclose(output, forward(layers, inputs), atol=1e-6)


def test_many_windows_equal_few() -> None:
    """Windows beyond one chunk answer as they do alone."""
    layers, windows = network(), drawn(CHUNK + 3, 12, 5)
    assert np.allclose(forward(layers, windows)[-3:], forward(layers, windows[-3:]), atol=1e-6)
    assert forward(layers, windows[:0]).shape == (0,)


def test_other_shape_is_refused() -> None:
    """Windows of another length or width are refused with both shapes named."""
    with pytest.raises(ModelError, match=r"\(12, 5\).*\(2, 11, 5\)"):
        forward(network(), drawn(2, 11, 5))
