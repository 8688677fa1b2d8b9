"""Whether the machine has the memory for one more worker, and for how long it has not."""

from __future__ import annotations

from collections.abc import Sequence

from engine.core.memory import available_mb
from engine.runs.rules import room_mb
from engine.runs.spec import Limits


class MemoryGate:
    """Asked before each start of a worker; `figures` says in words what the last answer was."""

    def __init__(self) -> None:
        self.short_since: float | None = None
        """Monotonic seconds; None while there was enough."""
        self.figures = ""

    def has_room(self, limits: Limits, resident: Sequence[int]) -> bool:
        """Whether one more worker fits beside those of these sizes in MB."""
        room = room_mb(available_mb(), resident, limits.memory_mb)
        self.figures = f"{room} MB available, {limits.memory_mb} MB needed"
        if room >= limits.memory_mb:
            self.short_since = None
        return room >= limits.memory_mb
