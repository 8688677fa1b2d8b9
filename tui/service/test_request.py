"""The verb that asks the service for one prediction, as `stockml test-symbol` does: beside the
event loop, never long."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tui.work.messages import Notice

if TYPE_CHECKING:
    from tui.ports import Shell


class ServiceVerbs:
    """A part of the screens that show symbols; a subclass says which one is meant."""

    if TYPE_CHECKING:

        @property
        def shell(self) -> Shell: ...

    def tested_symbol(self) -> str:
        """The symbol under the cursor; empty when there is none."""
        raise NotImplementedError

    def do_test_symbol(self) -> None:
        """Ask, judge, and tell the result; nobody is asked while no service of this home runs."""
        symbol, shell = self.tested_symbol(), self.shell
        if not symbol:
            return

        def work() -> Notice:
            from tui.service.text import verdict_notice

            limits = shell.engine.settings.resources
            reply = shell.engine.ask_service(
                f"/api/v1/predict/{symbol}", limits.response_crit_s + 1.0
            )
            return verdict_notice(symbol, reply, limits)

        shell.ask(f"testing {symbol}", work, shell.say)
