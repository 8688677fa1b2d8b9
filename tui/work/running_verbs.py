"""The running verbs and their notices to the operator."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from engine.words import times
from tui.keys.labels import key
from tui.work.messages import Notice

if TYPE_CHECKING:
    from engine.children.watched import ChildWatch


@dataclass(slots=True)
class RunningVerb:
    """A verb under way: what is shown of it, since when, and how far it is where that is known."""

    notice: Notice
    began: float
    watch: ChildWatch | None = None


class RunningVerbs:
    """One verb of a kind at a time."""

    def __init__(self) -> None:
        self._busy: dict[str, RunningVerb] = {}
        self._failed: dict[str, Notice] = {}

    def begin(
        self, verb: str, slow: Notice | None, now: float = 0.0, watch: ChildWatch | None = None
    ) -> bool:
        """Whether `verb` may start since none of its kind is running; `slow` is its notice."""
        if verb in self._busy:
            return False
        notice = slow or Notice(f"{verb}: waiting for the engine")
        self._busy[verb] = RunningVerb(notice, now, watch)
        return True

    def slow_notice(self, verb: str) -> Notice | None:
        """The notice of a slow verb; None once it returned."""
        running = self._busy.get(verb)
        return running.notice if running else None

    def advanced(self, now: float) -> Iterator[tuple[Notice, Notice]]:
        """The notices that are out of date, each with the one that says how far its verb is."""
        for verb, running in self._busy.items():
            step = running.watch.step if running.watch else None
            if step is None:
                continue
            left = step.seconds_left(now - running.began)
            time_left = f", {times.duration(left)} left" if left is not None else ""
            text = f"{verb}: {step.done} of {step.total}, {step.name}{time_left}"
            before = running.notice
            running.notice = Notice(text, f"{key('cancel')} cancels it", sticky=True)
            if running.notice != before:
                yield before, running.notice

    def cancel(self) -> str:
        """Cancel the newest verb that can be; its name, empty when there is none."""
        for verb, running in reversed(self._busy.items()):
            if running.watch is not None and not running.watch.cancelled:
                running.watch.cancel()
                return verb
        return ""

    def end(self, verb: str) -> tuple[Notice | None, ...]:
        """End a verb and return its notices, which are now out of date."""
        running = self._busy.pop(verb, None)
        shown = running.notice if running else None
        return (shown, self._failed.pop(verb, None), Notice.still(verb))

    def fail(self, verb: str, notice: Notice) -> bool:
        """The verb raised; `notice` stays until it succeeds once. Whether it was cancelled."""
        running = self._busy.pop(verb, None)
        if running is not None and running.watch is not None and running.watch.cancelled:
            return True
        self._failed[verb] = notice
        return False

    @property
    def sticky_notice(self) -> Notice | None:
        """The notice of work that is still running."""
        notices = (running.notice for running in self._busy.values())
        return next((notice for notice in notices if notice.sticky), None)
