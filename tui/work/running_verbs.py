"""The running verbs and their notices to the operator."""

from __future__ import annotations

from tui.work.messages import Notice


class RunningVerbs:
    """One verb of a kind at a time."""

    def __init__(self) -> None:
        self._busy: dict[str, Notice] = {}
        self._failed: dict[str, Notice] = {}

    def begin(self, verb: str, slow: Notice | None) -> bool:
        """Whether `verb` may start since none of its kind is running; `slow` is its notice."""
        if verb in self._busy:
            return False
        self._busy[verb] = slow or Notice(f"{verb}: waiting for the engine")
        return True

    def slow_notice(self, verb: str) -> Notice | None:
        """The notice of a slow verb; None once it returned."""
        return self._busy.get(verb)

    def end(self, verb: str) -> tuple[Notice | None, ...]:
        """End a verb and return its notices, which are now out of date."""
        return (self._busy.pop(verb, None), self._failed.pop(verb, None), Notice.still(verb))

    def fail(self, verb: str, notice: Notice) -> None:
        """Record that the verb raised; `notice` stays until it succeeds once."""
        self._busy.pop(verb, None)
        self._failed[verb] = notice

    @property
    def sticky_notice(self) -> Notice | None:
        """The notice of work that is still running."""
        return next((notice for notice in self._busy.values() if notice.sticky), None)
