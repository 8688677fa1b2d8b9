"""Whether cron or the user's systemd runs, and boot time, read from /proc and /run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from engine.schedule.records import Daemon

_PIDFILES = ("crond.pid", "cron.pid", "crond/crond.pid")
_NAMES = ("cron", "crond")
MANAGER = "systemd user manager"


def find_daemon(proc: Path = Path("/proc"), run: Path = Path("/run")) -> Daemon:
    """The cron process by its pidfile, else by name: a stale pidfile may name another process."""
    stale = ""
    for name in _PIDFILES:
        pid = _pid(run / name)
        if pid is None:
            continue
        if _is_cron(proc, pid):
            return Daemon(True, pid, since=_since(proc, pid))
        stale = f"{run / name} names process {pid}, which is no cron"
    # A cron without a pidfile (busybox); a cron whose parent is cron is starting a job.
    for folder in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        pid = int(folder.name)
        if _is_cron(proc, pid) and not _is_cron(proc, _parent(proc, pid)):
            return Daemon(True, pid, since=_since(proc, pid))
    return Daemon(False, detail=stale or "no process is named cron or crond")


def find_manager(run: Path = Path("/run/user"), uid: int | None = None) -> Daemon:
    """This user's systemd manager, by the socket in the folder that is removed when it ends."""
    socket = run / str(os.getuid() if uid is None else uid) / "systemd" / "private"
    if socket.exists():
        return Daemon(True, name=MANAGER)
    return Daemon(False, detail=f"there is no {socket}", name=MANAGER)


def boot_time(proc: Path = Path("/proc")) -> datetime | None:
    """When the machine started, None where /proc does not say."""
    try:
        lines = (proc / "stat").read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        if line.startswith("btime "):
            return datetime.fromtimestamp(int(line.split()[1]), UTC)
    return None


def _pid(path: Path) -> int | None:
    try:
        return int(path.read_text().split()[0])
    except (OSError, ValueError, IndexError):
        return None


def _is_cron(proc: Path, pid: int) -> bool:
    try:
        name = (proc / str(pid) / "comm").read_text().strip()
        return name in _NAMES and _stat(proc, pid)[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False


def _stat(proc: Path, pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on."""
    # The name before the state may hold blanks and parentheses.
    return (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()


def _parent(proc: Path, pid: int) -> int:
    try:
        return int(_stat(proc, pid)[1])
    except (OSError, IndexError, ValueError):
        return -1


def _since(proc: Path, pid: int) -> datetime | None:
    """When the process started: clock ticks after the machine did."""
    boot = boot_time(proc)
    try:
        ticks = int(_stat(proc, pid)[19])
    except (OSError, IndexError, ValueError):
        return None
    if boot is None:
        return None
    seconds = ticks / os.sysconf("SC_CLK_TCK")
    return datetime.fromtimestamp(boot.timestamp() + seconds, UTC)
