"""The verbs that are at work, and the notices that the operator saw of them."""

from __future__ import annotations

from tui.work.messages import Notice


class RunningVerbs:
    """One verb of a kind at a time."""

    def __init__(self) -> None:
        self._busy: dict[str, Notice] = {}
        self._failed: dict[str, Notice] = {}

    def begin(self, verb: str, slow: Notice | None) -> bool:
        """Whether `verb` may start, because none of its kind is at work; `slow` speaks of it."""
        if verb in self._busy:
            return False
        self._busy[verb] = slow or Notice(f"{verb}: waiting for the engine")
        return True

    def slow_notice(self, verb: str) -> Notice | None:
        """What is said of a verb that takes long; None once it came back."""
        return self._busy.get(verb)

    def end(self, verb: str) -> tuple[Notice | None, ...]:
        """The verb came back: the notices that speak of it, which are out of date now."""
        return (self._busy.pop(verb, None), self._failed.pop(verb, None), Notice.still(verb))

    def fail(self, verb: str, notice: Notice) -> None:
        """The verb raised, and `notice` says so until it is done once."""
        self._busy.pop(verb, None)
        self._failed[verb] = notice

    @property
    def sticky_notice(self) -> Notice | None:
        """What is said of the work that is still going on."""
        return next((notice for notice in self._busy.values() if notice.sticky), None)
