"""An alert the moment a model file is refused, and its end when a good one is served: off the request path."""

from __future__ import annotations

import sys
from threading import Lock

from engine.core.clock import Clock, iso
from engine.core.config import Settings
from engine.core.errors import StockmlError
from engine.core.files import append_line
from engine.core.paths import Home
from engine.watch.alerts import Condition, evaluate
from engine.watch.deliver import deliver

RULE = "corrupt"
_one_at_a_time = Lock()


def ring(home: Home, settings: Settings, symbol: str, words: str, clock: Clock) -> None:
    """Fire the alert of `symbol` with `words`, or resolve it without any; told on stderr where that is refused.

    Delivery waits for a child of up to a minute, so this is for a thread of its own.
    """
    with _one_at_a_time:
        try:
            if words:
                text = f"[ALERT] {iso(clock.now())} - service: the model file of {symbol} is refused: {words}"
                append_line(home.monitoring_log, text)
            evaluate(home, settings, (Condition(RULE, symbol, bool(words), words),), clock.now())
            deliver(home, settings)
        except (StockmlError, OSError) as error:
            sys.stderr.write(f"{iso(clock.now())} the alert about {symbol} was not kept: {error}\n")
