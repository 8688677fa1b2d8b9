"""The console's two ports: who fits them."""

from __future__ import annotations

from pathlib import Path

from engine.api import Engine
from engine.core.paths import Home
from tests.tui.fake import FakeEngine
from tests.tui.scenes import training_home
from tui.app import StockmlApp
from tui.ports import EnginePort, Shell


def test_the_engine_and_its_fake_fit_the_port(tmp_path: Path) -> None:
    """The type checker compares them; here they are made."""
    engines: list[EnginePort] = [
        Engine(Home(tmp_path / "real"), source="simulated"),
        FakeEngine(tmp_path / "fake", training_home()),
    ]

    assert [tmp_path / "real", tmp_path / "fake"] == [engine.home.root for engine in engines]


def test_the_application_is_the_shell_of_its_screens(tmp_path: Path) -> None:
    """The type checker compares them; every part of the protocol is there."""
    shell: Shell = StockmlApp(FakeEngine(tmp_path, training_home()))

    for name in Shell.__annotations__:
        assert hasattr(shell, name), name
