"""Resources against their limits."""

from pathlib import Path

import pytest

from engine.core.records import Level
from engine.settings import load as config
from engine.settings.home import default_settings
from engine.watch.meters import Meters, level, worst


@pytest.mark.parametrize(
    ("value", "expected"),
    [(80.0, Level.OK), (80.1, Level.WARN), (95.0, Level.WARN), (95.1, Level.CRIT)],
)
def test_level_changes_above_its_limit(value: float, expected: Level) -> None:
    """A resource warns above its limit, not at it: the guide says `> 80%`."""
    assert expected == level(value, 80.0, 95.0)


def test_worst_of_nothing_is_ok() -> None:
    """No level at all is no alarm, and CRIT outranks the rest."""
    assert (Level.OK, Level.CRIT) == (worst([]), worst([Level.WARN, Level.CRIT, Level.OK]))


def test_sample_measures_this_host(tmp_path: Path) -> None:
    """A sample names CPU, memory, disk and load with values that a host can have."""
    settings, _ = config.parse(default_settings(), "packaged", {})
    assert settings is not None
    meters = {meter.name: meter.value for meter in Meters().sample(tmp_path, settings.resources)}

    assert {"CPU", "MEM", "DISK", "LOAD"} == set(meters)
    assert all(0 <= meters[name] <= 100 for name in ("CPU", "MEM", "DISK"))
    assert meters["MEM"] > 0
