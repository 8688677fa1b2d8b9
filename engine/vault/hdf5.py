"""The HDF5 inside a model file: how networks and arrays are laid out, and a reading that trusts
nothing in it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from engine.core.errors import ModelError
from engine.core.text import clean
from engine.vault.network import WEIGHT_NAMES, KerasLayer, keras_config

_PACK_FROM = 4096  # bytes; smaller arrays grow when chunked and packed
_ROOT_NAME = "stockml"  # the Sequential's name, which stands in Keras's weight paths
_MAX_ITEMS = 7000  # 1000 arrays, each at most five groups down, and the network
_FILTERS = (h5py.h5z.FILTER_DEFLATE, h5py.h5z.FILTER_SHUFFLE)


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
        entry = group.create_group(layer.name)
        entry.attrs["weight_names"] = _texts(names)
        for name, weight in zip(names, layer.weights, strict=True):
            entry.create_dataset(name, data=weight)
    group.create_group("top_level_model_weights").attrs["weight_names"] = _texts([])


def _texts(texts: list[str]) -> NDArray[Any]:
    return np.array([text.encode() for text in texts], dtype="S" if texts else "S1")


def write_array(group: h5py.Group, name: str, array: NDArray[Any]) -> None:
    """Add one array, packed by gzip when that makes it smaller; days as integers with a mark."""
    days = array.dtype.kind == "M"
    stored = array.view("<i8") if days else array
    packed: dict[str, Any] = (
        {"compression": "gzip", "shuffle": True}
        if stored.ndim and stored.nbytes >= _PACK_FROM
        else {}
    )
    dataset = group.create_dataset(name, data=stored, **packed)
    if days:
        dataset.attrs["unit"] = np.bytes_(b"D")


def datasets(file: h5py.File, origin: str) -> Iterator[tuple[str, h5py.Dataset]]:
    """Every dataset with its path, after a look at its link, its type and its storage;
    ModelError for what is not allowed."""
    pending: list[tuple[h5py.Group, str]] = [(file, "")]
    seen = 0
    while pending:
        group, prefix = pending.pop()
        for name in group:
            path = f"{prefix}{name}"
            seen += 1
            if seen > _MAX_ITEMS:  # a group may hold itself: a walk without a bound would not end
                raise ModelError(f"{origin} holds more than {_MAX_ITEMS} things")
            item = _item(group, name, f"{origin}: {clean(path, 80)!r}")
            if isinstance(item, h5py.Group):
                pending.append((item, f"{path}/"))
            else:
                yield path, item


def dataset_at(file: h5py.File, path: str, origin: str) -> h5py.Dataset:
    """The one dataset at `path`, looked at as `datasets` does;
    ModelError for what is not allowed, KeyError when absent."""
    item: h5py.Group | h5py.Dataset = file
    for name in path.split("/"):
        if not isinstance(item, h5py.Group) or name not in item:
            raise KeyError(path)
        item = _item(item, name, f"{origin}: {path!r}")
    if isinstance(item, h5py.Group):
        raise ModelError(f"{origin}: {path!r} is a group, not an array")
    return item


def _item(group: h5py.Group, name: str, shown: str) -> h5py.Group | h5py.Dataset:
    """A member of a group;
    ModelError for a link that leads elsewhere and for what a model file does not hold."""
    if not isinstance(group.get(name, getlink=True), h5py.HardLink):
        raise ModelError(f"{shown} is a soft or external link")
    item = group[name]
    if isinstance(item, h5py.Dataset):
        _check_dataset(item, shown)
    elif not isinstance(item, h5py.Group):
        raise ModelError(f"{shown} is neither a group nor an array")
    return item


def _check_dataset(dataset: h5py.Dataset, shown: str) -> None:
    if dataset.dtype.kind not in "fiubS" or dataset.shape is None:
        raise ModelError(
            f"{shown} is of the type {clean(str(dataset.dtype), 40)}, which is not allowed"
        )
    plist = dataset.id.get_create_plist()
    if (
        plist.get_layout() not in (h5py.h5d.COMPACT, h5py.h5d.CONTIGUOUS, h5py.h5d.CHUNKED)
        or plist.get_external_count()
    ):
        raise ModelError(f"{shown} keeps its data elsewhere (virtual or external)")
    filters = [plist.get_filter(index)[0] for index in range(plist.get_nfilters())]
    if any(each not in _FILTERS for each in filters):
        raise ModelError(f"{shown} uses the filters {filters}; only gzip and shuffle are allowed")


def bytes_of(dataset: h5py.Dataset) -> int:
    """The bytes an array takes in memory, told without reading it."""
    return int(dataset.dtype.itemsize) * int(
        np.prod([int(size) for size in dataset.shape], dtype=object)
    )


def read_array(dataset: h5py.Dataset) -> NDArray[Any]:
    """The array in a dataset that `datasets` let through."""
    array = np.asarray(dataset[()])
    return array.view("<M8[D]") if "unit" in dataset.attrs else array


def attribute(holder: h5py.Group, name: str, origin: str) -> Any:
    """An attribute of fixed-length bytes; ModelError when it is absent or of another type."""
    if name not in holder.attrs or holder.attrs.get_id(name).dtype.kind != "S":
        raise ModelError(
            f"{origin}: the attribute {name} of {holder.name} is missing or not plain bytes"
        )
    return holder.attrs[name]


def weights_of(
    file: h5py.File, found: dict[str, h5py.Dataset], origin: str
) -> dict[str, tuple[NDArray[Any], ...]]:
    """The weights of each layer, taken out of `found` in the order that Keras reads them."""
    group = file["model_weights"]
    weights = {}
    for raw in attribute(group, "layer_names", origin):
        layer = raw.decode()
        names = [each.decode() for each in attribute(group[layer], "weight_names", origin)]
        weights[layer] = tuple(
            read_array(found.pop(f"model_weights/{layer}/{name}")) for name in names
        )
    return weights
