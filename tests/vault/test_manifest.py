"""The manifest: each field is within its range when it is read, or the file is refused."""

from __future__ import annotations

import json
import math
from dataclasses import asdict
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.errors import ModelError
from engine.vault.manifest import (
    Manifest,
    canonical_json,
    manifest_tree,
    model_info,
    parse_manifest,
)
from tests.vault import samples

TREE = manifest_tree(
    samples.manifest(
        champion={"sessions": 120, "metrics": {"mape": 1.5}},
        config={"sequence_length": 60, "max_mape": 5.0, "members": ["naive"]},
    )
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    2**63,
    10**400,
    float("nan"),
    float("inf"),
    -1e300,
    "",
    "0001-01-01",
    "9999-99-99",
    "2026-02-30",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59Z",
    "\x1b[2J",
    "\ud800",
    "\0",
    "x" * 1_000_000,
    [],
    ["x"] * 2000,
    [[[[]]]],
    {},
    {"": 1},
    {"x" * 100: 0.5},
    {"naive": 10**400},
    {"naive": float("nan")},
    {"naive": "0.5"},
)
INSIDE = ("metrics.mape", "metrics.n_scored", "weights.naive", "config.sequence_length")


def strange(field: str, value: Any) -> bytes:
    """The manifest with another value in one field, as Python's JSON writes it."""
    name, _, inner = field.partition(".")
    changed = {**TREE[name], inner: value} if inner else value
    return json.dumps({**TREE, name: changed}).encode()


@pytest.mark.parametrize("field", [*TREE, *INSIDE])
def test_a_field_is_in_range_or_refused(field: str) -> None:
    """Whatever stands in a field, the manifest is refused in words, or can be shown and kept."""
    for value in VALUES:
        try:
            manifest, tree = parse_manifest(strange(field, value), "x.h5")
            canonical_json(tree)
        except ModelError as error:
            assert len(error.message) < 400 and error.message.isprintable()
            continue
        info = model_info(manifest, 1)
        assert info.first_bar <= info.last_bar and 1900 <= info.trained_at.year <= 2200
        json.dumps(asdict(info.metrics), allow_nan=False).encode()
        assert all(math.isfinite(weight) for _, weight in info.weights)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_bar", ""),
        ("last_bar", "9999-99-99"),
        ("last_bar", "0001-01-01"),
        ("last_bar", "20260630"),
        ("first_bar", "2026-07-01"),
        ("created_at", "0001-01-01T00:00:00Z"),
        ("created_at", "9999-12-31T23:59:59Z"),
        ("generation", -1),
        ("generation", 2**63),
        ("n_bars", 10**400),
        ("seed", 2**63),
        ("reason", "x" * 100_000),
        ("source", ""),
        ("source", "csv:\0"),
        ("feature_names", ["\x1b[2J"]),
        ("metrics.mape", 10**400),
        ("metrics.mape", -1),
        ("metrics.direction_accuracy", 101),
        ("metrics.anything", float("nan")),
        ("metrics.n_scored", 2**63),
        ("weights.naive", -1),
        ("weights.naive", 2),
        ("config.sequence_length", 0),
        ("config.sequence_length", "x"),
        ("config.max_mape", float("nan")),
    ],
)
def test_a_strange_field_is_refused(field: str, value: Any) -> None:
    """A value that no training writes is a ModelError that names the file."""
    with pytest.raises(ModelError, match=r"x\.h5: the manifest is not (valid|readable)"):
        parse_manifest(strange(field, value), "x.h5")


def test_the_usual_manifest_is_read() -> None:
    """What a training writes is within the ranges."""
    manifest, tree = parse_manifest(json.dumps(TREE).encode(), "x.h5")
    assert isinstance(manifest, Manifest) and tree["metrics"] == TREE["metrics"]


@given(st.binary(max_size=300))
def test_any_bytes_are_a_manifest_or_refused(raw: bytes) -> None:
    """Bytes that are no manifest are a ModelError, nothing else."""
    with pytest.raises(ModelError):
        parse_manifest(raw, "x.h5")


@pytest.mark.parametrize(
    "text", ["[" * 50_000, '{"format":1,"config":' + '{"a":' * 900 + "1" + "}" * 901]
)
def test_deep_nesting_is_refused(text: str) -> None:
    """Nesting that would end the parser is a ModelError."""
    with pytest.raises(ModelError):
        parse_manifest(text.encode(), "x.h5")
