"""Memory that a worker may still take: what the machine has, and what the control groups of this
process leave of it.

In a container or a systemd unit with a limit the machine's own figure lies: the kernel kills at
the group's.
"""

from __future__ import annotations

from pathlib import Path

PROC, GROUPS = Path("/proc"), Path("/sys/fs/cgroup")


def available_mb(proc: Path = PROC, groups: Path = GROUPS) -> int:
    """MemAvailable of the machine in MB, or less where a control group above this process leaves
    less; 0 when unknown."""
    found = machine_mb(_text(proc / "meminfo"))
    left = group_mb(_text(proc / "self" / "cgroup"), groups)
    return found if left is None else min(found, left)


def machine_mb(text: str) -> int:
    """MemAvailable of /proc/meminfo in MB; 0 when the line is missing, for then nobody knows."""
    for line in text.splitlines():
        if line.startswith("MemAvailable:"):
            return int(line.split()[1]) // 1024
    return 0


def group_mb(membership: str, groups: Path) -> int | None:
    """The least that a group from ours up to the root leaves, in MB; None where none has a limit.

    `membership` is /proc/self/cgroup. In a container its path is the host's, which is not there:
    the root is ours then.
    """
    found = []
    for line in membership.splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number == "0" and not controllers:
            found += _limits(groups, path, "memory.max", "memory.current", "inactive_file ")
        elif "memory" in controllers.split(","):
            found += _limits(
                groups / "memory",
                path,
                "memory.limit_in_bytes",
                "memory.usage_in_bytes",
                "total_inactive_file ",
            )
    return min(found, default=None)


def _limits(root: Path, path: str, limit: str, used: str, cache: str) -> list[int]:
    """What each group from `path` up to `root` leaves in MB;
    what it keeps of files gives way, so it counts as free."""
    place, left = root / path.strip("/"), []
    for folder in (place, *place.parents):
        most, taken = _text(folder / limit).strip(), _text(folder / used).strip()
        if most.isdigit() and taken.isdigit():
            kept = [
                int(line.split()[1])
                for line in _text(folder / "memory.stat").splitlines()
                if line.startswith(cache)
            ]
            left.append(max(0, int(most) - int(taken) + sum(kept)) // 2**20)
        if folder == root:
            break
    return left


def _text(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""
