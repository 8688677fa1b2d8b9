"""A queue and a writer thread that record served forecasts, retrying when the disk refuses."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence

from engine.core.errors import StockmlError
from engine.service.forecasts import ServedForecast
from engine.service.metrics import ServiceMetrics
from engine.watch.ledger import KeptForecast

MAX_QUEUED = 10_000
RETRY_S = 5.0
VIA = "service"
"""The ledger's name for forecasts made by the service."""


Write = Callable[[Sequence[KeptForecast]], object]
"""Stores forecasts; StockmlError when the disk does not take them."""


class Recorder:
    """Records each forecast of a symbol, model and bar once; the ledger drops later duplicates."""

    def __init__(self, write: Write, metrics: ServiceMetrics) -> None:
        self._write = write
        self._metrics = metrics
        self._newest: dict[str, tuple[object, ...]] = {}
        self._queue: deque[KeptForecast] = deque(maxlen=MAX_QUEUED)
        self._wake = threading.Event()
        self._stop = False
        self._thread = threading.Thread(target=self._run, name="ledger", daemon=True)
        self.fault = ""
        """Why the newest write failed; empty if it succeeded."""

    def start(self) -> None:
        self._thread.start()

    def record(self, answer: ServedForecast) -> None:
        """Queue a forecast that goes out; for the event loop's thread."""
        model = answer.served.model
        forecast = answer.forecast
        assert model is not None, "an answer has a model"
        key = (model.info.digest, forecast.last_bar, forecast.last_close, forecast.next_close)
        if self._newest.get(answer.served.symbol) == key:
            return
        self._newest[answer.served.symbol] = key
        self._queue.append(
            KeptForecast(
                symbol=model.info.symbol,
                forecast=forecast,
                source=answer.served.source,
                via=VIA,
                generation=model.info.generation,
                digest=model.info.digest,
                made_at=answer.made_at,
            )
        )
        self._wake.set()

    def close(self, seconds: float = 5.0) -> None:
        """Write the queued forecasts, then stop."""
        self._stop = True
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(seconds)

    def _run(self) -> None:
        while not self._stop or self._queue:
            self._wake.wait(RETRY_S if self._queue else None)
            self._wake.clear()
            if not self._drain() and self._stop:
                return

    def _drain(self) -> bool:
        """Whether the whole queue is written; a refused batch stays in it."""
        batch = tuple(self._queue)
        if not batch:
            return True
        try:
            self._write(batch)
        except (StockmlError, OSError) as error:
            self.fault = str(error)
            self._metrics.unrecorded.set(len(self._queue))
            return False
        for _ in batch:
            self._queue.popleft()
        self.fault = ""
        self._metrics.recorded.inc(len(batch))
        self._metrics.unrecorded.set(len(self._queue))
        return True
