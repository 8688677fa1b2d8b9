"""Whether cron or the user's systemd runs, and boot time, read from /proc and /run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from engine.core.text import clean_bytes
from engine.schedule.records import Daemon

_PIDFILES = ("crond.pid", "cron.pid", "crond/crond.pid")
_NAMES = ("cron", "crond")
MANAGER = "systemd user manager"
SYSTEMD_CRON = "systemd-cron"
# The target that systemd-cron ships: it makes timers of crontabs and has no daemon of its own.
_TARGETS = ("usr/lib/systemd/system/cron.target", "lib/systemd/system/cron.target")


def find_daemon(
    proc: Path = Path("/proc"), run: Path = Path("/run"), root: Path = Path("/")
) -> Daemon:
    """The cron process by its pidfile, else by name: a stale pidfile may name another process."""
    detail = ""
    hidden = False
    for name in _PIDFILES:
        pid = _pid(run / name)
        if pid is None:
            continue
        if _is_cron(proc, pid):
            return _running(proc, pid)
        hidden = hidden or (not (proc / str(pid)).exists() and _is_alive(pid))
        detail = f"{run / name} names process {pid}, which is no cron"
        if hidden:
            detail = f"{run / name} names process {pid}, which is hidden from you (hidepid)"
    # A cron without a pidfile (busybox); a cron whose parent is cron is starting a job.
    for folder in sorted(proc.glob("[0-9]*"), key=lambda path: int(path.name)):
        pid = int(folder.name)
        if _is_cron(proc, pid) and not _is_cron(proc, process_parent(pid, proc)):
            return _running(proc, pid)
    if (run / "systemd/system").is_dir() and any((root / path).exists() for path in _TARGETS):
        return Daemon(True, name=SYSTEMD_CRON)
    if not detail and (proc / "self").exists() and not (proc / "1").exists():
        hidden, detail = True, "the processes of others are hidden from you (hidepid)"
    return Daemon(False, detail=detail or "no process is named cron or crond", hidden=hidden)


def find_manager(
    run: Path = Path("/run/user"), uid: int | None = None, proc: Path = Path("/proc")
) -> Daemon:
    """This user's systemd manager, by the socket in the folder that is removed when it ends."""
    uid = os.getuid() if uid is None else uid
    socket = run / str(uid) / "systemd" / "private"
    if not socket.exists():
        return Daemon(False, detail=f"there is no {socket}", name=MANAGER)
    for folder in proc.glob("[0-9]*"):
        pid = int(folder.name)
        if process_name(pid, proc) == "systemd" and _owner(folder) == uid and pid != 1:
            tz = process_zone(pid, proc)
            return Daemon(True, pid, since=_since(proc, pid), name=MANAGER, tz=tz)
    return Daemon(True, name=MANAGER)


def _running(proc: Path, pid: int) -> Daemon:
    return Daemon(True, pid, since=_since(proc, pid), tz=process_zone(pid, proc))


def process_zone(pid: int, proc: Path = Path("/proc")) -> str | None:
    """TZ in the environment of a process, empty without one; None where it cannot be read."""
    try:
        environ = (proc / str(pid) / "environ").read_bytes()
    except OSError:
        return None
    pairs = (pair.partition(b"=") for pair in environ.split(b"\0"))
    return next((clean_bytes(value, 100) for name, _, value in pairs if name == b"TZ"), "")


def process_name(pid: int, proc: Path = Path("/proc")) -> str:
    """The name of a process, empty where it cannot be read."""
    try:
        return (proc / str(pid) / "comm").read_text().strip()
    except OSError:
        return ""


def process_parent(pid: int, proc: Path = Path("/proc")) -> int:
    """The parent of a process, -1 where it cannot be read."""
    try:
        return int(_stat(proc, pid)[1])
    except (OSError, IndexError, ValueError):
        return -1


def _owner(folder: Path) -> int:
    try:
        return folder.stat().st_uid
    except OSError:
        return -1


def _is_alive(pid: int) -> bool:
    """Whether a process of another user lives: the kernel then refuses the signal."""
    try:
        os.kill(pid, 0)
    except (OSError, OverflowError) as error:
        return isinstance(error, PermissionError)
    return False  # one of our own, which /proc would show


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
        return process_name(pid, proc) in _NAMES and _stat(proc, pid)[0] not in ("Z", "X")
    except (OSError, IndexError):
        return False


def _stat(proc: Path, pid: int) -> list[str]:
    """The fields of /proc/PID/stat from the state on."""
    # The name before the state may hold blanks and parentheses.
    return (proc / str(pid) / "stat").read_text().rpartition(")")[2].split()


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
