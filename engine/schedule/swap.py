"""The only way to write the user's tab: compare, check, copy, compare again, install, read back.

1  take the user's lock                       5  dry run, where the implementation has one
2  read; not what was approved: Conflict      6  keep a copy
3  nothing to change: done, nothing written   7  read again; changed since: Conflict
4  bytes outside our block differ: stop       8  install from a 0600 file
                                              9  read back and compare

The only gap is between 7 and 8: crontab has no lock, so a foreign write in those milliseconds is
lost. An earlier one is kept as a Conflict; step 9 reports a later one.
"""

from __future__ import annotations

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
from engine.schedule.records import ConflictError
from engine.schedule.tab_copies import TabCopies, make_private

# Seconds to wait for another stockml; a write takes a tenth of one.
_WAIT_S = 10.0


class OverwrittenError(StockmlError):
    """After the install the tab was not the one written; both versions are kept."""


@dataclass(frozen=True, slots=True)
class WriteResult:
    """The result of a write; nothing was touched without a change."""

    changed: bool
    backup: Path | None = None


def swap(
    crontab: Crontab,
    tab_copies: TabCopies,
    home: Home,
    *,
    approved: bytes | None,
    after: bytes | None,
    reason: str,
) -> WriteResult:
    """Replace the tab `approved` with `after`; None means no tab.

    Raises ConflictError if the tab changed, RefusedError if foreign bytes would change,
    CrontabError if cron refuses, OverwrittenError on a simultaneous write, BusyError if another
    stockml writes.
    """
    with _locked(tab_copies.state):
        _expect(crontab.read(), approved, "since you looked")
        if after == approved:
            return WriteResult(False)
        if not keeps_foreign_bytes(approved, after, home):
            raise RefusedError(
                "the new crontab would change lines that are not stockml's",
                "this is a fault of stockml; nothing was written",
            )
        with _file(tab_copies.state, after) as file:
            if file:
                crontab.check(file)
            copy = tab_copies.keep(home, reason, before=approved, after=after)
            failpoint("crontab.copied")
            _install(crontab, file, approved, copy)
        failpoint("crontab.installed")
        _read_back(crontab, approved, after, copy)
        return WriteResult(True, copy)


def _install(crontab: Crontab, file: Path | None, approved: bytes | None, copy: Path) -> None:
    """Install the file, or remove the tab if None; delete the copy if nothing was written."""
    try:
        _expect(crontab.read(), approved, "while it was checked")
    except StockmlError:
        _forget(copy)
        raise
    try:
        if file:
            crontab.install(file)
        else:
            crontab.remove()
    except StockmlError:
        # Otherwise it did write, whatever it reported, and reading it back decides.
        if crontab.read() == approved:
            _forget(copy)
            raise


def _forget(copy: Path) -> None:
    """Delete the copy after a failed write: there is nothing to undo."""
    with suppress(OSError):
        copy.unlink()


def _expect(tab: bytes | None, approved: bytes | None, when: str) -> None:
    if tab != approved:
        raise ConflictError(
            f"the crontab was changed {when} by another program",
            "look at the new difference and try again; nothing was changed",
        )


def _read_back(crontab: Crontab, approved: bytes | None, after: bytes | None, copy: Path) -> None:
    tab = crontab.read()
    if tab == after:
        return
    if tab == approved:
        _forget(copy)
        raise StockmlError(
            "crontab reported success but the old crontab is still there",
            "is the disk full? nothing was changed",
        )
    unwritten = copy.with_name(f"wanted-{copy.name}")
    write_atomic(unwritten, after or b"", 0o600)
    raise OverwrittenError(
        "another program wrote the crontab at the same moment",
        f"look at `crontab -l`; before: {copy}, what was to be written: {unwritten}",
    )


@contextmanager
def _file(state: Path, tab: bytes | None) -> Iterator[Path | None]:
    """A temporary file with the tab to install; None to remove the tab."""
    if tab is None:
        yield None
        return
    path = temporary_name(state / "crontab")
    try:
        write_atomic(path, tab, 0o600)
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
    with FileLock(path) as lock:
        try:
            make_private(state)
            if not lock.acquire("stockml schedule", _WAIT_S):
                raise BusyError(
                    "another stockml is writing the crontab",
                    "try again in a moment",
                    lock_holder(path) or "",
                )
        except OSError as error:
            raise StockmlError(
                f"cannot lock {path}: {error.strerror}", "nothing was changed"
            ) from error
        yield
