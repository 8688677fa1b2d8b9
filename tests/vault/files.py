"""Model files as tests read and write them: the home is the one that the path lies in."""

from __future__ import annotations

from pathlib import Path

from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.vault import backups, model_reader, publish
from engine.vault.manifest import Manifest
from engine.vault.model_file import Arrays, StoredModel, encode_model
from engine.vault.model_reader import ModelReader
from engine.vault.network import KerasLayer
from engine.vault.records import Backup, FileCheck
from engine.vault.seal import make_key


def home_of(path: Path) -> Home:
    """The home whose models `path` lies among; one beside it for a file elsewhere."""
    folders = [folder for folder in path.parents if folder.name == "ml_models"]
    return Home(folders[0].parents[1] if folders else path.parent)


def read_model(path: Path) -> StoredModel:
    """The model in `path`, as the product reads it."""
    return model_reader.read_model(home_of(path), path)


def write_model(
    path: Path, manifest: Manifest, layers: tuple[KerasLayer, ...], arrays: Arrays
) -> Manifest:
    """Write a model file sealed by its home; its manifest with the digest."""
    written, data = encode_model(manifest, layers, arrays, make_key(home_of(path)))
    write_atomic(path, data)
    return written


def verify_backup(backup: Backup) -> tuple[FileCheck, ...]:
    """Each file of a backup read again."""
    with ModelReader(home_of(backup.path)) as reader:
        return backups.verify_backup(backup, reader)


def highest_generation(home: Home, symbol: str, history_max: int = 0) -> int:
    """The highest generation of a symbol with a trace."""
    with ModelReader(home) as reader:
        return publish.highest_generation(home, symbol, reader, history_max)
