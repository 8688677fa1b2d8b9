"""An application that runs the verbs of the engine in threads, and says what becomes of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual import on

from engine.core.clock import Clock
from engine.core.records import Level
from tui.screens.measured_app import MeasuredApp
from tui.work.background import start_verb, while_open
from tui.work.messages import Notice, VerbDone, VerbFailed
from tui.work.running_verbs import RunningVerbs

if TYPE_CHECKING:
    from engine.children.watched import ChildWatch

SLOW_VERB_S = 0.5


class AskingApp(MeasuredApp, inherit_bindings=False):
    """One verb of a kind at a time; its result goes to a callable on the event loop."""

    wall: Clock

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._verbs = RunningVerbs()

    @property
    def shown_notice(self) -> Notice | None:
        """The notice that the operator sees now."""
        raise NotImplementedError

    def say(self, notice: Notice | None) -> None:
        """Show a notice; None takes the last one away."""
        raise NotImplementedError

    def show(self, notice: Notice | None) -> None:
        """Show a notice that the messages do not keep."""
        raise NotImplementedError

    def note(self, text: str) -> None:
        """One line in the log of the console, from any thread."""
        raise NotImplementedError

    def ask(
        self,
        verb: str,
        work: Callable[[], Any],
        done: Callable[[Any], None],
        slow: Notice | None = None,
        watch: ChildWatch | None = None,
    ) -> None:
        """Run an engine verb in a thread, one of a kind at a time; say `slow` if it takes long.

        `watch` is that of its child: how far it is is shown, and it can be cancelled.
        """
        if not self._verbs.begin(verb, slow, self.wall.monotonic(), watch):
            self.say(Notice.still(verb))
            return
        self.set_timer(SLOW_VERB_S, lambda: self._say_slow(verb))
        start_verb(self, verb, work, done, self.note)

    def show_progress(self) -> None:
        """Once a second: how far the verbs are that tell it, where their notice is shown."""
        for before, now in tuple(self._verbs.advanced(self.wall.monotonic())):
            if self.shown_notice == before:
                self.show(now)

    def cancel_verb(self) -> bool:
        """Cancel a verb whose child can be; whether there was one."""
        verb = self._verbs.cancel()
        if verb:
            self.say(Notice(f"{verb}: asked to end"))
        return bool(verb)

    def _say_slow(self, verb: str) -> None:
        if notice := self._verbs.slow_notice(verb):
            self.say(notice)

    @on(VerbDone)
    @while_open
    def _verb_done(self, message: VerbDone) -> None:
        outdated = self._verbs.end(message.verb)
        # Another word is somebody else's, and keeps its own time.
        if self.shown_notice in outdated:
            self.say(self._verbs.sticky_notice)
        message.done(message.result)

    @on(VerbFailed)
    @while_open
    def _verb_failed(self, message: VerbFailed) -> None:
        notice = Notice(message.text, message.hint, level=Level.CRIT)
        if self._verbs.fail(message.verb, notice):
            notice = Notice(f"{message.verb} cancelled", level=Level.WARN)
        self.say(notice)
