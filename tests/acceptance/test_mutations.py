"""Text files of a home changed at random: every reader takes them or refuses them in words."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from engine.core.paths import Home
from tests.acceptance.mutations import READERS, WRITTEN, mutated, untyped
from tests.acceptance.replacement import a_home

SEED = 1
SLOW_S = 5.0


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Home:
    home = a_home(tmp_path_factory.mktemp("mutations") / "home")
    for name, text in WRITTEN.items():
        path = home.root / name
        path.write_text(text)
        path.chmod(0o600)
    return home


def original(home: Home, name: str) -> Path:
    """The file, made where the sample has none."""
    if "*" in name:
        return max(home.root.glob(name))
    path = home.root / name
    if not path.exists():
        path.write_text('{"symbols": {}}')
    return path


def faults(home: Home, name: str, tries: int) -> list[str]:
    """The untyped errors and the slow readings of so many mutations of a file."""
    path = original(home, name)
    raw = path.read_bytes()
    dice = random.Random(f"{SEED} {name}")
    wrong = []
    for number in range(tries):
        path.write_bytes(mutated(raw, dice))
        begun = time.monotonic()
        if error := untyped(home, READERS[name]):
            wrong.append(f"mutation {number}: {error}")
        if time.monotonic() - begun > SLOW_S:
            wrong.append(f"mutation {number} is slow")
    path.write_bytes(raw)
    return wrong


@pytest.mark.parametrize("name", READERS)
def test_some_mutations_are_read_or_refused(sample: Home, name: str) -> None:
    """Forty of each file."""
    assert faults(sample, name, 40) == []


@pytest.mark.soak
@pytest.mark.parametrize("name", READERS)
def test_many_mutations_are_read_or_refused(sample: Home, name: str) -> None:
    """5,040 in all."""
    assert faults(sample, name, 360) == []


def test_an_untyped_error_is_noticed(tmp_path: Path) -> None:
    """A reader that lets another error out is named."""

    def broken(_: Home) -> object:
        return int("x")

    assert untyped(Home(tmp_path), (broken,)).startswith("ValueError")
