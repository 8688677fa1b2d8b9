"""The home folder and every path in it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import ConfigError, FileError
from engine.core.reading import read_bytes
from engine.core.text import clean

SETTINGS_NAME = "stockml.toml"
_MAX_MOUNTS = 16_000_000
"""Bytes of the table of mounts; a machine of containers has thousands."""
# flock is silently local, or absent, on these (NFS without lockd, SMB, most FUSE servers).
_REMOTE = ("nfs", "cifs", "smb", "9p", "fuse", "afs", "ceph", "glusterfs", "lustre")


@dataclass(frozen=True, slots=True)
class Home:
    """Where one installation keeps everything; all paths are under `root`."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / SETTINGS_NAME

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.toml"

    @property
    def data(self) -> Path:
        return self.root / "persistent_data"

    @property
    def models(self) -> Path:
        return self.data / "ml_models"

    @property
    def ml_config(self) -> Path:
        return self.data / "ml_config.json"

    @property
    def market(self) -> Path:
        return self.data / "market_data"

    @property
    def runs(self) -> Path:
        return self.data / "runs"

    @property
    def locks(self) -> Path:
        return self.data / "locks"

    @property
    def history(self) -> Path:
        return self.data / "history.db"

    @property
    def logs(self) -> Path:
        return self.root / "logs"

    @property
    def training_log(self) -> Path:
        return self.logs / "training" / "training.log"

    @property
    def monitoring_log(self) -> Path:
        return self.logs / "monitoring" / "monitoring.log"

    @property
    def audit_log(self) -> Path:
        """Who did what, when and from where."""
        return self.logs / "audit.log"

    @property
    def link(self) -> Path:
        """What the last console measured of its link to the terminal."""
        return self.data / "console_link.json"

    @property
    def copied(self) -> Path:
        """What the console copied last."""
        return self.data / "copied.txt"

    @property
    def evaluations(self) -> Path:
        return self.root / "evaluation_results"

    def model(self, symbol: str) -> Path:
        """The live model file of `symbol`."""
        return self.models / f"{symbol.lower()}_lstm_model.h5"

    def status(self, symbol: str) -> Path:
        """The derived, rebuildable status of `symbol`."""
        return self.data / "status" / f"{symbol}.json"

    def lock(self, symbol: str) -> Path:
        """The lock held by the process that trains `symbol`."""
        return self.locks / f"{symbol}.lock"


def absolute_home(named: str) -> Path:
    """The home folder a user names, `~` expanded; ConfigError for a `~name` nobody has."""
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError as error:
        raise ConfigError(
            f"the home {clean(named, 200)} cannot be found: no such user",
            "name another with --home",
        ) from error


def check_trust(home: Home) -> None:
    """ConfigError for a home of another user, writable by others, or where locks cannot work."""
    try:
        status = home.root.stat()
    except OSError as error:
        raise ConfigError(f"cannot read the home folder {home.root}: {error.strerror}") from error
    if not home.root.is_dir():
        raise ConfigError(f"the home {home.root} is not a folder", "name a folder with --home")
    if status.st_uid != os.getuid():
        raise ConfigError(
            f"the home {home.root} belongs to user id {status.st_uid}, not to you",
            "use a folder of your own",
        )
    if status.st_mode & 0o022:
        raise ConfigError(
            f"the home {home.root} is writable by others (mode {status.st_mode & 0o777:o})",
            f"chmod go-w {home.root}",
        )
    kind = filesystem_of(home.root)
    if kind.startswith(_REMOTE):
        raise ConfigError(
            f"the home {home.root} is on {kind}, where file locks cannot be trusted",
            "use a folder on a local disk",
        )


def filesystem_of(folder: Path, table: str | None = None) -> str:
    """The type of the file system that holds `folder`; '' when it is not known."""
    if table is None:
        try:
            raw = read_bytes(Path("/proc/self/mountinfo"), _MAX_MOUNTS)
        except (OSError, FileError):
            return ""
        table = raw.decode("utf-8", "replace")
    best = ""
    kind = ""
    target = f"{folder.resolve()}/"
    for line in table.splitlines():
        left, dash, right = line.partition(" - ")
        fields = left.split()
        if not dash or len(fields) < 5:
            continue
        # The kernel escapes a space, a tab, a newline and a backslash only, as \040 and so on.
        unescaped = re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4])
        mount = unescaped.rstrip("/") + "/"
        if target.startswith(mount) and len(mount) >= len(best):
            best = mount
            kind = right.split()[0]
    return kind
