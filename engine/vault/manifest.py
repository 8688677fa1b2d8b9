"""The manifest: what a model file says of itself, as JSON; read without numpy or h5py."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from engine.core.clock import parse_iso
from engine.core.errors import ModelError
from engine.core.records import Metrics, ModelInfo
from engine.core.symbols import SYMBOL
from engine.core.text import clean

FORMAT = 1
"""The newest format this program reads and the one it writes."""
MAX_BYTES = 1 << 20

Number = float | int | None


class NewerModelError(ModelError):
    """A model file of a newer stockml; `generation` is the number it states, 0 without one."""

    def __init__(self, message: str, hint: str = "", generation: int = 0) -> None:
        super().__init__(message, hint)
        self.generation = generation


class ParentModel(msgspec.Struct, frozen=True):
    """The model that this one replaced."""

    generation: int
    digest: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model comes from and how good it was: percent, UTC ISO times, YYYY-MM-DD days."""

    symbol: str
    generation: int = 0
    """1 and up; set when the model is published."""
    created_at: str
    reason: str = ""
    run_id: str = ""
    source: str
    first_bar: str
    last_bar: str
    n_bars: int
    data_hash: str = ""
    feature_names: tuple[str, ...] = ()
    config: dict[str, Any] = {}
    seed: int = 0
    versions: dict[str, str] = {}
    metrics: dict[str, Number] = {}
    """The figures of records.Metrics; None where nothing was scored."""
    champion: dict[str, Any] | None = None
    """The comparison with the model that was live, or None for a first model."""
    weights: dict[str, float] = {}
    """Ensemble weight of each member."""
    accept_worse: bool = False
    restored_from: str = ""
    """The backup this generation was restored from; created_at is still the day of training."""
    parent: ParentModel | None = None
    format: int = FORMAT
    digest: str = ""
    """SHA-256 of the contents (see model_file); set when the file is written."""


def canonical_json(tree: dict[str, Any]) -> bytes:
    """The JSON of a manifest that its digest is taken over; ModelError for a NaN and the like."""
    body = {name: value for name, value in tree.items() if name != "digest"}
    try:
        return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, TypeError) as error:
        raise ModelError(
            f"the manifest of {tree.get('symbol')!r} cannot be written: {error}",
            "give None for a missing number",
        ) from error


def manifest_tree(manifest: Manifest) -> dict[str, Any]:
    """The manifest as plain JSON values; numpy's numbers become Python's."""
    tree: dict[str, Any] = msgspec.to_builtins(manifest, enc_hook=lambda value: value.item())
    return tree


def parse_manifest(raw: bytes, origin: str) -> tuple[Manifest, dict[str, Any]]:
    """The manifest in `raw` and its tree as the file has it.

    ModelError naming `origin` when it is none, NewerModelError for an unknown format.
    """
    try:
        tree = json.loads(raw)
        version = tree["format"] if isinstance(tree, dict) else None
    except (ValueError, KeyError, RecursionError) as error:
        raise ModelError(
            f"{origin}: the manifest is not readable: {clean(str(error), 120)}"
        ) from error
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise ModelError(
            f"{origin}: the manifest has no format number ({clean(repr(version), 40)})"
        )
    if version > FORMAT:
        stated = tree.get("generation")
        raise NewerModelError(
            f"{origin} was made by a newer stockml (format {version}; this one reads up to format"
            f" {FORMAT})",
            "update stockml",
            stated if isinstance(stated, int) and 0 < stated < 1 << 53 else 0,
        )
    try:
        manifest = msgspec.convert(tree, Manifest)
        parse_iso(manifest.created_at)
    except (msgspec.ValidationError, ValueError) as error:
        raise ModelError(
            f"{origin}: the manifest is not valid: {clean(str(error), 200)}"
        ) from error
    if not SYMBOL.fullmatch(manifest.symbol):
        raise ModelError(f"{origin}: the manifest names no symbol: {clean(manifest.symbol, 40)!r}")
    return manifest, tree


def model_info(manifest: Manifest, size: int) -> ModelInfo:
    """The record that console and commands show, texts cleaned; `size` in bytes."""
    figures = {
        name: manifest.metrics.get(name)
        for name in Metrics.__dataclass_fields__
        if name != "n_scored"
    }
    return ModelInfo(
        symbol=manifest.symbol,
        generation=manifest.generation,
        digest=clean(manifest.digest, 64),
        trained_at=parse_iso(manifest.created_at),
        size_bytes=size,
        source=clean(manifest.source, 500),
        first_bar=clean(manifest.first_bar, 10),
        last_bar=clean(manifest.last_bar, 10),
        n_bars=manifest.n_bars,
        reason=clean(manifest.reason, 200),
        run_id=clean(manifest.run_id, 80),
        metrics=Metrics(n_scored=int(manifest.metrics.get("n_scored") or 0), **figures),
        weights=tuple((clean(name, 40), value) for name, value in manifest.weights.items()),
    )
