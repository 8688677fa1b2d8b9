"""What the last `schedule check` observed, kept in the home.

persistent_data/schedule_check.json   0600: it names parts of the environment that cron gives
"""

from __future__ import annotations

import os
import platform
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import msgspec

from engine.core.clock import iso
from engine.core.errors import FileError
from engine.core.files import write_atomic
from engine.core.paths import Home
from engine.core.reading import damaged, read_json
from engine.schedule.zones import fixed_zone, offset_of, zone_of_text

LOCALTIME = "/etc/localtime"


class CheckResult(msgspec.Struct, frozen=True, kw_only=True):
    """One check: what the probe saw, or that none came by the end of the wait; times are UTC."""

    v: int = 1
    asked_at: datetime
    due: datetime
    arrived_at: datetime | None = None
    """When the scheduler started the probe; None without an answer."""
    zone: str = ""
    """Name of the zone that the scheduler counts in, or its offset as `UTC-05:00`."""
    offset_min: int = 0
    """Minutes east of Greenwich at that moment, as observed."""
    source: str = ""
    """Where the zone comes from: /etc/localtime, TZ of the daemon, CRON_TZ, or the probe."""
    assumed: str = ""
    """The zone that was assumed before."""
    environment: dict[str, str] = {}
    """Variables that the job was given; values only of harmless ones."""
    account: str = ""
    locale: str = ""
    daemon: str = ""
    backend: str = "crontab"
    looked_at: tuple[str, ...] = ()
    """Without an answer: what was looked at."""
    uid: int = msgspec.field(default_factory=os.getuid)
    machine: str = msgspec.field(default_factory=platform.node)

    @property
    def here(self) -> bool:
        """Whether it was made by this account on this machine; a home can be copied."""
        return (self.uid, self.machine) == (os.getuid(), platform.node())

    def __str__(self) -> str:
        """One sentence."""
        if self.arrived_at is None:
            return f"schedule check of {iso(self.asked_at)}: no answer"
        return f"schedule check of {iso(self.asked_at)}: {self.daemon}, zone {self.zone}"


def observed_zone(check: CheckResult, host: ZoneInfo) -> ZoneInfo:
    """The zone that the probe proved: the named one, or its bare offset where they differ."""
    if check.source == LOCALTIME:
        return host
    offset = timedelta(minutes=check.offset_min)
    named = zone_of_text(check.zone)
    return named if offset_of(named, check.due) == offset else fixed_zone(offset)


def save_check(home: Home, check: CheckResult) -> None:
    """Keep the result; raises OSError."""
    write_atomic(home.data / "schedule_check.json", msgspec.json.encode(check) + b"\n", 0o600)


def load_check(home: Home) -> CheckResult | None:
    """The last result made here, None without one; FileError for a file that is none."""
    path = home.data / "schedule_check.json"
    try:
        check = read_json(path, CheckResult)
    except FileNotFoundError:
        return None
    if check.v != 1:
        raise damaged(path, f"it has format {check.v}, made by another stockml")
    return check if check.here else None


def last_check(home: Home) -> CheckResult | None:
    """The last result, None also where it cannot be read: a missing hint changes no state."""
    try:
        return load_check(home)
    except FileError:
        return None
