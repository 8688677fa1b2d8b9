"""Throttling a network source: one request at a time on this machine, spaced, none while down."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from engine.core.anchor import make_folder
from engine.core.clock import Clock
from engine.core.files import open_own

# How long a source that did not answer after all tries is left alone; then one try decides.
PAUSE_S = 60.0
# How long an answer about one symbol proves that the source answers.
FRESH_S = 600.0


@dataclass(slots=True)
class RequestSlot:
    """The right to ask: a flock on a file that has the last request and failure of any process."""

    path: Path
    clock: Clock
    asked_at: float = 0.0
    failed_at: float = 0.0
    failure: str = ""
    answered_at: float = 0.0
    answered_about: str = ""
    """The symbol of the last answer with bars, and when."""
    _fd: int = -1

    def __enter__(self) -> Self:
        make_folder(self.path.parent)
        self._fd = open_own(self.path, os.O_RDWR | os.O_CREAT)
        fcntl.flock(self._fd, fcntl.LOCK_EX)
        try:
            state: Any = json.loads(os.pread(self._fd, 2000, 0))
            self.asked_at = float(state["asked_at"])
            self.failed_at = float(state["failed_at"])
            self.failure = str(state["failure"])
            self.answered_at = float(state.get("answered_at", 0.0))
            self.answered_about = str(state.get("answered_about", ""))
        except (ValueError, KeyError, TypeError):
            pass  # empty the first time; a torn text costs one pause, never a fetch
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        try:
            state = {
                "asked_at": self.asked_at,
                "failed_at": self.failed_at,
                "failure": self.failure[:300],
                "answered_at": self.answered_at,
                "answered_about": self.answered_about,
            }
            os.ftruncate(self._fd, 0)
            os.pwrite(self._fd, json.dumps(state).encode(), 0)
        except OSError:
            pass  # a full disk must not cost the bars; the next request only waits less
        finally:
            os.close(self._fd)

    @property
    def paused(self) -> bool:
        """Whether the source failed so recently that asking again would only wait."""
        return bool(self.failure) and 0 <= self._now() - self.failed_at < PAUSE_S

    @property
    def tries(self) -> int | None:
        """One while the last request failed, so as not to hammer a source; None = as configured."""
        return 1 if self.failure else None

    def space(self, seconds: float, sleep: Callable[[float], None]) -> None:
        """Wait until `seconds` have passed since any process's last request; note this one."""
        wait = self.asked_at + seconds - self._now()
        if 0 < wait <= seconds:
            sleep(wait)
        self.asked_at = self._now()

    def failed(self, reason: str) -> None:
        """No symbol would be answered now: nobody asks for a while."""
        self.failed_at, self.failure = self._now(), reason

    def stumbled(self, reason: str) -> None:
        """One symbol was not answered: the next one is asked, once."""
        self.failed_at, self.failure = 0.0, reason

    def answered(self, symbol: str) -> None:
        self.failed_at, self.failure = 0.0, ""
        self.answered_at, self.answered_about = self._now(), symbol

    def answers_others(self, symbol: str) -> bool:
        """Whether the last answer is fresh and about another symbol."""
        is_other = self.answered_about not in ("", symbol)
        return is_other and 0 <= self._now() - self.answered_at < FRESH_S

    def _now(self) -> float:
        return self.clock.now().timestamp()
