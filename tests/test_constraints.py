"""The lower bounds of what is installed, and the versions that are pinned."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.helpers import ROOT

KNOWN_HOLES = {
    "h11": ("0.15.0", "0.14.0"),  # CVE-2025-43859: chunks that two readers see differently
    "starlette": ("1.2.9", "1.0.1"),  # CVE-2026-54282: a path read as a host
    "h5py": ("3.13.0",),  # HDF5 1.14.5 and older
    "scikit-learn": ("1.4.2",),  # CVE-2024-5206
}
"""Versions that no bound may allow."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PINS = {
    canonicalize_name(name): Version(number)
    for line in (ROOT / "constraints.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
    for name, _, number in [line.partition("==")]
}
REQUIRED = [
    requirement
    for line in (*PROJECT["project"]["dependencies"], *PROJECT["dependency-groups"]["dev"])
    if (requirement := Requirement(line)).marker is None or requirement.marker.evaluate()
]


@pytest.mark.parametrize("requirement", REQUIRED, ids=lambda requirement: requirement.name)
def test_each_requirement_is_pinned_within_its_bounds(requirement: Requirement) -> None:
    """constraints.txt pins everything that is asked for, at a version that the bounds allow."""
    assert PINS[canonicalize_name(requirement.name)] in requirement.specifier


@pytest.mark.parametrize("name", KNOWN_HOLES)
def test_no_bound_allows_a_known_hole(name: str) -> None:
    """Neither the bounds nor the pins reach a version with a published hole."""
    (requirement,) = (each for each in REQUIRED if each.name == name)
    assert not [number for number in KNOWN_HOLES[name] if number in requirement.specifier]
    assert PINS[canonicalize_name(name)] > max(map(Version, KNOWN_HOLES[name]))


def test_every_requirement_has_a_lower_bound() -> None:
    """Without one an old environment could resolve to anything."""
    unbound = [
        each.name
        for each in REQUIRED
        if not any(limit.operator in (">=", "~=", "==") for limit in each.specifier)
    ]
    assert unbound == []
