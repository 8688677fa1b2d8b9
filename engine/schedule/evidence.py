"""Evidence of why cron starts nothing: the account, the spool, the system log, the sleep."""

from __future__ import annotations

import getpass
import os
import re
import stat
import subprocess
import time
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path

from engine.core.errors import FileError
from engine.core.reading import read_end
from engine.core.text import clean
from engine.words import times

# Debian and busybox, cronie, BSD.
_SPOOLS = ("/var/spool/cron/crontabs", "/var/spool/cron", "/var/cron/tabs")
_LOGS = ("/var/log/syslog", "/var/log/cron.log", "/var/log/cron", "/var/log/messages")
_REFUSALS = re.compile(
    r"FAILED to (?:authorize|open)|INSECURE MODE|WRONG (?:FILE OWNER|INODE)|ORPHAN"
    r"|ERROR \(|PAM ERROR|Authentication token|chdir failed|Syntax error",
    re.IGNORECASE,
)
_LOG_WINDOW = 256 * 1024
# A shorter sleep makes no job late by its grace.
_SLEPT_S = 60.0
_LIMIT_S = 10


class Evidence:
    """What can be seen of this account and machine; each part is read once, when asked for."""

    def __init__(
        self,
        user: str = "",
        *,
        spools: tuple[str, ...] = _SPOOLS,
        logs: tuple[str, ...] = _LOGS,
        chage: str = "chage",
    ) -> None:
        self.user = user or _user()
        self._spools = spools
        self._logs = logs
        self._chage = chage

    @cached_property
    def account(self) -> str:
        """Why cron refuses the account by its dates, empty if it does not or cannot be known."""
        try:
            done = subprocess.run(
                [self._chage, "-l", self.user],
                env={"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LC_ALL": "C"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=_LIMIT_S,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return account_fault(done.stdout, datetime.now(UTC)) if done.returncode == 0 else ""

    @cached_property
    def spool(self) -> str:
        """Why cron does not read the crontab's file, empty where it does or cannot be seen."""
        for folder in self._spools:
            path = Path(folder) / self.user
            try:
                status = path.lstat()
            except OSError:
                continue
            if stat.S_ISREG(status.st_mode):
                return _spool_fault(path, status)
        return ""

    @cached_property
    def log(self) -> str:
        """The newest line of the system log in which cron refuses this account."""
        for name in self._logs:
            try:
                text = read_end(Path(name), _LOG_WINDOW).decode("utf-8", "replace")
            except (OSError, FileError):
                continue
            lines = (line for line in reversed(text.splitlines()) if self._concerns_us(line))
            if line := next(lines, ""):
                return f"{name}: {clean(line, 200)}"
        return ""

    @cached_property
    def slept_s(self) -> float:
        """Seconds that the machine slept since it started."""
        boot = getattr(time, "CLOCK_BOOTTIME", None)
        if boot is None:
            return 0.0
        slept = time.clock_gettime(boot) - time.clock_gettime(time.CLOCK_MONOTONIC)
        return slept if slept > _SLEPT_S else 0.0

    def fault(self) -> str:
        """The surest fault among them, empty without one."""
        if self.account:
            return f"cron refuses your account: {self.account}"
        if self.spool:
            return f"cron does not read your crontab: {self.spool}"
        return f"cron reports in {self.log}" if self.log else ""

    def looked_at(self) -> tuple[str, ...]:
        """What was looked at, a sentence each, good or bad."""
        slept = times.duration(self.slept_s) if self.slept_s else ""
        return (
            f"account {self.user}: {self.account or 'not expired, as far as chage says'}",
            f"spool: {self.spool or 'nothing wrong can be seen'}",
            f"system log: {self.log or 'no refusal by cron can be read there'}",
            f"sleep: {f'the machine slept {slept} since it started' if slept else 'none'}",
        )

    def _concerns_us(self, line: str) -> bool:
        return "cron" in line.lower() and self.user in line and bool(_REFUSALS.search(line))


def account_fault(listing: str, now: datetime) -> str:
    """What the listing of `chage -l` says against the account; its dates are `Jan 02, 2026`."""
    pairs = (line.partition(":") for line in listing.splitlines())
    dates = {name.strip(): value.strip() for name, separator, value in pairs if separator}
    if "must be changed" in dates.get("Password expires", ""):
        return "its password must be changed (`passwd`)"
    for name, fix in (
        ("Account expires", "`chage -E -1` by root"),
        ("Password expires", "`passwd`"),
        ("Password inactive", "`passwd`"),
    ):
        try:
            date = datetime.strptime(dates.get(name, ""), "%b %d, %Y").replace(tzinfo=UTC)
        except ValueError:
            continue  # never, or another form
        if date < now:
            return f"{name.lower()}: {date:%Y-%m-%d} ({fix})"
    return ""


def _spool_fault(path: Path, status: os.stat_result) -> str:
    if status.st_uid not in (os.getuid(), 0) or (status.st_uid == 0 != os.getuid()):
        return f"{path} belongs to another user (uid {status.st_uid})"
    if stat.S_IMODE(status.st_mode) & 0o7177:
        return f"{path} has mode {stat.S_IMODE(status.st_mode):04o}, cron wants 0600"
    return f"{path} has {status.st_nlink} names, cron wants one" if status.st_nlink != 1 else ""


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
