"""The wheel in an environment of its own: what it holds, and that it does the main job."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import ROOT


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built from a copy without what is not in the repository."""
    folder = tmp_path_factory.mktemp("wheel")
    tree = folder / "tree"
    tree.mkdir()
    names = ("engine", "tui", "man", "pyproject.toml", "README.md", "LICENSE")
    for name in names:
        (tree / name).symlink_to(ROOT / name)
    line = [sys.executable, "-m", "build", "--no-isolation", "--wheel", "--outdir", str(folder)]
    subprocess.run([*line, str(tree)], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The folder of programs of a fresh environment with the wheel; it borrows the libraries."""
    root = tmp_path_factory.mktemp("environment")
    venv.create(root, with_pip=False, symlinks=True)
    python = root / "bin" / "python"
    line = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run(
        [*line, "--no-index", "--disable-pip-version-check", str(wheel)],
        check=True,
        capture_output=True,
    )
    (site,) = root.glob("lib/python*/site-packages")
    (site / "borrowed.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    yield root / "bin"


def run(programs: Path, home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """The installed `stockml`, away from the checkout."""
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    return subprocess.run(
        [str(programs / "stockml"), *words],
        cwd=home,
        env={**environ, "STOCKML_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_wheel_holds_every_packaged_file_and_no_test(wheel: Path) -> None:
    """The default settings, calendar, scale, styles and the man page; engine and tui alone."""
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names} <= {"engine", "tui"} | {
        name.split("/")[0] for name in names if ".dist-info/" in name or ".data/" in name
    }
    packaged = [
        path.relative_to(ROOT).as_posix()
        for package in ("engine", "tui")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    assert packaged
    assert set(packaged) <= set(names)
    assert any(name.endswith("share/man/man1/stockml.1") for name in names)
    assert not [name for name in names if "test" in name.split("/")]


def test_the_installed_program_trains_and_forecasts(installed: Path, tmp_path: Path) -> None:
    """A fresh home, two symbols trained, their forecasts, and the console's modules."""
    version = run(installed, tmp_path, "--version")
    assert (version.returncode, version.stdout.split()[0]) == (0, "stockml")
    words = ("train", "NVDA", "SPY", "--members", "naive,enhanced", "--source", "simulated")
    trained = run(installed, tmp_path, *words)
    assert trained.returncode == 0, trained.stdout + trained.stderr
    forecast = run(installed, tmp_path, "predict", "NVDA", "--source", "simulated", "--json")
    assert forecast.returncode == 0, forecast.stderr
    where = subprocess.run(
        [str(installed / "python"), "-c", "import tui.app, engine; print(engine.__file__)"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()).is_relative_to(installed.parent)
