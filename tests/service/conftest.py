"""One home with 13 models a test process, copied where a test changes it.

One service for tests that only ask.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.core.paths import Home
from tests.service.homes import Served, build_home, copied, serving


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Home:
    return build_home(tmp_path_factory.mktemp("service") / "home")


@pytest.fixture
def home(template: Home, tmp_path: Path) -> Home:
    return copied(template, tmp_path / "home")


@pytest.fixture(scope="module")
def served(template: Home, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(copied(template, tmp_path_factory.mktemp("served") / "home")) as running:
        yield running
