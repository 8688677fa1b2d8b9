"""The keys and certificates of a cluster, made by the `openssl` program; 0600 each.

persistent_data/cluster/
    ca.pem ca.key         the authority that both sides trust; its key never leaves this machine
    home.pem home.key     the home that hands out work
    head.pem head.key     the scheduler
    worker.pem worker.key for every machine that fits; with the unit to start it
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from engine.core.anchor import make_folder
from engine.core.errors import ConfigError, RefusedError, StockmlError
from engine.core.paths import Home
from engine.core.text import clean_bytes

ROLES = ("home", "head", "worker")
_DAYS = 3650
_WAIT_S = 60.0
_NEW_KEY = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


@dataclass(frozen=True, slots=True)
class ClusterFolder:
    """The files of one home's cluster."""

    path: Path

    @classmethod
    def of(cls, home: Home) -> ClusterFolder:
        """That of a home."""
        return cls(home.data / "cluster")

    @property
    def authority(self) -> Path:
        return self.path / "ca.pem"

    def certificate(self, role: str) -> Path:
        """The certificate of a role."""
        return self.path / f"{role}.pem"

    def key(self, role: str) -> Path:
        """The private key of a role."""
        return self.path / f"{role}.key"

    def check(self, role: str) -> None:
        """ConfigError unless the files of a role are there, the key readable by its owner alone."""
        for path in (self.authority, self.certificate(role), self.key(role)):
            if not path.is_file():
                raise ConfigError(f"{path} is missing", "stockml cluster init makes it")
        mode = self.key(role).stat().st_mode & 0o777
        if mode & 0o077:
            raise ConfigError(
                f"{self.key(role)} can be read by others: mode {mode:04o}",
                f"chmod 600 {self.key(role)}",
            )


def make_certificates(folder: ClusterFolder) -> tuple[Path, ...]:
    """Make every key and certificate; RefusedError where there are some, whole or not at all."""
    if folder.authority.exists():
        raise RefusedError(
            f"{folder.path} has certificates already",
            "move that folder away to make new ones; every worker then needs them",
        )
    if shutil.which("openssl") is None:
        raise ConfigError("there is no program `openssl` here", "install the package openssl")
    building = folder.path.with_name(f".cluster-{os.getpid()}")
    make_folder(folder.path)
    folder.path.chmod(0o700)
    building.mkdir(mode=0o700)
    try:
        _authority(building)
        for role in ROLES:
            _certificate(building, role)
        return _moved(building, folder)
    finally:
        shutil.rmtree(building, ignore_errors=True)


def _moved(building: Path, folder: ClusterFolder) -> tuple[Path, ...]:
    """The finished files in their place, the authority last: it says that all are there."""
    names = [f"{role}.{kind}" for role in ROLES for kind in ("pem", "key")]
    made = []
    for name in (*names, "ca.key", "ca.pem"):
        (building / name).chmod(0o600)
        made.append((building / name).rename(folder.path / name))
    return tuple(made)


def _authority(building: Path) -> None:
    subject = ("-days", str(_DAYS), "-subj", "/O=stockml/CN=stockml cluster")
    usage = ("-addext", "keyUsage=critical,keyCertSign,cRLSign")
    out = ("-keyout", "ca.key", "-out", "ca.pem")
    _openssl(building, (*_NEW_KEY, *out, *subject, *usage))


def _certificate(building: Path, role: str) -> None:
    """A key of the role, signed by the authority."""
    subject = ("-days", str(_DAYS), "-subj", f"/O=stockml/CN=stockml {role}")
    no_authority = ("-addext", "basicConstraints=critical,CA:FALSE")
    both_sides = ("-addext", "extendedKeyUsage=serverAuth,clientAuth")
    signed = ("-CA", "ca.pem", "-CAkey", "ca.key")
    out = ("-keyout", f"{role}.key", "-out", f"{role}.pem")
    _openssl(building, (*_NEW_KEY, *signed, *out, *subject, *no_authority, *both_sides))


def _openssl(folder: Path, words: Sequence[str]) -> None:
    try:
        ended = subprocess.run(
            ["openssl", *words], cwd=folder, capture_output=True, timeout=_WAIT_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise StockmlError(f"openssl did not work: {error}") from error
    if ended.returncode:
        last = clean_bytes(ended.stderr.strip().rpartition(b"\n")[2], 200)
        raise StockmlError(f"openssl ended with {ended.returncode}: {last}", "openssl version")
