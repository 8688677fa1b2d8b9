"""The model file: what is written is read, Keras opens it, and nothing broken or strange is
believed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.core.errors import ModelError
from engine.vault import model_file, network
from engine.vault.manifest import NewerModelError, model_info
from engine.vault.model_file import ForeignModelError, decode_model, encode_model
from engine.vault.network import KerasLayer
from engine.vault.seal import image_of
from tests.vault import samples
from tests.vault.files import read_model, write_model


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A written model of NVDA."""
    path = tmp_path / "nvda_lstm_model.h5"
    write_model(path, samples.manifest(), samples.layers(), samples.arrays())
    return path


def test_a_written_model_reads_back(path: Path) -> None:
    """The reader returns the manifest, the layers and every array with its type, shape and
    values."""
    model = read_model(path)
    assert model.manifest.symbol == "NVDA"
    assert model.manifest.metrics == {
        "n_scored": 120,
        "mape": 1.25,
        "direction_accuracy": 52.5,
        "confidence": None,
    }
    assert [(layer.kind, layer.name) for layer in model.layers] == [
        ("InputLayer", "input_layer"),
        ("LSTM", "lstm"),
        ("Dropout", "dropout"),
        ("LSTM", "lstm_1"),
        ("Dense", "dense"),
    ]
    for written, read in zip(samples.layers(), model.layers, strict=True):
        assert all(np.array_equal(a, b) for a, b in zip(written.weights, read.weights, strict=True))
    assert model.arrays.keys() == samples.arrays().keys()
    for name, array in samples.arrays().items():
        assert model.arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(model.arrays[name], array)
    assert model.stat_key == model_file.stat_key(path.stat())
    assert model.size_bytes == path.stat().st_size


_PREDICT = """
import sys
import keras, numpy as np
model = keras.models.load_model(sys.argv[1], compile=False)
np.save(sys.argv[3], model.predict(np.load(sys.argv[2]), verbose=0))
"""


def test_keras_opens_the_file(path: Path, tmp_path: Path) -> None:
    """`keras.models.load_model` opens the file, and its predictions equal an independent
    computation within 1e-5."""
    windows = np.random.default_rng(5).normal(size=(7, 5, 3)).astype(np.float32)
    np.save(tmp_path / "in.npy", windows)
    command = [
        sys.executable,
        "-c",
        _PREDICT,
        str(path),
        str(tmp_path / "in.npy"),
        str(tmp_path / "out.npy"),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    np.testing.assert_allclose(
        np.load(tmp_path / "out.npy"), _by_hand(read_model(path).layers, windows), atol=1e-5
    )


def _by_hand(layers: tuple[KerasLayer, ...], windows: Any) -> Any:
    """The network's output by the LSTM equations, gate order input, forget, cell, output."""
    value = windows.astype(np.float64)
    for layer in layers:
        if layer.kind == "LSTM":
            kernel, recurrent, bias = (weight.astype(np.float64) for weight in layer.weights)
            state = carry = np.zeros((len(value), recurrent.shape[0]))
            steps = []
            for moment in np.swapaxes(value, 0, 1):
                i, f, c, o = np.split(moment @ kernel + state @ recurrent + bias, 4, axis=1)
                carry = carry / (1 + np.exp(-f)) + np.tanh(c) / (1 + np.exp(-i))
                state = np.tanh(carry) / (1 + np.exp(-o))
                steps.append(state)
            value = np.stack(steps, axis=1) if layer.config["return_sequences"] else state
        elif layer.kind == "Dense":
            value = value @ layer.weights[0] + layer.weights[1]
    return value


def test_a_large_network_fits_the_size_limit(tmp_path: Path) -> None:
    """A network of 60,000 parameters stays far below 1 MB."""
    layers = samples.layers(units=69)
    assert sum(weight.size for layer in layers for weight in layer.weights) > 58_000
    write_model(tmp_path / "x.h5", samples.manifest(), layers, samples.arrays())
    assert (tmp_path / "x.h5").stat().st_size < 400_000


def test_the_digest_identifies_the_contents() -> None:
    """The same contents have the same digest;
    a changed weight, array, name, setting or manifest field has another."""
    base = encode_model(samples.manifest(), samples.layers(), samples.arrays())[0].digest
    assert encode_model(samples.manifest(), samples.layers(), samples.arrays())[0].digest == base
    renamed = {
        ("alpha2" if name == "alpha" else name): array for name, array in samples.arrays().items()
    }
    narrower = samples.arrays() | {"trees/left": samples.arrays()["trees/left"].astype(np.int64)}
    others = [
        encode_model(samples.manifest(generation=2), samples.layers(), samples.arrays()),
        encode_model(samples.manifest(), samples.layers(seed=2), samples.arrays()),
        encode_model(samples.manifest(), samples.layers(), samples.arrays(seed=2)),
        encode_model(samples.manifest(), samples.layers(), renamed),
        encode_model(samples.manifest(), samples.layers(), narrower),
        encode_model(samples.manifest(), samples.layers(steps=6), samples.arrays()),
    ]
    assert len({base, *(manifest.digest for manifest, _ in others)}) == 7


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_flipped_or_missing_byte_is_caught(data: st.DataObject) -> None:
    """One flipped bit anywhere, or any number of bytes cut off, is a ModelError with the next
    step."""
    whole = samples.whole()
    if data.draw(st.booleans()):
        damaged = bytearray(whole)
        damaged[data.draw(st.integers(0, len(whole) - 1))] ^= 1 << data.draw(st.integers(0, 7))
        raw = bytes(damaged)
    else:
        raw = whole[: data.draw(st.integers(0, len(whole) - 1))]
    with pytest.raises(ModelError) as caught:
        decode_model(raw, "x.h5")
    assert "x.h5" in caught.value.message
    assert "restore" in caught.value.hint


@pytest.mark.parametrize("raw", [b"", b"\0" * 5000, b"not a model", b"\x89HDF\r\n\x1a\n"])
def test_other_files_are_refused_as_models(path: Path, raw: bytes) -> None:
    """An empty file, zeros and text are a ModelError that names the file and the next step."""
    path.write_bytes(raw)
    with pytest.raises(ModelError, match="nvda_lstm_model") as caught:
        read_model(path)
    assert "restore" in caught.value.hint


def test_a_folder_in_the_place_of_a_model_is_refused(path: Path) -> None:
    """A folder under a model's name is a ModelError in words, with the next step."""
    path.unlink(missing_ok=True)
    path.mkdir()
    with pytest.raises(ModelError, match="it is a folder, not a file") as caught:
        read_model(path)
    assert "move it away" in caught.value.hint


def test_a_missing_model_is_not_found(tmp_path: Path) -> None:
    """A missing file is FileNotFoundError: no model is not a broken model."""
    with pytest.raises(FileNotFoundError):
        read_model(tmp_path / "nvda_lstm_model.h5")


def test_another_symbols_file_is_refused(path: Path) -> None:
    """A model file under another symbol's name is refused."""
    path.rename(path.with_name("tsla_lstm_model.h5"))
    with pytest.raises(ModelError, match="holds the model of NVDA"):
        read_model(path.with_name("tsla_lstm_model.h5"))


def test_a_foreign_file_is_recognised(path: Path) -> None:
    """An HDF5 file without the `stockml` group is foreign, not broken."""
    with h5py.File(path, "w") as file:
        file.create_group("model_weights")
    with pytest.raises(ForeignModelError, match="not written by stockml"):
        read_model(path)


def _replace(name: str, **given: Any) -> Any:
    def edit(file: h5py.File) -> None:
        del file[name]
        file.create_dataset(name, **given)

    return edit


def _link(link: Any) -> Any:
    def edit(file: h5py.File) -> None:
        file["stockml/arrays/linked"] = link

    return edit


def _virtual(file: h5py.File) -> None:
    layout = h5py.VirtualLayout(shape=(4,), dtype="f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", shape=(4,))
    file.create_virtual_dataset("stockml/arrays/virtual", layout)


def _setting(old: str, new: str) -> Any:
    def edit(file: h5py.File) -> None:
        text = file.attrs["model_config"].decode()
        assert old in text
        file.attrs["model_config"] = np.bytes_(text.replace(old, new).encode())

    return edit


def _manifest(old: bytes, new: bytes) -> Any:
    def edit(file: h5py.File) -> None:
        text = file["stockml/manifest"][()].tobytes()
        assert old in text
        del file["stockml/manifest"]
        file["stockml/manifest"] = np.frombuffer(text.replace(old, new), np.uint8)

    return edit


_KERNEL = "model_weights/dense/stockml/dense/kernel"
HOSTILE = {
    "external link": (_link(h5py.ExternalLink("/etc/passwd", "/x")), "link"),
    "soft link": (_link(h5py.SoftLink("/stockml/arrays/alpha")), "link"),
    "vlen text": (
        _replace("stockml/arrays/alpha", data="text", dtype=h5py.string_dtype()),
        "not allowed",
    ),
    "vlen text attribute": (
        lambda file: file.attrs.__setitem__("model_config", "text"),
        "not plain bytes",
    ),
    "reference": (
        _replace("stockml/arrays/alpha", shape=(1,), dtype=h5py.ref_dtype),
        "not allowed",
    ),
    "compound": (_replace("stockml/arrays/alpha", shape=(1,), dtype=[("a", "f4")]), "not allowed"),
    "plug-in filter": (
        _replace("stockml/arrays/alpha", data=np.zeros(9000), compression="lzf"),
        "filters",
    ),
    "checksum filter": (
        _replace("stockml/arrays/alpha", data=np.zeros(9000), fletcher32=True),
        "filters",
    ),
    "virtual": (_virtual, "elsewhere"),
    "external": (
        _replace("stockml/arrays/alpha", shape=(4,), dtype="f4", external="/etc/passwd"),
        "elsewhere",
    ),
    "huge": (
        _replace("stockml/arrays/alpha", shape=(1 << 40,), dtype="f8", chunks=(1024,)),
        "allowed are",
    ),
    "named type": (lambda file: file.__setitem__("stockml/arrays/t", np.dtype("f8")), "neither"),
    "cycle": (lambda file: file.__setitem__("stockml/arrays/again", file["stockml"]), "more than"),
    "many cycles": (
        lambda file: [file.__setitem__(f"stockml/{n}", file["stockml"]) for n in range(50)],
        "more than",
    ),
    "elsewhere": (lambda file: file.create_dataset("surprise", data=[1.0]), "no place"),
    "Lambda layer": (_setting('"Dense"', '"Lambda"'), "kind 'Lambda'"),
    "setting": (_setting('"rate"', '"module"'), "not allowed for Dropout"),
    "go backwards": (_setting('"use_bias": true', '"go_backwards": true'), "go_backwards"),
    "activation": (_setting('"linear"', '"evil"'), "activation"),
    "functional": (_setting('"Sequential"', '"Functional"'), "only Sequential"),
    "no JSON": (_setting("{", "["), "not readable"),
    "no weights": (lambda file: file.__delitem__("model_weights"), "not a readable"),
    "no kernel": (lambda file: file.__delitem__(_KERNEL), "not a readable"),
    "wrong shape": (_replace(_KERNEL, data=np.zeros((5, 1), np.float32)), "shapes"),
    "wrong type": (_replace(_KERNEL, data=np.zeros((4, 1), np.float64)), "float32"),
    "not finite": (_replace(_KERNEL, data=np.full((4, 1), np.nan, np.float32)), "finite"),
    "other weights": (_replace(_KERNEL, data=np.zeros((4, 1), np.float32)), "digest"),
    "other array": (_replace("stockml/arrays/alpha", data=0.25), "digest"),
    "other manifest": (_manifest(b"1.25", b"0.25"), "digest"),
    "newer": (_manifest(b'"format": 1', b'"format": 2'), "newer stockml"),
    "no format": (_manifest(b'"format": 1', b'"format": "1"'), "no format number"),
    "bad manifest": (_manifest(b'"n_bars": 626', b'"n_bars": "x"'), "not valid"),
    "bad symbol": (_manifest(b'"NVDA"', b'"../x"'), "names no symbol"),
    "naive time": (_manifest(b"00.000Z", b"00.000"), "zone"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_refused(name: str, tmp_path: Path) -> None:
    """A file whose checksum is right but whose contents are not allowed is refused, saying what
    stands in it."""
    edit, words = HOSTILE[name]
    with pytest.raises(ModelError, match=words) as caught:
        decode_model(samples.edited(tmp_path, edit), "x.h5")
    assert caught.value.hint


def test_a_model_of_a_newer_stockml_is_recognised(path: Path) -> None:
    """Whatever else stands in it that we would refuse, it is no damage: who made it, and its
    generation, are told."""
    samples.made_newer(path, generation=9)
    with pytest.raises(NewerModelError, match=r"was made by a newer stockml \(format 2;") as caught:
        read_model(path)
    assert (caught.value.generation, caught.value.hint) == (9, "update stockml")


def test_a_model_without_its_seal_is_refused(tmp_path: Path) -> None:
    """A stockml file whose final checksum is gone is damaged, not foreign."""
    with pytest.raises(ModelError, match="missing") as caught:
        decode_model(image_of(samples.whole()), "x.h5")
    assert not isinstance(caught.value, ForeignModelError)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"../x": np.zeros(1)}, "no name"),
        ({"/x": np.zeros(1)}, "no name"),
        ({"x/./y": np.zeros(1)}, "no name"),
        ({"x": np.array(["text"])}, "of type"),
        ({"x": np.array([object()])}, "of type"),
        ({"x": np.zeros(1, np.complex128)}, "of type"),
        ({"x": np.zeros(9_000_000)}, "allowed are"),
    ],
)
def test_the_writer_refuses_arrays_the_reader_would(arrays: Any, words: str) -> None:
    """Array names, types and sizes that the reader refuses are never written."""
    with pytest.raises(ModelError, match=words):
        encode_model(samples.manifest(), samples.layers(), arrays)


def test_the_writer_refuses_networks_the_reader_would() -> None:
    """Unknown kinds, repeated names, unfitting and infinite weights and NaN metrics are never
    written."""
    first, *rest = samples.layers()
    dense = rest[-1]
    bad = [
        (KerasLayer("InputLayer", "input_layer", {"batch_shape": [2, 5, 3]}), *rest),
        (first, KerasLayer("GRU", "gru", {"units": 2})),
        (first, *rest[:-1], KerasLayer("Dense", "lstm", dense.config, dense.weights)),
        (first, *rest[:-1], KerasLayer("Dense", "dense", {"units": 2}, dense.weights)),
        (
            first,
            *rest[:-1],
            KerasLayer(
                "Dense", "dense", {"units": 1}, (dense.weights[0] * np.inf, dense.weights[1])
            ),
        ),
        (first,),
    ]
    for layers in bad:
        with pytest.raises(ModelError):
            network.checked_layers(tuple(layers), "the model")
    with pytest.raises(ModelError, match="None for a missing number"):
        encode_model(samples.manifest(metrics={"mape": float("nan")}), samples.layers(), {})


def test_numpy_numbers_in_a_manifest_become_plain(tmp_path: Path) -> None:
    """Numpy's numbers in the metrics are written as plain ones."""
    written = write_model(
        tmp_path / "x.h5", samples.manifest(metrics={"mape": np.float32(0.5)}), samples.layers(), {}
    )
    assert written == read_model(tmp_path / "x.h5").manifest
    assert type(written.metrics["mape"]) is float


def test_the_model_info_has_the_manifests_figures(path: Path) -> None:
    """The console's record shows what the manifest says; figures it lacks are None."""
    model = read_model(path)
    info = model_info(model.manifest, model.size_bytes)
    assert (info.symbol, info.generation, info.digest) == ("NVDA", 0, model.manifest.digest)
    assert (
        info.metrics.n_scored,
        info.metrics.mape,
        info.metrics.mase,
        info.metrics.confidence,
    ) == (120, 1.25, None, None)
    assert info.weights == (("naive", 0.25), ("lstm", 0.75))
    assert info.size_bytes == path.stat().st_size


def test_a_reader_never_mixes_two_files(path: Path) -> None:
    """A reader that races a writer sees one whole model or the other."""
    program = (
        "import select, sys; from pathlib import Path; from tests.vault import samples\nfrom"
        " tests.vault.files import write_model\nturn = 0\nwhile not"
        " select.select([sys.stdin], [], [], 0)[0]:\n    turn = 1 - turn\n   "
        " write_model(Path(sys.argv[1]), samples.manifest(seed=turn), samples.layers(turn),"
        " samples.arrays(turn))\n"
    )
    expected = {seed: samples.layers(seed)[-1].weights[0] for seed in (0, 1)}
    write_model(path, samples.manifest(seed=0), samples.layers(0), samples.arrays(0))
    last, changes = 0, 0
    with subprocess.Popen(
        [sys.executable, "-c", program, str(path)], stdin=subprocess.PIPE
    ) as writer:
        while changes < 15:  # however slow one of the two is, so many files were raced with
            assert writer.poll() is None
            model = read_model(path)
            np.testing.assert_array_equal(
                model.layers[-1].weights[0], expected[model.manifest.seed]
            )
            last, changes = model.manifest.seed, changes + (model.manifest.seed != last)
    assert writer.returncode == 0
