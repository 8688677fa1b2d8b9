"""The verb that asks the service for one prediction, as `stockml test-symbol` does."""

from __future__ import annotations

from tui.screens.verbs import Verbs
from tui.work.messages import Notice


class ServiceTest(Verbs):
    """Sends test requests outside the event loop, with a short limit."""

    def do_test_symbol(self) -> None:
        """Ask for the current symbol, judge the answer and report it."""
        symbol, shell = self.selection.current_symbol(), self.shell
        if not symbol:
            return

        def work() -> Notice:
            from tui.service.text import verdict_notice

            limits = shell.engine.settings.current.resources
            reply = shell.engine.service.ask(
                f"/api/v1/predict/{symbol}", limits.response_crit_s + 1.0
            )
            return verdict_notice(symbol, reply, limits)

        shell.ask(f"testing {symbol}", work, shell.say)
