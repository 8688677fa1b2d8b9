"""`stockml version`: its own version, and those of what reads bytes from outside."""

from __future__ import annotations

import importlib.metadata
from pathlib import Path
from typing import TYPE_CHECKING

from engine.core.errors import ExitCode
from engine.words.figures import ABSENT

if TYPE_CHECKING:
    from engine.cli.session import Session

READERS = ("h5py", "HDF5", "h11", "starlette", "uvicorn")
"""What reads model files and requests; HDF5 is the library inside h5py."""


def version(session: Session, verbose: bool) -> int:
    """Print the version; with `verbose` those of what reads foreign bytes as well."""
    readers = {name: reader_version(name) for name in READERS} if verbose else {}
    if session.json:
        session.document({"stockml": installed_version(), **readers})
    else:
        lines = [f"{name} {number or ABSENT}" for name, number in readers.items()]
        session.facts([f"stockml {installed_version()}", *lines])
    return ExitCode.DONE


def installed_version() -> str:
    """The version of the installed package, or of the checkout with this file."""
    try:
        return importlib.metadata.version("stockml")
    except importlib.metadata.PackageNotFoundError:
        import tomllib

        project = tomllib.loads(
            (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
        )
        return str(project["project"]["version"])


def reader_version(name: str) -> str | None:
    """The version of one of READERS, None where it is not installed."""
    try:
        if name == "HDF5":
            import h5py

            return str(h5py.version.hdf5_version)
        return importlib.metadata.version(name)
    except ImportError:
        return None
