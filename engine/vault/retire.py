"""The models of removed symbols: moved into a backup, which `clean` drops on a day that is said."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.files import fsync_dir
from engine.core.paths import Home
from engine.settings.schema import Settings
from engine.vault.backup import back_up, backups_lock
from engine.vault.removal import TRASH

REASON = "removed"
NEVER = "never"
"""In place of the day of a backup that stays for good."""


def drop_day(settings: Settings, now: datetime, keep: bool) -> str:
    """The day on which the backup of a symbol removed now is dropped; empty for never."""
    if keep:
        return ""
    return str(now.astimezone().date() + timedelta(days=settings.backup.retention_days))


class Retirement:
    """The move of the live models of some symbols into one backup."""

    def __init__(
        self, home: Home, settings: Settings, symbols: tuple[str, ...], clock: Clock, keep: bool
    ) -> None:
        self.home = home
        self.settings = settings
        self.symbols = tuple(name for name in symbols if os.path.lexists(home.model(name)))
        self.clock = clock
        self.drop_on = drop_day(settings, clock.now(), keep)
        self.backup = ""
        """Its name, once it is made; there is none where no symbol has a model."""
        self.problems: tuple[str, ...] = ()

    @contextmanager
    def moved(self) -> Iterator[None]:
        """The models are in a backup and not live; they are live again when the block fails.

        StockmlError when one cannot be backed up; then nothing moves.
        """
        if not self.symbols:
            yield
            return
        with backups_lock(self.home, f"symbols remove, process {os.getpid()}"):
            self._back_up()
            aside = {}
            try:
                for name in self.symbols:
                    path = self.home.model(name)
                    aside[path] = path.with_name(f"{TRASH}{path.name}-{secrets.token_hex(4)}")
                    path.rename(aside[path])
                yield
            except BaseException:
                _back(aside)
                raise
            for trash in aside.values():
                trash.unlink(missing_ok=True)
            fsync_dir(self.home.models)
        for name in self.symbols:
            self.home.status(name).unlink(missing_ok=True)

    def _back_up(self) -> None:
        made = back_up(
            self.home,
            self.settings,
            self.symbols,
            self.clock,
            reason=REASON,
            drop_on=self.drop_on or NEVER,
        )
        missing = [name for name in self.symbols if made.backup.entry(name) is None]
        if missing:
            raise StockmlError(
                f"the model file of {' '.join(missing)} cannot be read, so it is not backed up",
                "nothing was removed; see `stockml doctor`",
            )
        self.backup, self.problems = made.backup.name, made.problems


def _back(aside: dict[Path, Path]) -> None:
    for path, trash in aside.items():
        if trash.exists():
            trash.rename(path)
