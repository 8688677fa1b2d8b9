"""The manifest: what a model file says of itself, as JSON; read without numpy or h5py."""

from __future__ import annotations

import json
from datetime import date
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from engine.core.clock import YEARS, parse_iso
from engine.core.errors import ModelError, StockmlError
from engine.core.records import Metrics, ModelInfo
from engine.core.sources import parse_source
from engine.core.symbols import SYMBOL
from engine.core.text import clean

FORMAT = 1
"""The newest format this program reads and the one it writes."""
MAX_BYTES = 1 << 20

_Count = Annotated[int, Meta(ge=0, le=1 << 53)]
_Integer = Annotated[int, Meta(ge=-(1 << 63), le=(1 << 63) - 1)]
_Text = Annotated[str, Meta(max_length=10_000)]
"""A reason has about 200 characters, a source is as long as a path."""
_Name = Annotated[str, Meta(pattern=r"\A[A-Za-z0-9_.-]{1,60}\Z")]
_Share = Annotated[float, Meta(ge=0, le=1.000001)]
_Percent = Annotated[float, Meta(ge=0, le=100)] | None
_Size = Annotated[float, Meta(ge=0, le=1e12)] | None
_Figure = (
    Annotated[float, Meta(ge=-1e12, le=1e12)] | Annotated[int, Meta(ge=-(10**12), le=10**12)] | None
)


class NewerModelError(ModelError):
    """A model file of a newer stockml; `generation` is the number it states, 0 without one."""

    def __init__(self, message: str, hint: str = "", generation: int = 0) -> None:
        super().__init__(message, hint)
        self.generation = generation


class ParentModel(msgspec.Struct, frozen=True):
    """The model that this one replaced."""

    generation: _Count
    digest: _Text


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """Where a model comes from and how good it was: percent, UTC ISO times, YYYY-MM-DD days."""

    symbol: str
    generation: _Count = 0
    """1 and up; set when the model is published."""
    created_at: _Text
    reason: _Text = ""
    run_id: _Text = ""
    source: _Text
    first_bar: _Text
    last_bar: _Text
    n_bars: Annotated[int, Meta(ge=0, le=1_000_000)]
    data_hash: _Text = ""
    feature_names: Annotated[tuple[_Name, ...], Meta(max_length=1000)] = ()
    config: dict[_Name, Any] = {}
    seed: _Integer = 0
    versions: dict[_Text, _Text] = {}
    metrics: dict[_Name, _Figure] = {}
    """The figures of records.Metrics; None where nothing was scored."""
    champion: dict[_Name, Any] | None = None
    """The comparison with the model that was live, or None for a first model."""
    weights: dict[_Name, _Share] = {}
    """Ensemble weight of each member."""
    accept_worse: bool = False
    restored_from: _Text = ""
    """The backup this generation was restored from; created_at is still the day of training."""
    parent: ParentModel | None = None
    format: int = FORMAT
    digest: _Text = ""
    """SHA-256 of the contents (see model_file); set when the file is written."""


class _ShownFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The ranges of the metrics that are shown and compared."""

    n_scored: Annotated[int, Meta(ge=0, le=1_000_000)] | None = 0
    direction_accuracy: _Percent = None
    confidence: _Percent = None
    mape: _Size = None
    naive_mape: _Size = None
    mase: _Size = None
    crps: _Size = None
    interval_score80: _Size = None
    interval_score95: _Size = None


class _UsedConfig(msgspec.Struct, frozen=True, kw_only=True):
    """The ranges of the configuration that a forecast uses."""

    sequence_length: Annotated[int, Meta(ge=1, le=4096)] = 60
    max_mape: Annotated[float, Meta(gt=0, le=1000)] = 5.0


def canonical_json(tree: dict[str, Any]) -> bytes:
    """The JSON of a manifest that its digest is taken over; ModelError for a NaN and the like."""
    body = {name: value for name, value in tree.items() if name != "digest"}
    try:
        return json.dumps(body, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    except (ValueError, TypeError, RecursionError) as error:
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
    if type(version) is not int or not 1 <= version < 1 << 31:
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
        _check_fields(manifest)
    except (msgspec.ValidationError, ValueError) as error:
        raise ModelError(
            f"{origin}: the manifest is not valid: {clean(str(error), 200)}"
        ) from error
    if not SYMBOL.fullmatch(manifest.symbol):
        raise ModelError(f"{origin}: the manifest names no symbol: {clean(manifest.symbol, 40)!r}")
    return manifest, tree


def _check_fields(manifest: Manifest) -> None:
    """ValidationError or ValueError for what the types do not say."""
    msgspec.convert(manifest.metrics, _ShownFigures)
    msgspec.convert(manifest.config, _UsedConfig)
    if parse_iso(manifest.created_at).year not in YEARS:
        raise ValueError(f"created_at is {manifest.created_at}")
    if _day("first_bar", manifest.first_bar) > _day("last_bar", manifest.last_bar):
        raise ValueError(f"first_bar {manifest.first_bar} is after last_bar {manifest.last_bar}")
    if clean(manifest.source, len(manifest.source)) != manifest.source:
        raise ValueError(f"the source is {clean(manifest.source, 60)!r}")
    try:
        parse_source(manifest.source)
    except StockmlError as error:
        raise ValueError(error.message) from error


def _day(field: str, text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = date.min
    if day.isoformat() != text or day.year not in YEARS:
        raise ValueError(f"{field} is {clean(text, 40)!r}, no day as 2026-01-31 since {YEARS[0]}")
    return day


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
