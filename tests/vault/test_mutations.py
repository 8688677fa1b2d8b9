"""Mutated model files, their checksums made right again: refused in words, or as they were."""

from __future__ import annotations

import random

import pytest

from engine.core.errors import FileError, ModelError
from engine.vault.inspection import Inspector
from engine.vault.seal import image_of, sealed
from tests.vault import samples


def mutated(rng: random.Random) -> bytes:
    """The sample with some bytes, a block or its end changed."""
    image = bytearray(image_of(samples.whole()))
    for _ in range(rng.choice((1, 1, 2, 8, 64))):
        # Half of the changes hit the metadata at its begin.
        place = rng.randrange(len(image) if rng.random() < 0.5 else 4096)
        image[place] = rng.choice((0, 1, 0x7F, 0x80, 0xFF, rng.randrange(256)))
    if rng.random() < 0.1:
        del image[rng.randrange(1, len(image)) :]
    if rng.random() < 0.1:
        place = rng.randrange(len(image))
        image[place : place + 64] = rng.randbytes(64)
    return sealed(bytes(image), None)


def _rounds(count: int, seed: int) -> int:
    rng = random.Random(seed)
    inspector = Inspector()
    refused = 0
    try:
        for _ in range(count):
            try:
                inspector.check(mutated(rng), "x.h5")
            except ModelError as error:
                assert error.message.startswith("x.h5") or "x.h5" in error.message
                refused += 1
            except FileError as error:  # no file may look like a fault that passes
                raise AssertionError(str(error)) from error
    finally:
        inspector.close()
    return refused


def test_mutations_are_refused_or_harmless() -> None:
    """300 mutations: each is a verdict."""
    assert _rounds(300, 1) > 100


@pytest.mark.soak
def test_many_mutations_are_refused_or_harmless() -> None:
    """3,000 mutations: each is a verdict."""
    assert _rounds(3000, 2) > 1000
