"""The model file: one HDF5 file that Keras opens, written and read without Keras.

/            attributes model_config, backend, keras_version    the legacy Keras layout
/model_weights/<layer>/stockml/<layer>/…                        its float32 weights
/stockml/manifest                                               the manifest's JSON, as bytes
/stockml/arrays/<name>                                          other members, records, calibration
two lines after it                                              seal and checksum (seal.py)

The checksum catches every flipped or missing bit before the HDF5 library sees the file; whose bytes
it may see is for the reader (model_reader.py). The manifest's digest identifies the contents:
packing them again keeps it.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ModelError
from engine.core.text import clean
from engine.vault.hdf5 import (
    attribute,
    bytes_of,
    check_size,
    dataset_at,
    datasets,
    read_array,
    weights_of,
    write_array,
    write_network,
)
from engine.vault.manifest import (
    MAX_BYTES,
    Manifest,
    canonical_json,
    manifest_tree,
    parse_manifest,
)
from engine.vault.network import KerasLayer, checked_layers, keras_config, layers_of
from engine.vault.records import MAX_FILE
from engine.vault.seal import SealKey, SealOwner, is_whole, sealed

Arrays = Mapping[str, NDArray[Any]]
StatKey = tuple[int, int, int]

_HDF5 = b"\x89HDF\r\n\x1a\n"
_ARRAY_NAME = re.compile(r"[A-Za-z0-9_.-]{1,60}(/[A-Za-z0-9_.-]{1,60}){0,5}")
RESTORE = "train it again, or bring one back: stockml backups list, stockml restore NAME SYM"


class ForeignModelError(ModelError):
    """A file that stockml did not write, or one not of this home that fails its check."""


@dataclass(frozen=True, slots=True, eq=False)
class StoredModel:
    """Everything in one model file, read in one go."""

    manifest: Manifest
    layers: tuple[KerasLayer, ...]
    arrays: dict[str, NDArray[Any]] = field(repr=False)
    size_bytes: int
    stat_key: StatKey
    owner: SealOwner = SealOwner.OWN


def stat_key(status: os.stat_result) -> StatKey:
    """(size, mtime_ns, inode): changes whenever a model file is replaced."""
    return (status.st_size, status.st_mtime_ns, status.st_ino)


def check_name(path: Path, symbol: str) -> None:
    """ModelError when `path` has the name of another symbol's model file."""
    stem, mark, _ = path.name.partition("_lstm_model.h5")
    if mark and not stem.startswith(".") and stem != symbol.lower():
        raise ModelError(f"{path} holds the model of {symbol}", RESTORE)


def encode_model(
    manifest: Manifest,
    layers: tuple[KerasLayer, ...],
    arrays: Arrays,
    key: SealKey | None = None,
) -> tuple[Manifest, bytes]:
    """The manifest with its digest, and the file's bytes, sealed with `key`.

    Arrays may be of floats, integers, bool, fixed-length bytes or datetime64[D]; names may nest
    with "/". ModelError for contents the reader would refuse.
    """
    origin = f"the model of {manifest.symbol}"
    layers = checked_layers(layers, origin)
    contents = {name: _storable(name, array, origin) for name, array in arrays.items()}
    check_size(len(contents), sum(array.nbytes for array in contents.values()), origin)
    tree = manifest_tree(manifest)
    tree["digest"] = _digest(canonical_json(tree), layers, contents)
    text = json.dumps(tree, allow_nan=False).encode()
    manifest, _ = parse_manifest(text, origin)
    with h5py.File.in_memory() as file:
        write_network(file, layers)
        group = file.create_group("stockml/arrays")
        for name, array in contents.items():
            write_array(group, name, array)
        file["stockml"].create_dataset("manifest", data=np.frombuffer(text, np.uint8))
        file.flush()
        image: bytes = file.id.get_file_image()
    data = sealed(image, key)
    if len(data) > MAX_FILE or len(text) > MAX_BYTES:
        raise ModelError(
            f"{origin} takes {len(data)} bytes, its manifest {len(text)}; allowed are {MAX_FILE}"
            f" and {MAX_BYTES}"
        )
    return manifest, data


def decode_model(
    raw: bytes, origin: str
) -> tuple[Manifest, tuple[KerasLayer, ...], dict[str, NDArray[Any]]]:
    """The contents of a file's bytes, whoever wrote them.

    ModelError naming `origin` (broken; with the next step), its kinds ForeignModelError for an HDF5
    file without a `stockml` group and NewerModelError for one of a newer stockml.
    """
    check_whole(raw, origin)
    try:
        with h5py.File.in_memory(file_image=raw or b"\0") as file:
            _check_ours("stockml" in file, is_whole(raw), origin)
            return _contents(file, origin)
    except ModelError as error:
        if error.hint:
            raise
        raise type(error)(error.message, RESTORE) from error
    except Exception as error:  # noqa: BLE001 - HDF5 and strange contents raise anything
        words = clean(f"{type(error).__name__}: {error}", 160)
        # Without the cause: HDF5 calls damage an OSError, but only want of memory will pass.
        cause = error if isinstance(error, MemoryError) else None
        raise ModelError(f"{origin} is not a readable model file: {words}", RESTORE) from cause


def check_whole(raw: bytes, origin: str) -> None:
    """ModelError for bytes that are damaged or no HDF5 file, told without the HDF5 library."""
    if len(raw) > MAX_FILE:
        raise ModelError(f"{origin} is larger than {MAX_FILE >> 20} MB", RESTORE)
    if is_whole(raw) is False:
        raise ModelError(f"{origin} is damaged: its bytes do not match their checksum", RESTORE)
    if not raw.startswith(_HDF5):
        raise ModelError(f"{origin} is not a readable model file: it is no HDF5 file", RESTORE)


def _check_ours(marked: bool, whole: bool | None, origin: str) -> None:
    if not marked:
        raise ForeignModelError(
            f"{origin} was not written by stockml",
            "train the symbol: the file is then kept in a backup",
        )
    if not whole:
        raise ModelError(f"{origin} is damaged: the checksum at its end is missing", RESTORE)


def _digest(manifest: bytes, layers: tuple[KerasLayer, ...], arrays: Arrays) -> str:
    """SHA-256 over the manifest, the layers' settings and every array with name, type, shape."""
    total = hashlib.sha256(manifest)
    total.update(keras_config(layers).encode())
    named = [
        (f"layer {layer.name} {index}", weight)
        for layer in layers
        for index, weight in enumerate(layer.weights)
    ]
    for name, array in (*named, *sorted(arrays.items())):
        array = np.ascontiguousarray(array, array.dtype.newbyteorder("<"))
        total.update(f"\n{name} {array.dtype.str} {array.shape}\n".encode())
        total.update(array.reshape(-1).view(np.uint8).data)  # no copy of megabytes
    return total.hexdigest()


def _storable(name: str, array: NDArray[Any], origin: str) -> NDArray[Any]:
    """The array, little-endian; ModelError when a file cannot have its name or type."""
    if not _ARRAY_NAME.fullmatch(name) or not {".", ".."}.isdisjoint(name.split("/")):
        raise ModelError(
            f"{origin}: {clean(name, 60)!r} is no name for an array: A-Z a-z 0-9 _ . - and /"
            " between the parts"
        )
    array = np.asarray(array)
    if array.dtype.kind not in "fiubS" and array.dtype != np.dtype("M8[D]"):
        raise ModelError(
            f"{origin}: the array {name} is of type {array.dtype}; allowed: floats, integers, bool,"
            " bytes, datetime64[D]"
        )
    if array.dtype.itemsize == 0 or array.dtype == np.longdouble:
        raise ModelError(
            f"{origin}: the array {name} is of type {array.dtype}, which a file cannot hold"
        )
    return array.astype(array.dtype.newbyteorder("<"), copy=False)


def _contents(
    file: h5py.File, origin: str
) -> tuple[Manifest, tuple[KerasLayer, ...], dict[str, NDArray[Any]]]:
    # The format first: a newer one may allow what this one refuses as damage.
    stored = dataset_at(file, "stockml/manifest", origin)
    if bytes_of(stored) > MAX_BYTES:
        raise ModelError(f"{origin}: its manifest has {bytes_of(stored)} bytes")
    manifest, tree = parse_manifest(read_array(stored).tobytes(), origin)
    members = dict(datasets(file, origin))
    check_size(len(members), sum(bytes_of(dataset) for dataset in members.values()), origin)
    del members["stockml/manifest"]
    weights = weights_of(file, members, origin)
    layers = layers_of(attribute(file, "model_config", origin), weights, origin)
    arrays = {}
    for path, dataset in members.items():
        name = path.removeprefix("stockml/arrays/")
        if name == path:
            raise ModelError(f"{origin}: {clean(path, 80)!r} has no place in a model file")
        arrays[name] = read_array(dataset)
    if manifest.digest != _digest(canonical_json(tree), layers, arrays):
        raise ModelError(f"{origin} is damaged: its contents do not match their digest")
    return manifest, layers, arrays
