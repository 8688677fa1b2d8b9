"""The memory a worker may take: the machine's, or what its control groups leave, whichever is
less."""

from __future__ import annotations

from pathlib import Path

import psutil
import pytest

from engine.core.memory import available_mb, group_mb, machine_mb

MB = 2**20


@pytest.fixture
def proc(tmp_path: Path) -> Path:
    """A /proc of a process in the group /job/one of a machine with 2000 MB free."""
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "meminfo").write_text("MemTotal: 9 kB\nMemAvailable:   2048000 kB\n")
    (tmp_path / "proc" / "self" / "cgroup").write_text("0::/job/one\n")
    return tmp_path / "proc"


def group(folder: Path, limit: str, used: int, files: int = 0) -> None:
    """A group of the second version with its limit, its use and what it keeps of files, in
    bytes."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "memory.max").write_text(f"{limit}\n")
    (folder / "memory.current").write_text(f"{used}\n")
    (folder / "memory.stat").write_text(f"anon 1\ninactive_file {files}\nactive_file 7\n")


def test_this_machine_is_read() -> None:
    """The figure is never more than the kernel says is available, and is not nothing."""
    assert 1 < available_mb() <= psutil.virtual_memory().total // MB
    assert machine_mb("MemTotal: 9 kB\n") == 0


def test_without_a_limit_the_machine_counts(proc: Path, tmp_path: Path) -> None:
    """No groups at all, groups without a limit, and a limit above the machine's own change
    nothing."""
    groups = tmp_path / "groups"
    assert available_mb(proc, groups) == 2000
    group(groups / "job" / "one", "max", 5 * MB)
    group(groups / "job", str(10**6 * MB), 5 * MB)
    assert available_mb(proc, groups) == 2000


def test_the_tightest_group_above_counts(proc: Path, tmp_path: Path) -> None:
    """The limit of a group further up holds too;
    what a group keeps of files gives way and counts as free."""
    groups = tmp_path / "groups"
    group(groups / "job" / "one", str(1500 * MB), 200 * MB)
    assert available_mb(proc, groups) == 1300
    group(groups / "job", str(900 * MB), 600 * MB, files=100 * MB)
    assert available_mb(proc, groups) == 400
    group(groups / "job", str(900 * MB), 950 * MB)
    assert available_mb(proc, groups) == 0


def test_a_container_sees_its_group_as_the_root(proc: Path, tmp_path: Path) -> None:
    """The path of the host is not there; the limit in the root is ours."""
    groups = tmp_path / "groups"
    group(groups, str(800 * MB), 300 * MB)
    assert available_mb(proc, groups) == 500


def test_the_first_version_of_groups_is_read_too(tmp_path: Path) -> None:
    """Its files have other names and stand in a folder of the controller;
    other controllers say nothing of memory."""
    folder = tmp_path / "memory" / "box"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text(f"{700 * MB}\n")
    (folder / "memory.usage_in_bytes").write_text(f"{500 * MB}\n")
    (folder / "memory.stat").write_text(f"total_inactive_file {50 * MB}\n")
    assert group_mb("9:cpuset:/box\n4:memory:/box\n0::/\n", tmp_path) == 250
    assert group_mb("9:cpuset:/box\n", tmp_path) is None
