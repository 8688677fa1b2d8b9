"""The home folder and every path in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from engine.core.errors import ConfigError
from engine.core.text import clean

SETTINGS_NAME = "stockml.toml"


@lru_cache(maxsize=256)
def _below(root: Path, *names: str) -> Path:
    """A folder below `root`; joining costs more than a look at the disk, and each symbol asks."""
    return root.joinpath(*names)


@dataclass(frozen=True, slots=True)
class Home:
    """Where one installation keeps everything; all paths are under `root`."""

    root: Path

    @property
    def settings(self) -> Path:
        return self.root / SETTINGS_NAME

    @property
    def symbols(self) -> Path:
        """Symbols beside those of stockml.toml; alone it makes no home."""
        return self.root / "symbols.csv"

    @property
    def secrets(self) -> Path:
        return self.root / "secrets.toml"

    @property
    def data(self) -> Path:
        return self.root / "persistent_data"

    @property
    def models(self) -> Path:
        return _below(self.root, "persistent_data", "ml_models")

    @property
    def ml_config(self) -> Path:
        return self.data / "ml_config.json"

    @property
    def market(self) -> Path:
        return _below(self.root, "persistent_data", "market_data")

    @property
    def runs(self) -> Path:
        return self.data / "runs"

    @property
    def locks(self) -> Path:
        return self.data / "locks"

    @property
    def seal_key(self) -> Path:
        """The secret that seals this home's model files; 0600."""
        return self.data / "seal.key"

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
        return _below(self.root, "persistent_data", "status") / f"{symbol}.json"

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
