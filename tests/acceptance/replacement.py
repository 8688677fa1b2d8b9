"""The replacement matrix: what may lie in place of a file of a home, and who reads each file."""

from __future__ import annotations

import os
import random
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from engine.core.paths import Home
from tests.helpers import new_home, stockml

HUGE = 8 * 2**30
LIMIT_S = 5.0
"""Within which a command that meets such a thing ends, on a machine that is not loaded."""
EXPECTED_CODES = frozenset({0, 1, 2, 3, 4, 5, 75})
# The repr of an exception, and what a crash leaves on the terminal.
UNTYPED = re.compile(r"Traceback|crash-|\b[A-Z]\w+(Error|Exception)\(|decode byte")


def huge(path: Path) -> None:
    """Eight gigabytes without a block on the disk."""
    with path.open("wb") as file:
        file.truncate(HUGE)


THINGS: dict[str, Callable[[Path], object]] = {
    "pipe": os.mkfifo,
    "folder": Path.mkdir,
    "loop": lambda path: path.symlink_to(path.name),
    "dangling": lambda path: path.symlink_to("nowhere"),
    "zeros": lambda path: path.symlink_to("/dev/zero"),
    "huge": huge,
    "garbage": lambda path: path.write_bytes(random.Random(1).randbytes(50_000)),
    "NULs": lambda path: path.write_bytes(b"\0" * 50_000),
    "deep": lambda path: path.write_bytes(b'{"a":' * 10_000 + b"1" + b"}" * 10_000),
    "deep toml": lambda path: path.write_bytes(b"a = " + b"[" * 10_000 + b"]" * 10_000),
    "empty": lambda path: path.write_bytes(b""),
    "nothing": lambda path: None,
}
"""What may lie in place of a file."""


@dataclass(frozen=True, slots=True)
class HomeFile:
    """A file of a home, and the commands that read it."""

    path: str
    """Below the home, as a pattern that one file fits."""
    readers: tuple[str, ...]
    """Commands that start nothing; `BACKUP` and `RUN` stand for the newest of each."""
    starters: tuple[str, ...] = ()
    """Commands that start processes: only as soak."""
    symbol: str = ""
    """The symbol that alone may be affected."""


CHECK = "performance --no-train"
DATA = "persistent_data"
FILES = (
    HomeFile(
        "stockml.toml",
        ("status", "health", "config show", "config check", "config set training.epochs 7"),
        ("train NVDA", "doctor"),
    ),
    HomeFile(
        "secrets.toml", ("status", "health", CHECK, "alerts list", "serve --make-token", "doctor")
    ),
    HomeFile(
        f"{DATA}/ml_models/nvda_lstm_model.h5",
        ("status", "predict NVDA SPY", CHECK, "backup", "health", "clean --yes"),
        ("train NVDA --members naive",),
        symbol="NVDA",
    ),
    HomeFile(
        f"{DATA}/ml_models/backup_*/nvda_lstm_model.h5",
        ("backups list", "backups verify", "restore BACKUP NVDA --yes", "clean --yes"),
        ("train NVDA --members naive",),
        symbol="NVDA",
    ),
    HomeFile(
        f"{DATA}/ml_models/backup_*/manifest.json",
        ("backups list", "backups verify", "restore BACKUP NVDA --yes", "clean --yes", "backup"),
        ("train NVDA --members naive",),
    ),
    HomeFile(
        f"{DATA}/seal.key",
        ("predict NVDA SPY", "backup", "health", "doctor --repair"),
        ("train NVDA --members naive",),
    ),
    HomeFile(f"{DATA}/status/NVDA.json", ("status", "health", "dashboard", CHECK), (), "NVDA"),
    HomeFile(
        f"{DATA}/market_data/simulated/NVDA.csv",
        ("status", "predict NVDA SPY", "data check", CHECK),
        ("train NVDA --members naive",),
        symbol="NVDA",
    ),
    HomeFile(
        f"{DATA}/market_data/simulated/NVDA.json",
        ("status", "predict NVDA SPY", "data check", CHECK),
        symbol="NVDA",
    ),
    HomeFile(f"{DATA}/runs/*/spec.json", ("runs list", "runs show RUN", "status", "clean --yes")),
    HomeFile(f"{DATA}/runs/*/result.json", ("runs list", "runs show RUN", "status", "clean --yes")),
    HomeFile(f"{DATA}/runs/*/events.jsonl", ("runs list", "runs show RUN", "status", "health")),
    HomeFile(
        f"{DATA}/runs/*/lock", ("runs list", "runs show RUN", "status"), ("train SPY --epochs 2",)
    ),
    HomeFile(f"{DATA}/runs/*/worker-1.log", ("runs show RUN", "runs list")),
    HomeFile(f"{DATA}/locks/NVDA.lock", ("status", "runs list"), ("train NVDA",), "NVDA"),
    HomeFile(f"{DATA}/locks/.starting", ("status",), ("train NVDA",)),
    HomeFile(f"{DATA}/locks/.status", ("status", "predict NVDA")),
    HomeFile(f"{DATA}/locks/.service", ("status", "health", CHECK)),
    HomeFile(f"{DATA}/locks/backups.lock", ("backup", "clean --yes", "backups list")),
    HomeFile(f"{DATA}/locks/settings.lock", ("config set training.epochs 7", "config show")),
    HomeFile(f"{DATA}/locks/cron-clean.lock", ("status",), ("cron-run clean",)),
    HomeFile(f"{DATA}/ml_config.json", ("status",)),
    HomeFile(
        f"{DATA}/history.db",
        ("status", "health", CHECK, "alerts list", "accuracy", "hold SPY --reason x"),
        ("clean --yes",),
    ),
    HomeFile("logs/audit.log", ("audit", "hold SPY --reason x")),
    HomeFile("logs/training/training.log", ("status",), ("train NVDA",)),
    HomeFile("logs/monitoring/monitoring.log", (CHECK, "health")),
    HomeFile(
        "logs/monitoring/performance_history.jsonl", (CHECK, "dashboard", "performance --report")
    ),
    HomeFile(f"{DATA}/market_data/report_edits.json", ("data reports NVDA", "status")),
    HomeFile(f"{DATA}/market_data/report_lookups.json", ("data reports NVDA", "status")),
    HomeFile(f"{DATA}/console_link.json", ("doctor",)),
)
"""Every file that a command reads."""


def a_home(folder: Path) -> Home:
    """A home with models, a backup, a run, checks and logs of NVDA and SPY."""
    home = new_home(
        folder,
        market__source="simulated",
        market__simulated_sessions=700,
        training__worker_memory_mb=0,
    )
    for words in ("train NVDA SPY --members naive", "backup", CHECK, "clean --yes"):
        ran = stockml(*words.split(), "--home", str(home.root))
        assert ran.returncode == 0, ran.stderr
    return home


def place(home: Home, file: HomeFile) -> Path:
    """Where the file lies, the newest of those that fit; its folder is there."""
    if "*" not in file.path:
        path = home.root / file.path
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
    return max(home.root.glob(file.path))


def replace_file(home: Home, file: HomeFile, thing: str) -> None:
    """Put `thing` in place of the file."""
    path = place(home, file)
    path.unlink(missing_ok=True)
    THINGS[thing](path)
    if file.path == "secrets.toml" and path.is_file() and not path.is_symlink():
        path.chmod(0o600)


def words_of(home: Home, command: str) -> list[str]:
    """The words of a command on this home."""
    names = {
        "BACKUP": max(home.models.glob("backup_*")).name,
        "RUN": max(home.runs.iterdir()).name,
    }
    return [*(names.get(word, word) for word in command.split()), "--home", str(home.root)]


def complaints(home: Home, file: HomeFile, code: int, printed: str) -> list[str]:
    """What is wrong with how a command ended."""
    wrong = []
    if code not in EXPECTED_CODES:
        wrong.append(f"exit {code}")
    if untyped := UNTYPED.search(printed):
        wrong.append(f"untyped: {untyped[0]}")
    if any(home.logs.glob("stockml-crash-*")):
        wrong.append("a crash file")
    return [f"{each}: {printed[-400:]}" for each in wrong]
