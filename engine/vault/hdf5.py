"""The HDF5 inside a model file: the layout of networks and arrays, read without trust."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ModelError
from engine.core.text import clean
from engine.vault.network import WEIGHT_NAMES, KerasLayer, keras_config

_PACK_FROM = 4096  # bytes; smaller arrays grow when chunked and packed
_ROOT_NAME = "stockml"  # the Sequential's name, part of Keras's weight paths
_MAX_MEMBERS = 7000  # 1000 arrays, each at most five groups down, and the network
_FILTERS = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE)
MAX_ARRAYS = 1000
MAX_CONTENT = 8 << 20
"""Bytes of all arrays when unpacked; a usual model has 0.1 MB, and 13 lie in memory together."""
_MAX_CHUNK = 2 << 20  # bytes unpacked; h5py makes chunks of at most 1 MB, ours have 7 kB
_MAX_CHUNKS = 4096  # of one array; each is a search in the file, a usual array has one
_MAX_ATTRIBUTE = 1 << 20  # bytes; the network's description has about 2 kB


def write_network(file: h5py.File, layers: tuple[KerasLayer, ...]) -> None:
    """Lay out the network as Keras's own legacy saving does."""
    file.attrs["model_config"] = np.bytes_(keras_config(layers).encode())
    group = file.create_group("model_weights")
    for holder in (file, group):
        holder.attrs["backend"] = np.bytes_(b"tensorflow")
        holder.attrs["keras_version"] = np.bytes_(b"3.15.1")
    group.attrs["layer_names"] = _texts([layer.name for layer in layers])
    for layer in layers:
        names = [f"{_ROOT_NAME}/{layer.name}/{name}" for name in WEIGHT_NAMES[layer.kind]]
        layer_group = group.create_group(layer.name)
        layer_group.attrs["weight_names"] = _texts(names)
        for name, weight in zip(names, layer.weights, strict=True):
            layer_group.create_dataset(name, data=weight)
    group.create_group("top_level_model_weights").attrs["weight_names"] = _texts([])


def _texts(texts: list[str]) -> NDArray[Any]:
    return np.array([text.encode() for text in texts], dtype="S" if texts else "S1")


def write_array(group: h5py.Group, name: str, array: NDArray[Any]) -> None:
    """Add one array, packed by gzip when that makes it smaller; days as integers with a mark."""
    days = array.dtype.kind == "M"
    stored = array.view("<i8") if days else array
    options: dict[str, Any] = {}
    if stored.ndim and stored.nbytes >= _PACK_FROM:
        options = {"compression": "gzip", "shuffle": True}
    dataset = group.create_dataset(name, data=stored, **options)
    if days:
        dataset.attrs["unit"] = np.bytes_(b"D")


def datasets(file: h5py.File, origin: str) -> Iterator[tuple[str, h5py.Dataset]]:
    """Every dataset with its path, checked; ModelError for what is not allowed."""
    pending: list[tuple[h5py.Group, str]] = [(file, "")]
    count = 0
    while pending:
        group, prefix = pending.pop()
        if len(group) > _MAX_MEMBERS:  # its names are listed in one go
            raise ModelError(f"{origin}: a group holds {len(group)} things")
        for name in group:
            path = f"{prefix}{name}"
            count += 1
            if count > _MAX_MEMBERS:  # a group may hold itself: the walk needs a bound
                raise ModelError(f"{origin} holds more than {_MAX_MEMBERS} things")
            member = _member(group, name, f"{origin}: {clean(path, 80)!r}")
            if isinstance(member, h5py.Group):
                pending.append((member, f"{path}/"))
            else:
                yield path, member


def dataset_at(file: h5py.File, path: str, origin: str) -> h5py.Dataset:
    """The dataset at `path`, checked as by `datasets`; ModelError, or KeyError when absent."""
    member: h5py.Group | h5py.Dataset = file
    for name in path.split("/"):
        if not isinstance(member, h5py.Group) or name not in member:
            raise KeyError(path)
        member = _member(member, name, f"{origin}: {path!r}")
    if isinstance(member, h5py.Group):
        raise ModelError(f"{origin}: {path!r} is a group, not an array")
    return member


def _member(group: h5py.Group, name: str, shown: str) -> h5py.Group | h5py.Dataset:
    """A member of a group; ModelError for a link, or what a model file does not hold."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ModelError(f"{shown} is a soft or external link")
    member = group[name]
    if isinstance(member, h5py.Dataset):
        _check_dataset(member, shown)
    elif not isinstance(member, h5py.Group):
        raise ModelError(f"{shown} is neither a group nor an array")
    return member


def _check_dataset(dataset: h5py.Dataset, shown: str) -> None:
    if dataset.dtype.kind not in "fiubS" or dataset.shape is None:
        raise ModelError(
            f"{shown} is of the type {clean(str(dataset.dtype), 40)}, which is not allowed"
        )
    plist = dataset.id.get_create_plist()
    layouts = (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED)
    if plist.get_layout() not in layouts or plist.get_external_count():
        raise ModelError(f"{shown} keeps its data elsewhere (virtual or external)")
    filters = [plist.get_filter(index)[0] for index in range(plist.get_nfilters())]
    if not set(filters) <= set(_FILTERS):
        raise ModelError(f"{shown} uses the filters {filters}; only gzip and shuffle are allowed")
    _check_chunks(dataset, shown)


def _check_chunks(dataset: h5py.Dataset, shown: str) -> None:
    """ModelError for large chunks or a flood of them.

    A chunk is unpacked whole, whatever the shape: an array of 10 numbers may have one of 256 MB.
    """
    sides = dataset.chunks
    if sides is None:
        return
    size = dataset.dtype.itemsize * math.prod(sides)
    count = math.prod(-(-length // side) for length, side in zip(dataset.shape, sides, strict=True))
    if size > _MAX_CHUNK or count > _MAX_CHUNKS:
        raise ModelError(
            f"{shown} has {count} chunks of {size} bytes; allowed are {_MAX_CHUNKS} and"
            f" {_MAX_CHUNK}"
        )


def check_size(count: int, content: int, origin: str) -> None:
    """ModelError for more arrays, or more bytes of them, than a model file holds."""
    if count > MAX_ARRAYS or content > MAX_CONTENT:
        raise ModelError(
            f"{origin} has {count} arrays of {content} bytes; allowed are {MAX_ARRAYS} and"
            f" {MAX_CONTENT}"
        )


def bytes_of(dataset: h5py.Dataset) -> int:
    """The bytes an array takes in memory, without reading it."""
    return int(dataset.dtype.itemsize) * math.prod(int(size) for size in dataset.shape)


def read_array(dataset: h5py.Dataset) -> NDArray[Any]:
    """The array in a dataset that was checked."""
    array = np.asarray(dataset[()])
    return array.view("<M8[D]") if "unit" in dataset.attrs else array


def attribute(holder: h5py.Group, name: str, origin: str) -> Any:
    """An attribute of fixed-length bytes; ModelError when absent or of another type."""
    stored = holder.attrs.get_id(name) if name in holder.attrs else None
    if stored is None or stored.dtype.kind != "S":
        raise ModelError(
            f"{origin}: the attribute {name} of {holder.name} is missing or not plain bytes"
        )
    if (size := stored.dtype.itemsize * math.prod(stored.shape)) > _MAX_ATTRIBUTE:
        raise ModelError(f"{origin}: the attribute {name} of {holder.name} has {size} bytes")
    return holder.attrs[name]


def weights_of(
    file: h5py.File, members: dict[str, h5py.Dataset], origin: str
) -> dict[str, tuple[NDArray[Any], ...]]:
    """The weights of each layer, taken out of `members` in the order that Keras reads them."""
    group = file["model_weights"]
    weights = {}
    for raw in attribute(group, "layer_names", origin):
        layer = raw.decode()
        names = [name.decode() for name in attribute(group[layer], "weight_names", origin)]
        weights[layer] = tuple(
            read_array(members.pop(f"model_weights/{layer}/{name}")) for name in names
        )
    return weights
