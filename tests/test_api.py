"""The entry point: a facade for each package, loaded by its first use."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from engine.api import Engine
from tests.helpers import ROOT, environment, new_home

LOADED = """
import json, sys
from engine.cli.main import main
main(sys.argv[1:])
packages = {".".join(name.split(".")[:2]) for name in sys.modules if name.startswith("engine.")}
print(json.dumps(sorted(packages)), file=sys.stderr)
"""
FACADES = [
    "bars",
    "schedule",
    "runs",
    "watch",
    "alerts",
    "models",
    "backups",
    "storage",
    "service",
    "children",
]


@pytest.mark.parametrize("words", [("config", "check"), ("--help",)])
def test_a_command_loads_only_the_packages_it_uses(tmp_path: Path, words: tuple[str, ...]) -> None:
    home = new_home(tmp_path / "h")
    process = subprocess.run(
        [sys.executable, "-c", LOADED, *words],
        env=environment(STOCKML_HOME=str(home.root)),
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    )
    loaded = set(json.loads(process.stderr.splitlines()[-1]))
    above_settings = {"market", "vault", "forecast", "runs", "watch", "service", "children"}
    assert not loaded & {f"engine.{name}" for name in above_settings}


@pytest.mark.parametrize("name", FACADES)
def test_each_facade_is_made_once_and_works_on_the_same_home(tmp_path: Path, name: str) -> None:
    engine = Engine(new_home(tmp_path / "h"))
    facade = getattr(engine, name)
    assert facade.home == engine.home
    assert facade is getattr(engine, name)
