"""The real cron daemon through the clock changes of New York and Berlin, under libfaketime: it
fires when our slots say.

One faked minute takes a second, so the four nights take about six minutes.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from engine.schedule.expression import parse
from engine.schedule.jobs import JOBS, STANDARD_JOBS
from engine.schedule.slots import slots_between
from tests.helpers import wait_for
from tests.schedule.realcron import needs_cron, running_daemon, throwaway_user

_LIBRARY = next(iter(sorted(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"))), None)
pytestmark = [
    pytest.mark.soak,
    needs_cron,
    pytest.mark.timeout(900),
    pytest.mark.skipif(_LIBRARY is None, reason="libfaketime is not installed"),
]
NEW_YORK, BERLIN = ZoneInfo("America/New_York"), ZoneInfo("Europe/Berlin")
_SPEED = 60
_EXPRESSIONS = (
    *(JOBS[name].expression for name in STANDARD_JOBS),
    "30 2 * * *",
    "*/30 2 * * *",
    "30 1 * * *",
    "*/30 1 * * *",
    "30 * * * *",
    "15 2,3 * * *",
    "*/20 * * * *",
)


@pytest.mark.parametrize(
    ("start", "minutes"),
    [
        # All end before 03:10, when Debian's own jobs begin.
        (datetime(2026, 3, 8, 1, 50, tzinfo=NEW_YORK), 17),
        (datetime(2026, 11, 1, 0, 50, tzinfo=NEW_YORK), 197),
        (datetime(2026, 3, 29, 1, 50, tzinfo=BERLIN), 17),
        (datetime(2026, 10, 25, 1, 50, tzinfo=BERLIN), 137),
    ],
    ids=["new york, spring", "new york, fall", "berlin, spring", "berlin, fall"],
)
def test_the_real_daemon_fires_at_our_slots(start: datetime, minutes: int, tmp_path: Path) -> None:
    """Every run of eleven expressions, the guide's among them, within the minute of its slot,
    and no other."""
    zone = ZoneInfo(str(start.tzinfo))
    told = tmp_path / "told"
    told.touch()
    tab = "".join(
        f"{text} echo {number} $(date +\\%s.\\%N) >>{told}\n"
        for number, text in enumerate(_EXPRESSIONS)
    )
    environ = {
        "TZ": str(start.tzinfo),
        "LD_PRELOAD": str(_LIBRARY),
        "FAKETIME": f"@{start:%Y-%m-%d %H:%M:%S} x{_SPEED}",
        "FAKETIME_DONT_RESET": "1",
    }
    with throwaway_user(tmp_path, root=True) as name:
        _install(name, tab, tmp_path)
        began = time.time()
        with _no_traces(), running_daemon(environ):
            seconds = minutes * 60 / _SPEED
            wait_for(lambda: time.time() - began > seconds, seconds + 60, "the end of the night")
    end = start.astimezone(UTC) + timedelta(minutes=minutes)
    fired: dict[int, list[datetime]] = {number: [] for number in range(len(_EXPRESSIONS))}
    for line in told.read_text().splitlines():
        which, stamp = line.split()
        fired[int(which)].append(
            start.astimezone(UTC) + timedelta(seconds=(float(stamp) - began) * _SPEED)
        )
    for number, text in enumerate(_EXPRESSIONS):
        # The last minutes may be cut off by the end of the test.
        wanted = [
            slot.astimezone(UTC)
            for slot in slots_between(parse(text), start, end - timedelta(minutes=3), zone)
        ]
        got = [at for at in sorted(fired[number]) if at < end - timedelta(minutes=1)]
        assert len(got) >= len(wanted), (text, wanted, got)
        for slot, at in zip(wanted, got, strict=False):
            assert timedelta(seconds=-20) < at - slot < timedelta(seconds=100), (text, wanted, got)
        assert all(at > end - timedelta(minutes=4) for at in got[len(wanted) :]), (
            text,
            wanted,
            got,
        )


@contextmanager
def _no_traces() -> Iterator[None]:
    """A killed process leaves its shared clock in memory."""
    shared = Path("/dev/shm")
    before = set(shared.glob("*faketime_s*"))
    yield
    wait_for(lambda: set(shared.glob("*faketime_s*")) - before, 5, "the clock of libfaketime")
    for trace in set(shared.glob("*faketime_s*")) - before:
        trace.unlink()


def _install(name: str, tab: str, folder: Path) -> None:
    from engine.schedule.crontab import Crontab

    file = folder / "tab"
    file.write_text(tab)
    Crontab(("crontab", "-u", name)).install(file)
