"""Outdated statuses: a child rebuilds them, and one that never answers becomes a problem."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from engine.core.snapshot import Snapshot
from engine.words.phrases import listed

EVERY_S = 5.0
# More children in a row that end without an answer are a problem.
TRIES = 3


def same(old: Snapshot | None, new: Snapshot) -> bool:
    """Whether two snapshots are equal apart from their time."""
    return old is not None and replace(old, taken_at=new.taken_at) == new


class StatusRefresh:
    """Asks at most every few seconds, in the caller's thread."""

    def __init__(
        self, spawn: Callable[[], object], tick: Callable[[], float], log: Callable[[str], None]
    ) -> None:
        self._spawn, self._tick, self._log = spawn, tick, log
        self._asked = -EVERY_S
        self._unread: tuple[str, ...] = ()
        self._tries = 0

    def ask(self, snapshot: Snapshot) -> None:
        """Have outdated statuses rebuilt; a child that does not start is tried again later."""
        now = self._tick()
        unread = _waiting_symbols(snapshot)
        if unread != self._unread:
            self._unread = unread
            self._tries = 0
        if not unread or now - self._asked < EVERY_S:
            return
        self._asked = now
        try:
            self._tries += bool(self._spawn())
        except Exception as error:  # noqa: BLE001 - the rows stay marked as being read
            self._log(f"action=status-refresh error={type(error).__name__}: {error}")
            self._tries += 1

    def with_problem(self, snapshot: Snapshot) -> Snapshot:
        """The snapshot, with a problem if its figures never arrived."""
        waiting = _waiting_symbols(snapshot)
        if self._tries <= TRIES or not waiting:
            return snapshot
        names = listed(waiting)
        problem = f"the figures of {names} do not come: `stockml status` shows what is wrong"
        return replace(snapshot, problems=(*snapshot.problems, problem))


def _waiting_symbols(snapshot: Snapshot) -> tuple[str, ...]:
    return tuple(row.symbol for row in snapshot.rows if row.stale_status)
