"""The verb that asks the service for one prediction, as `stockml test-symbol` does: beside the
event loop, never long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.work.messages import Notice

if TYPE_CHECKING:
    from tui.app import StockmlApp


class ServiceVerbs:
    """A part of the screens that show symbols; a subclass says which one is meant."""

    if TYPE_CHECKING:

        @property
        def console(self) -> StockmlApp: ...

    def tested_symbol(self) -> str:
        """The symbol under the cursor; empty when there is none."""
        raise NotImplementedError

    def do_test_symbol(self) -> None:
        """Ask, judge, and tell the result; nobody is asked while no service of this home runs."""
        symbol, console = self.tested_symbol(), self.console
        if not symbol:
            return

        def work() -> Notice:
            from tui.service.text import verdict_notice

            limits = console.engine.settings.resources
            reply = console.engine.ask_service(
                f"/api/v1/predict/{symbol}", limits.response_crit_s + 1.0
            )
            return verdict_notice(symbol, reply, limits)

        console.ask(f"testing {symbol}", work, console.say)
