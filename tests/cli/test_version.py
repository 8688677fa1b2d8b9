"""`stockml version` and its versions of what reads foreign bytes."""

from __future__ import annotations

import importlib.metadata
import json
import re

import pytest

from engine.cli import version
from tests.helpers import stockml


def test_the_version_alone() -> None:
    """Without an option it is the line of --version, also where there is no home."""
    ran = stockml("version")
    assert (ran.returncode, ran.stdout) == (0, stockml("--version").stdout)


def test_verbose_names_what_reads_foreign_bytes() -> None:
    """--verbose adds h5py, HDF5, h11, starlette and uvicorn, each with its number; --json too."""
    lines = stockml("version", "--verbose").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["stockml", *version.READERS]
    assert all(re.fullmatch(r"\S+ \d[\w.]+", line) for line in lines)
    assert stockml("--version", "--verbose").stdout.splitlines() == lines
    assert stockml("--verbose").returncode == 2
    tree = json.loads(stockml("version", "--verbose", "--json").stdout)
    assert tree["h11"] == importlib.metadata.version("h11")
    assert tree["HDF5"].count(".") >= 2


def test_what_is_not_installed_is_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing package has no version, and no error."""
    monkeypatch.setattr(version, "READERS", ("no-such-package",))
    assert version.reader_version("no-such-package") is None
