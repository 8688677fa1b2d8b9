"""The console's poll of the prediction service, in its own thread because it may hang."""

from __future__ import annotations

from collections.abc import Callable

from textual.message import Message

from tui.ports import EnginePort
from tui.work.background import Poller
from tui.work.messages import ServiceSeen

# The service tells its health in a thousandth of a second.
EVERY_S = 5.0
DEADLINE_S = 1.0


def _rounded(seconds: float) -> float:
    """Whole milliseconds: what the status line shows changes only when the service does."""
    return round(seconds, 3)


class ServiceFeed:
    """Publishes the state of the service when it is another than before."""

    def __init__(
        self, engine: EnginePort, *, publish: Callable[[Message], None], log: Callable[[str], None]
    ) -> None:
        self._engine = engine
        self._publish = publish
        self._log = log
        self._state: tuple[str, float | None] = ("", None)
        self.poller = Poller(self._look, "service-reader")

    def _look(self) -> float:
        try:
            service = self._engine.service.state(DEADLINE_S)
            latency = service.reply.seconds if service.up else None
            state = (service.word, latency and _rounded(latency))
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            self._log(f"action=service-state error={type(error).__name__}: {error}")
            state = ("", None)
        if state != self._state:
            self._state = state
            self._publish(ServiceSeen(*state))
        return EVERY_S
