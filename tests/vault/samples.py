"""Tiny models for the tests of the vault."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.vault.manifest import Manifest
from engine.vault.model_file import encode_model
from engine.vault.network import KerasLayer
from engine.vault.seal import image_of, sealed

Floats = NDArray[np.float32]


def layers(
    seed: int = 1, steps: int = 5, features: int = 3, units: int = 4
) -> tuple[KerasLayer, ...]:
    """InputLayer, LSTM over the sequence, Dropout, LSTM, Dense, with seeded weights."""
    rng = np.random.default_rng(seed)

    def made(*shape: int) -> Floats:
        return rng.normal(0, 0.4, shape).astype(np.float32)

    def lstm(name: str, inputs: int, sequences: bool) -> KerasLayer:
        weights = (made(inputs, 4 * units), made(units, 4 * units), made(4 * units))
        return KerasLayer("LSTM", name, {"units": units, "return_sequences": sequences}, weights)

    return (
        KerasLayer("InputLayer", "input_layer", {"batch_shape": [None, steps, features]}),
        lstm("lstm", features, True),
        KerasLayer("Dropout", "dropout", {"rate": 0.1}),
        lstm("lstm_1", units, False),
        KerasLayer("Dense", "dense", {"units": 1}, (made(units, 1), made(1))),
    )


def manifest(symbol: str = "NVDA", **changes: Any) -> Manifest:
    """A manifest with every required field."""
    given: dict[str, Any] = {
        "symbol": symbol,
        "created_at": "2026-07-01T06:00:00.000Z",
        "source": "simulated",
        "first_bar": "2024-01-02",
        "last_bar": "2026-06-30",
        "n_bars": 626,
        "metrics": {"n_scored": 120, "mape": 1.25, "direction_accuracy": 52.5, "confidence": None},
        "weights": {"naive": 0.25, "lstm": 0.75},
        "feature_names": ("return_1", "rsi_14"),
    }
    return Manifest(**{**given, **changes})


def arrays(seed: int = 1) -> dict[str, NDArray[Any]]:
    """Arrays of every type a file may hold."""
    rng = np.random.default_rng(seed)
    return {
        "scaler/mean": rng.normal(size=7),
        "heldout/dates": np.arange("2026-01-01", "2026-01-31", dtype="M8[D]"),
        "heldout/actual": np.append(rng.normal(size=29), np.nan),
        "trees/left": rng.integers(0, 99, 3000).astype(np.int32),
        "flags": np.array([True, False]),
        "names": np.array([b"return_1", b"rsi_14"]),
        "alpha": np.float64(0.5) * np.ones(()),
        "empty": np.zeros((0, 3)),
    }


def tiny(seed: int = 1) -> tuple[tuple[KerasLayer, ...], dict[str, NDArray[Any]]]:
    """The smallest network and one array: for tests that write many files."""
    rng = np.random.default_rng(seed)
    weights = tuple(rng.normal(size=shape).astype(np.float32) for shape in ((2, 4), (1, 4), (4,)))
    head = tuple(rng.normal(size=shape).astype(np.float32) for shape in ((1, 1), (1,)))
    network = (
        KerasLayer("InputLayer", "input_layer", {"batch_shape": [None, 3, 2]}),
        KerasLayer("LSTM", "lstm", {"units": 1}, weights),
        KerasLayer("Dense", "dense", {"units": 1}, head),
    )
    return network, {"scaler/mean": rng.normal(size=2000)}


def made_newer(path: Path, generation: int = 9) -> bytes:
    """Turn a model file into one that a newer stockml made, with a network and arrays of a kind
    we do not know; its bytes."""
    path.write_bytes(image_of(path.read_bytes()))
    with h5py.File(path, "r+") as file:
        tree = json.loads(file["stockml/manifest"][()].tobytes())
        text = json.dumps(
            {**tree, "format": 2, "generation": generation, "shape_of_things": "to come"}
        ).encode()
        del file["stockml/manifest"]
        file["stockml/manifest"] = np.frombuffer(text, np.uint8)
        file["stockml/later"] = h5py.SoftLink("/stockml/arrays")
    path.write_bytes(sealed(path.read_bytes(), None))
    return path.read_bytes()


@cache
def whole() -> bytes:
    """The bytes of a file with every kind of layer and array."""
    return encode_model(manifest(), layers(), arrays())[1]


def edited(tmp_path: Path, edit: Callable[[h5py.File], object]) -> bytes:
    """The sample with `edit` done to its HDF5 part and the checksum right: a hostile hand's."""
    path = tmp_path / "edit.h5"
    path.write_bytes(image_of(whole()))
    with h5py.File(path, "r+") as file:
        edit(file)
    return sealed(path.read_bytes(), None)
