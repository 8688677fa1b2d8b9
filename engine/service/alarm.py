"""Alerts on refused model files, off the request path: delivery can take up to a minute."""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Thread

from engine.core.clock import Clock, iso
from engine.core.errors import StockmlError
from engine.core.files import append_line
from engine.core.paths import Home
from engine.settings.schema import Settings
from engine.watch.alert_rules import Condition
from engine.watch.alerts import evaluate
from engine.watch.deliver import deliver

RULE = "corrupt"


@dataclass(frozen=True, slots=True)
class _Refusal:
    """A refused model file, or one that is good again when `words` is empty."""

    settings: Settings
    symbol: str
    words: str


class Alarm:
    """Fires and resolves alerts in order: with a thread per refusal, a stale one could win."""

    def __init__(self, home: Home, clock: Clock) -> None:
        self._home = home
        self._clock = clock
        self._queue: SimpleQueue[_Refusal | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name="alarm", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def report(self, settings: Settings, symbol: str, words: str) -> None:
        """Fire the alert of `symbol` with `words`, or resolve it without any; returns at once."""
        self._queue.put(_Refusal(settings, symbol, words))

    def close(self) -> None:
        """Stop after the queued refusals; the process need not wait for it."""
        self._queue.put(None)

    def _run(self) -> None:
        while (refusal := self._queue.get()) is not None:
            try:
                self._send(refusal)
            except Exception:  # noqa: BLE001 - one fault must not silence every later alert
                traceback.print_exc(file=sys.stderr)

    def _send(self, refusal: _Refusal) -> None:
        """Change the alert and deliver its message; a failure is printed to stderr."""
        now = self._clock.now()
        try:
            if refusal.words:
                subject = f"service: the model file of {refusal.symbol} is refused"
                append_line(
                    self._home.monitoring_log,
                    f"[ALERT] {iso(now)} - {subject}: {refusal.words}",
                )
            condition = Condition(RULE, refusal.symbol, bool(refusal.words), refusal.words)
            evaluate(self._home, refusal.settings, (condition,), self._clock.now())
            deliver(self._home, refusal.settings)
        except (StockmlError, OSError) as error:
            moment = iso(self._clock.now())
            sys.stderr.write(f"{moment} the alert about {refusal.symbol} was not kept: {error}\n")
