"""The host's resources against their limits."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

from engine.core.records import Level
from engine.core.snapshot import Meter
from engine.settings.schema import ResourceSettings
from engine.words import figures

_ORDER = (Level.OK, Level.WARN, Level.CRIT)


def level(value: float, warn: float, crit: float) -> Level:
    """OK up to and including `warn`, WARN above it, CRIT above `crit`."""
    if value > crit:
        return Level.CRIT
    return Level.WARN if value > warn else Level.OK


def worst(levels: list[Level]) -> Level:
    """The worst of several levels; OK of none."""
    return max(levels, key=_ORDER.index, default=Level.OK)


class Meters:
    """Samples CPU, memory, disk and load; CPU is the share since the previous sample."""

    def __init__(self) -> None:
        self._sampled = False

    def sample(self, folder: Path, limits: ResourceSettings) -> tuple[Meter, ...]:
        """CPU, memory and disk in percent in use, the load of one minute per core count."""
        import psutil

        # psutil's first call has nothing to compare with and says 0.0: so it watches for 100 ms.
        cpu = psutil.cpu_percent(interval=None if self._sampled else 0.1)
        self._sampled = True
        memory = psutil.virtual_memory()
        meters = [
            Meter("CPU", cpu, "%", level(cpu, limits.cpu_warn, limits.cpu_crit)),
            Meter(
                "MEM",
                memory.percent,
                "%",
                level(memory.percent, limits.memory_warn, limits.memory_crit),
                _gb(memory.available),
            ),
        ]
        with suppress(OSError):
            disk = psutil.disk_usage(str(folder))
            meters.append(
                Meter(
                    "DISK",
                    disk.percent,
                    "%",
                    level(disk.percent, limits.disk_warn, limits.disk_crit),
                    _gb(disk.free),
                )
            )
        cores = os.cpu_count() or 1
        meters.append(Meter("LOAD", os.getloadavg()[0], "", Level.OK, f"{cores} cores"))
        return tuple(meters)


def _gb(size: float) -> str:
    return f"{figures.size(size)} free"
