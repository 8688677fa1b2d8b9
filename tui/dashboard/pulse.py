"""The host and the service of the last 15 minutes, and the jobs to come, for the panels."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from engine.core.snapshot import Snapshot
from engine.schedule.records import ScheduleView
from tui.ports import EnginePort
from tui.work.background import Poller

EVERY_S = 15.0
SAMPLES = 60
"""Fifteen minutes of them."""
SCHEDULE_EVERY = 4
"""Samples between two looks at the schedule: crontab is a process."""
DEADLINE_S = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PulseSample:
    """The host and the service at one moment; None where there was no figure."""

    meters: dict[str, float]
    """Percent in use by the meter's name."""
    requests: float | None = None
    """A second."""
    p50_ms: float | None = None
    p95_ms: float | None = None
    errors: float | None = None
    """Since the service started, as `total`."""
    total: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pulse:
    """The samples, the newest last, and the schedule."""

    samples: tuple[PulseSample, ...] = ()
    schedule: ScheduleView | None = None


class PulseRead(Message):
    """There is a new sample."""

    def __init__(self, pulse: Pulse) -> None:
        super().__init__()
        self.pulse = pulse


class PulseFeed:
    """Takes a sample every 15 seconds from the first minute on, in a thread of its own."""

    def __init__(
        self,
        engine: EnginePort,
        snapshot: Callable[[], Snapshot | None],
        *,
        publish: Callable[[Message], None],
        log: Callable[[str], None],
    ) -> None:
        """`publish` and `log` are called in the feed's thread."""
        self._engine, self._snapshot = engine, snapshot
        self._publish, self._log = publish, log
        self._samples: deque[PulseSample] = deque(maxlen=SAMPLES)
        self._schedule: ScheduleView | None = None
        self._looks = 0
        self._failure = ""
        self.poller = Poller(self._look, "pulse-reader")

    def _look(self) -> float:
        try:
            self._samples.append(sample(self._snapshot(), self._requests()))
            if self._looks % SCHEDULE_EVERY == 0:
                self._schedule = self._engine.schedule.view()
            self._looks += 1
            self._publish(PulseRead(Pulse(samples=tuple(self._samples), schedule=self._schedule)))
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            if str(error) != self._failure:
                self._log(f"action=pulse error={type(error).__name__}: {error}")
            self._failure = str(error)
        return EVERY_S

    def _requests(self) -> dict[str, Any]:
        """What the service tells of its requests; nothing while it does not run."""
        if not self._engine.service.state(DEADLINE_S).up:
            return {}
        requests = self._engine.service.overview(DEADLINE_S).stats.get("requests")
        return requests if isinstance(requests, dict) else {}


def sample(snapshot: Snapshot | None, requests: dict[str, Any]) -> PulseSample:
    """The figures of one moment; what is no number counts as none."""
    meters = snapshot.meters if snapshot else ()
    predictions = requests.get("predictions")
    latency = predictions if isinstance(predictions, dict) else {}
    return PulseSample(
        meters={meter.name: meter.value for meter in meters if meter.unit == "%"},
        requests=_real(requests.get("per_second")),
        p50_ms=_real(latency.get("p50_ms")),
        p95_ms=_real(latency.get("p95_ms")),
        errors=_real(requests.get("errors")),
        total=_real(requests.get("total")),
    )


def _real(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
