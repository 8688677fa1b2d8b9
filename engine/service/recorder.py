"""Every served forecast once into the ledger, off the request path: a queue and one thread that
writes.

A disk that refuses keeps what was served waiting and is tried again; nothing of it delays an
answer.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from engine.core.errors import StockmlError
from engine.service.forecasts import ServedForecast
from engine.service.metrics import ServiceMetrics
from engine.watch.ledger import KeptForecast

MOST_WAITING = 10_000
RETRY_S = 5.0
VIA = "service"
"""What the ledger says of where a forecast was made."""


Write = Callable[[Sequence[KeptForecast]], object]
"""Stores forecasts; StockmlError when the disk does not take them."""


class Recorder:
    """Hands each forecast of a symbol, generation and bar to `write` once a process;
    the ledger knows older ones itself."""

    def __init__(self, write: Write, metrics: ServiceMetrics) -> None:
        self._write, self._metrics = write, metrics
        self._seen: dict[str, tuple[object, ...]] = {}
        self._waiting: deque[KeptForecast] = deque(maxlen=MOST_WAITING)
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self.fault = ""
        """Why the newest attempt failed; empty when it did not."""

    def start(self) -> None:
        self._thread.start()

    def served(self, answer: ServedForecast) -> None:
        """Note that `answer` goes out; for the event loop's thread."""
        model, forecast = answer.slot.model, answer.forecast
        assert model is not None, "an answer has a model"
        key = (model.info.digest, forecast.last_bar, forecast.last_close, forecast.next_close)
        if self._seen.get(answer.slot.symbol) != key:
            self._seen[answer.slot.symbol] = key
            info = model.info
            made = KeptForecast(
                info.symbol,
                forecast,
                answer.slot.source,
                VIA,
                info.generation,
                info.digest,
                answer.made_at,
            )
            self._waiting.append(made)
            self._wake.set()

    def close(self, seconds: float = 5.0) -> None:
        """Write what waits, then end."""
        self._stop = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stop or self._waiting:
            self._wake.wait(RETRY_S if self._waiting else None)
            self._wake.clear()
            if not self._drained() and self._stop:
                return

    def _drained(self) -> bool:
        """Whether everything that waited is written; a refused batch stays in the queue."""
        batch = tuple(self._waiting)
        if not batch:
            return True
        try:
            self._write(batch)
        except (StockmlError, OSError) as error:
            self.fault = str(error)
            self._metrics.unrecorded.set(len(self._waiting))
            return False
        for _ in batch:
            self._waiting.popleft()
        self.fault = ""
        self._metrics.recorded.inc(len(batch))
        self._metrics.unrecorded.set(len(self._waiting))
        return True
