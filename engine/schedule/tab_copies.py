"""Copies of the user's whole crontab, one before every write of ours; `undo` restores them.

    $XDG_STATE_HOME/stockml/crontab-backups/20261122T020001.123456Z-set-1f0c….tab   0600, 50 kept

The name has the time, the reason, the home, and the SHA-256 of the tab before and after; `none`
means no tab. An undo leaves a copy too, which cancels the older one.
"""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from engine.core.clock import Clock
from engine.core.errors import StockmlError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.reading import read_bytes

KEPT = 50
UNDO = "undo"
CHECK = "check"
"""The reason of a check's writes, which take themselves back: `undo` passes them over."""
_STAMP = "%Y%m%dT%H%M%S.%fZ"
_NAME = re.compile(
    r"(?P<stamp>\d{8}T\d{6}\.\d{6}Z)-(?P<reason>[a-z-]+)-(?P<home>[0-9a-f]{8})"
    r"-(?P<before>[0-9a-f]{16}|none)-(?P<after>[0-9a-f]{16}|none)\.tab"
)


@dataclass(frozen=True, slots=True)
class TabCopy:
    """One copy; `before` is the digest of the tab copied, `after` of the tab written over it."""

    path: Path
    at: datetime
    _: KW_ONLY
    reason: str
    home: str
    before: str
    after: str

    def tab(self) -> bytes | None:
        """The bytes of the copy, None for no tab; StockmlError when they do not match its name."""
        if self.before == "none":
            return None
        try:
            data = read_bytes(self.path)
        except FileNotFoundError as error:
            raise StockmlError(f"the backup {self.path} went away") from error
        if tab_digest(data) != self.before:
            raise StockmlError(
                f"the backup {self.path} was changed",
                "choose another one by hand: they are plain crontabs",
            )
        return data


def state_folder(environ: Mapping[str, str] | None = None) -> Path:
    """$XDG_STATE_HOME/stockml: the crontab belongs to the user, not to one home."""
    environ = os.environ if environ is None else environ
    base = environ.get("XDG_STATE_HOME", "")
    # The specification: a relative path is to be ignored.
    root = Path(base) if base.startswith("/") else Path.home() / ".local" / "state"
    return root / "stockml"


def tab_digest(tab: bytes | None) -> str:
    """The first 16 digits of the tab's SHA-256, or `none`."""
    return "none" if tab is None else hashlib.sha256(tab).hexdigest()[:16]


def home_digest(home: Home) -> str:
    """Eight digits that identify a home in a file name."""
    return hashlib.sha256(os.fsencode(home.root)).hexdigest()[:8]


@dataclass(frozen=True, slots=True)
class TabCopies:
    """The copies in one state folder."""

    state: Path
    clock: Clock

    @property
    def folder(self) -> Path:
        return self.state / "crontab-backups"

    def all(self) -> tuple[TabCopy, ...]:
        """Every copy, oldest first."""
        try:
            names = sorted(path.name for path in self.folder.iterdir())
        except FileNotFoundError:
            return ()
        except OSError as error:
            raise StockmlError(
                f"cannot read the copies in {self.folder}: {error.strerror}", "nothing was changed"
            ) from error
        matches = (match for name in names if (match := _NAME.fullmatch(name)))
        return tuple(
            TabCopy(
                self.folder / match[0],
                datetime.strptime(match["stamp"], _STAMP).replace(tzinfo=UTC),
                reason=match["reason"],
                home=match["home"],
                before=match["before"],
                after=match["after"],
            )
            for match in matches
        )

    def keep(self, home: Home, reason: str, *, before: bytes | None, after: bytes | None) -> Path:
        """Save a copy of `before` and delete the oldest beyond 50; StockmlError if it cannot."""
        older = self.all()
        at = self.clock.now().astimezone(UTC)
        if older and at <= older[-1].at:
            # Names must sort in the order of the writes, also when the clock stood or went back.
            at = older[-1].at + timedelta(microseconds=1)
        digests = f"{home_digest(home)}-{tab_digest(before)}-{tab_digest(after)}"
        name = f"{at.strftime(_STAMP)}-{reason}-{digests}.tab"
        try:
            make_private(self.folder)
            write_atomic(self.folder / name, before or b"", 0o600, "crontab-backup")
        except OSError as error:
            raise StockmlError(
                f"cannot keep a copy of your crontab in {self.folder}: {error.strerror}",
                "nothing was changed",
            ) from error
        for copy in older[: max(0, len(older) + 1 - KEPT)]:
            with suppress(FileNotFoundError):
                copy.path.unlink()
        return self.folder / name

    def to_undo(self, home: Home) -> TabCopy | None:
        """The copy that the next undo of this home restores: the newest not undone yet."""
        undone = 0
        for copy in reversed(self.all()):
            if copy.home != home_digest(home) or copy.reason == CHECK:
                continue
            if copy.reason == UNDO:
                undone += 1
            elif undone:
                undone -= 1
            else:
                return copy
        return None


def make_private(folder: Path) -> None:
    """Make the folder, for this user alone: a crontab may hold secrets."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
