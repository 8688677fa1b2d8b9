"""Memory that a worker may still take: the machine's, or less under a control group's limit."""

from __future__ import annotations

from pathlib import Path

PROC = Path("/proc")
GROUPS = Path("/sys/fs/cgroup")


def available_mb(proc: Path = PROC, groups: Path = GROUPS) -> int:
    """The machine's MemAvailable in MB, or what a control group leaves if less; 0 when unknown."""
    machine = machine_mb(_text(proc / "meminfo"))
    group = group_mb(_text(proc / "self" / "cgroup"), groups)
    return machine if group is None else min(machine, group)


def machine_mb(meminfo: str) -> int:
    """MemAvailable of /proc/meminfo in MB; 0 when the line is missing."""
    for line in meminfo.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0


def group_mb(membership: str, groups: Path) -> int | None:
    """The least that any group from ours up to the root leaves, in MB; None without a limit.

    `membership` is /proc/self/cgroup; where its path is the host's (a container), the root is ours.
    """
    left: list[int] = []
    for line in membership.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            left += _left_mb(
                groups,
                path,
                limit="memory.max",
                usage="memory.current",
                cache="inactive_file ",
            )
        elif "memory" in controllers.split(","):
            left += _left_mb(
                groups / "memory",
                path,
                limit="memory.limit_in_bytes",
                usage="memory.usage_in_bytes",
                cache="total_inactive_file ",
            )
    return min(left, default=None)


def _left_mb(root: Path, path: str, *, limit: str, usage: str, cache: str) -> list[int]:
    """What each group from `path` up to `root` leaves in MB; its file cache counts as free."""
    group = root / path.strip("/")
    left = []
    for folder in (group, *group.parents):
        limit_text = _text(folder / limit).strip()
        usage_text = _text(folder / usage).strip()
        if limit_text.isdigit() and usage_text.isdigit():
            statistics = _text(folder / "memory.stat").splitlines()
            cached = sum(int(line.split()[1]) for line in statistics if line.startswith(cache))
            left.append(max(0, int(limit_text) - int(usage_text) + cached) // 2**20)
        if folder == root:
            break
    return left


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
