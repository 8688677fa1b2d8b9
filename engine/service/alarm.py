"""An alert the moment a model file is refused, and its end when a good one is served: off the
request path."""

from __future__ import annotations

import sys
import traceback
from queue import SimpleQueue
from threading import Thread

from engine.core.clock import Clock, iso
from engine.core.errors import StockmlError
from engine.core.files import append_line
from engine.core.paths import Home
from engine.settings.schema import Settings
from engine.watch.alerts import Condition, evaluate
from engine.watch.deliver import deliver

RULE = "corrupt"


class Alarm:
    """Rings in the order of what happened, one after the other: delivery waits for a child of up
    to a minute.

    A bell for every refusal in a thread of its own let a file that was mended and broken again
    end as mended.
    """

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home, self._clock = home, clock
        self._waiting: SimpleQueue[tuple[Settings, str, str] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="alarm", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def ring(self, settings: Settings, symbol: str, words: str) -> None:
        """Fire the alert of `symbol` with `words`, or resolve it without any; returns at once."""
        self._waiting.put((settings, symbol, words))

    def close(self) -> None:
        """End once what waits has rung; the process need not wait for that."""
        self._waiting.put(None)

    def _run(self) -> None:
        while (told := self._waiting.get()) is not None:
            try:
                _ring(self._home, self._clock, *told)
            except Exception:  # noqa: BLE001 - one fault must not silence every later bell
                traceback.print_exc(file=sys.stderr)


def _ring(home: Home, clock: Clock, settings: Settings, symbol: str, words: str) -> None:
    """Change the alert and send what follows; told on stderr where that is refused."""
    try:
        if words:
            text = (
                f"[ALERT] {iso(clock.now())} - service: the model file of {symbol} is refused:"
                f" {words}"
            )
            append_line(home.monitoring_log, text)
        evaluate(home, settings, (Condition(RULE, symbol, bool(words), words),), clock.now())
        deliver(home, settings)
    except (StockmlError, OSError) as error:
        sys.stderr.write(f"{iso(clock.now())} the alert about {symbol} was not kept: {error}\n")
