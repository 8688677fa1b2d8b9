"""The home folder and every path in it."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import ConfigError
from engine.core.files import temporary_name, write_atomic
from engine.core.text import clean

SETTINGS_NAME = "stockml.toml"
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
        """What the last console measured of its line to the terminal."""
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


def default_settings() -> str:
    """The packaged stockml.toml."""
    return (Path(__file__).parent / "default.toml").read_text(encoding="utf-8")


def find_home(given: str | None, environ: Mapping[str, str], cwd: Path) -> Home:
    """The home named by `--home` or STOCKML_HOME (created when absent), else the nearest folder
    upwards.

    Raises ConfigError when there is none, or when it cannot be trusted.
    """
    named = given or environ.get("STOCKML_HOME")
    if named:
        home = Home(absolute(named))
        prepare(home)
        return home
    for folder in (cwd, *cwd.parents):
        if (folder / SETTINGS_NAME).is_file():
            home = Home(folder)
            check_trust(home)
            return home
    raise ConfigError(
        f"no {SETTINGS_NAME} in {cwd} or above it",
        "name a home folder: stockml --home DIR, or STOCKML_HOME",
    )


def absolute(named: str) -> Path:
    """The home folder that a user names, `~` read; ConfigError for a `~name` that nobody has."""
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError as error:
        raise ConfigError(
            f"the home {clean(named, 200)} cannot be found: no such user",
            "name another with --home",
        ) from error


def prepare(home: Home) -> None:
    """Create the home with the packaged settings where they are missing;
    ConfigError when it cannot be."""
    try:
        home.root.mkdir(parents=True, exist_ok=True, mode=0o755)
    except OSError as error:
        raise ConfigError(
            f"cannot create the home folder {home.root}: {error.strerror}",
            "name another with --home",
        ) from error
    check_trust(home)
    if not home.settings.exists():
        try:
            _write_first(home.settings)
        except OSError as error:
            raise ConfigError(
                f"cannot write {home.settings}: {error.strerror}", "free space or name another home"
            ) from error


def _write_first(path: Path) -> None:
    """The packaged settings, whole or not at all;
    what another first start, or an operator, has put there stands."""
    aside = temporary_name(path)
    write_atomic(aside, default_settings().encode("utf-8"), name="first_settings")
    try:
        os.link(aside, path)  # a rename would replace what came meanwhile
    except FileExistsError:
        pass
    except OSError:  # a file system without hard links
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def check_trust(home: Home) -> None:
    """Refuse a home of another user, one writable by others, or one on a file system where locks
    lie."""
    try:
        found = home.root.stat()
    except OSError as error:
        raise ConfigError(f"cannot read the home folder {home.root}: {error.strerror}") from error
    if not home.root.is_dir():
        raise ConfigError(f"the home {home.root} is not a folder", "name a folder with --home")
    if found.st_uid != os.getuid():
        raise ConfigError(
            f"the home {home.root} belongs to user id {found.st_uid}, not to you",
            "use a folder of your own",
        )
    if found.st_mode & 0o022:
        raise ConfigError(
            f"the home {home.root} is writable by others (mode {found.st_mode & 0o777:o})",
            f"chmod go-w {home.root}",
        )
    kind = filesystem(home.root)
    if kind.startswith(_REMOTE):
        raise ConfigError(
            f"the home {home.root} is on {kind}, where file locks cannot be trusted",
            "use a folder on a local disk",
        )


def filesystem(folder: Path, table: str | None = None) -> str:
    """The type of the file system that holds `folder` ('' when it cannot be told)."""
    if table is None:
        try:
            table = Path("/proc/self/mountinfo").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return ""
    best, kind = "", ""
    target = f"{folder.resolve()}/"
    for line in table.splitlines():
        left, dash, right = line.partition(" - ")
        fields = left.split()
        if not dash or len(fields) < 5:
            continue
        # The kernel writes a space, a tab, a newline and a backslash as \040 and so on, and all
        # else as it is.
        mount = (
            re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]).rstrip("/") + "/"
        )
        if target.startswith(mount) and len(mount) >= len(best):
            best, kind = mount, right.split()[0]
    return kind
