"""What the metadata of an HDF5 file may ask of the reader, before any array is read."""

from __future__ import annotations

import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

from engine.core.errors import ModelError
from engine.vault.hdf5 import attribute
from engine.vault.model_file import decode_model
from tests.helpers import ROOT
from tests.vault.samples import edited

HOSTILE = ROOT.parent / "shared" / "data" / "hostile"
Edit = Callable[[h5py.File], object]


def _array(**given: Any) -> Edit:
    def edit(file: h5py.File) -> None:
        file.create_dataset("stockml/arrays/bomb", **given)

    return edit


def _many(file: h5py.File) -> None:
    for number in range(8000):
        file[f"stockml/arrays/again{number}"] = file["stockml/arrays/alpha"]


BOMBS: dict[str, tuple[Edit, str]] = {
    "large chunk": (
        _array(shape=(10,), maxshape=(None,), chunks=(1 << 20,), dtype="f4", compression="gzip"),
        "1 chunks of 4194304 bytes",
    ),
    "large chunk, large items": (
        _array(shape=(2, 2), maxshape=(None, None), chunks=(600, 600), dtype="f8"),
        "chunks of 2880000 bytes",
    ),
    "many chunks": (
        _array(shape=(5000,), chunks=(1,), dtype="i1", compression="gzip"),
        "5000 chunks of 1 bytes",
    ),
    "much content": (_array(shape=(3 << 20,), dtype="f4"), "allowed are"),
    "much content in parts": (
        lambda file: [
            file.create_dataset(f"stockml/arrays/part{number}", shape=(1 << 18,), dtype="f4")
            for number in range(9)
        ],
        "allowed are",
    ),
    "large items": (_array(shape=(1,), dtype="S9000000"), "allowed are"),
    "many names": (_many, "a group holds 80.. things"),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_bomb_is_refused_from_its_metadata(name: str, tmp_path: Path) -> None:
    """Chunks, contents, names and attributes above the limits are refused in words, unread."""
    edit, words = BOMBS[name]
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelError, match=words):
        decode_model(edited(tmp_path, edit), "x.h5")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 30_000


def test_a_large_attribute_is_refused(tmp_path: Path) -> None:
    """An attribute of megabytes is refused, unread."""
    with h5py.File(tmp_path / "x.h5", "w", libver="latest") as file:
        file.attrs.create("names", np.zeros(200_000, "S8"), dtype="S8")
        with pytest.raises(ModelError, match="has 1600000 bytes"):
            attribute(file, "names", "x.h5")


@pytest.mark.skipif(
    not HOSTILE.is_dir(), reason="the hostile samples are not beside the repository"
)
@pytest.mark.parametrize("name", ["h5/chunk256", "manifest/lastbar", "manifest/firstbar_empty"])
def test_a_hostile_sample_is_refused(name: str) -> None:
    """The recorded files are refused in words."""
    with pytest.raises(ModelError) as caught:
        decode_model((HOSTILE / f"{name}.h5").read_bytes(), "nvda_lstm_model.h5")
    assert caught.value.hint
