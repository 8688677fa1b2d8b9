"""The one way to write the user's tab: compare, check, keep a copy, compare again, install, read
back.

1  take the user's lock                       5  dry run, where the implementation has one
2  read; not what was approved: Conflict      6  keep a copy
3  nothing to change: done, nothing written   7  read again; changed since: Conflict
4  bytes outside our block differ: stop       8  install from a 0600 file
                                              9  read back and compare

Between 7 and 8 lies the only gap: a foreign program that writes in those few milliseconds is
overwritten, as crontab has no lock of its own. What it does before is a Conflict and stays; what
it does after is reported by 9.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from engine.core.errors import BusyError, RefusedError, StockmlError
from engine.core.failpoints import failpoint
from engine.core.files import FileLock, lock_holder, temporary_name, write_atomic
from engine.core.paths import Home
from engine.schedule.block import keeps_foreign_bytes
from engine.schedule.crontab import Crontab
from engine.schedule.tab_copies import TabCopies, make_private

# Seconds to wait for another stockml; a write takes a tenth of one.
_WAIT_S = 10.0


class ConflictError(RefusedError):
    """The tab is not the one that the change was made for; the other program's change stands."""


class OverwrittenError(StockmlError):
    """After the install the tab was not the one written; both versions are kept."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """What a write did; without a change nothing was touched."""

    changed: bool
    backup: Path | None = None


def swap(
    crontab: Crontab,
    backups: TabCopies,
    home: Home,
    approved: bytes | None,
    wanted: bytes | None,
    reason: str,
) -> WriteResult:
    """Put `wanted` in the place of `approved`, where `None` is no tab at all.

    Raises ConflictError when the tab is another one by now, RefusedError when foreign bytes
    would change, CrontabError when cron says no, OverwrittenError when another program wrote at
    the same moment, BusyError when another stockml writes.
    """
    with _locked(backups.state):
        _expect(crontab.read(), approved, "since you looked")
        if wanted == approved:
            return WriteResult(False)
        if not keeps_foreign_bytes(approved, wanted, home):
            raise RefusedError(
                "the new crontab would change lines that are not stockml's",
                "this is a fault of stockml; nothing was written",
            )
        with _file(backups.state, wanted) as file:
            if file:
                crontab.check(file)
            backup = backups.keep(home, reason, approved, wanted)
            failpoint("crontab.copied")
            try:
                _expect(crontab.read(), approved, "while it was checked")
            except StockmlError:
                _forget(backup)
                raise
            try:
                _put(crontab, file)
            except StockmlError:
                if (
                    crontab.read() == approved
                ):  # else it did write, whatever it said: the read-back below tells
                    _forget(backup)
                    raise
        failpoint("crontab.installed")
        _read_back(crontab, backups, approved, wanted, backup)
        return WriteResult(True, backup)


def _put(crontab: Crontab, file: Path | None) -> None:
    if file:
        crontab.install(file)
    else:
        crontab.remove()


def _forget(backup: Path) -> None:
    """Nothing was written, so there is nothing to undo."""
    with suppress(OSError):
        backup.unlink()


def _expect(found: bytes | None, approved: bytes | None, when: str) -> None:
    if found != approved:
        raise ConflictError(
            f"the crontab was changed {when} by another program",
            "look at the new difference and try again; nothing was changed",
        )


def _read_back(
    crontab: Crontab, backups: TabCopies, approved: bytes | None, wanted: bytes | None, backup: Path
) -> None:
    found = crontab.read()
    if found == wanted:
        return
    if found == approved:
        _forget(backup)
        raise StockmlError(
            "crontab said that it installed the new crontab, but the old one stands",
            "is the disk full? nothing was changed",
        )
    kept = backups.folder / f"wanted-{backup.name}"
    write_atomic(kept, wanted or b"", 0o600)
    raise OverwrittenError(
        "another program wrote the crontab at the same moment",
        f"look at `crontab -l`; before: {backup}, what was to be written: {kept}",
    )


@contextmanager
def _file(state: Path, wanted: bytes | None) -> Iterator[Path | None]:
    """The tab to install in a file of our own, gone afterwards; None when there is to be no tab."""
    if wanted is None:
        yield None
        return
    path = temporary_name(state / "crontab")
    try:
        write_atomic(path, wanted, 0o600)
        yield path
    except OSError as error:
        raise StockmlError(
            f"cannot write {path}: {error.strerror}", "free disk space; nothing was changed"
        ) from error
    finally:
        with suppress(FileNotFoundError):
            path.unlink()


@contextmanager
def _locked(state: Path) -> Iterator[None]:
    path = state / "crontab.lock"
    end = time.monotonic() + _WAIT_S
    with FileLock(path) as lock:
        try:
            make_private(state)
            while not lock.acquire("stockml schedule"):
                if time.monotonic() > end:
                    raise BusyError(
                        "another stockml is writing the crontab",
                        "try again in a moment",
                        lock_holder(path) or "",
                    )
                time.sleep(0.01)
        except OSError as error:
            raise StockmlError(
                f"cannot lock {path}: {error.strerror}", "nothing was changed"
            ) from error
        yield
