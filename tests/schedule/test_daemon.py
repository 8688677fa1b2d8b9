"""Whether a cron daemon runs, from /proc."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from engine.schedule.daemon import boot_time, find_daemon, find_manager


class Machine:
    """A /proc and a /run of a test's own."""

    def __init__(self, folder: Path) -> None:
        self.proc, self.run = folder / "proc", folder / "run"
        self.proc.mkdir()
        self.run.mkdir()
        (self.proc / "stat").write_text("cpu 1 2 3\nbtime 1767225600\nprocesses 9\n")

    def process(self, pid: int, comm: str, state: str = "S", parent: int = 1) -> None:
        folder = self.proc / str(pid)
        folder.mkdir()
        (folder / "comm").write_text(f"{comm}\n")
        (folder / "stat").write_text(
            f"{pid} ({comm}) {state} {parent} {' '.join(['0'] * 17)} 360000 0\n"
        )

    def pidfile(self, pid: int) -> None:
        (self.run / "crond.pid").write_text(f"{pid}\n")


def test_the_pidfile_names_a_living_cron(tmp_path: Path) -> None:
    """Number, name and start are the process's own: an hour after the machine's."""
    machine = Machine(tmp_path)
    machine.process(70, "cron")
    machine.pidfile(70)
    daemon = find_daemon(machine.proc, machine.run)
    assert (daemon.running, daemon.pid, daemon.since) == (
        True,
        70,
        datetime(2026, 1, 1, 1, tzinfo=UTC),
    )


def test_a_stale_pidfile_proves_nothing(tmp_path: Path) -> None:
    """Dead, a zombie, or another program with that number."""
    for case, (comm, state) in enumerate((("", ""), ("cron", "Z"), ("python3", "S"))):
        (tmp_path / str(case)).mkdir()
        machine = Machine(tmp_path / str(case))
        if comm:
            machine.process(70, comm, state)
        machine.pidfile(70)
        daemon = find_daemon(machine.proc, machine.run)
        assert not daemon.running and "names process 70" in daemon.detail


def test_a_cron_without_a_pidfile_is_recognized(tmp_path: Path) -> None:
    """The daemon, not the child that it forks for a job."""
    machine = Machine(tmp_path)
    machine.process(90, "crond")
    machine.process(80, "crond", parent=90)
    machine.process(60, "bash")
    assert find_daemon(machine.proc, machine.run).pid == 90


def test_a_missing_cron_has_a_reason(tmp_path: Path) -> None:
    """Without a process of that name there is none."""
    machine = Machine(tmp_path)
    machine.process(60, "bash")
    daemon = find_daemon(machine.proc, machine.run)
    assert (
        not daemon.running
        and daemon.pid is None
        and daemon.detail == "no process is named cron or crond"
    )


def test_the_users_systemd_is_known_by_its_socket(tmp_path: Path) -> None:
    """There with the socket of this user alone, and both answers are words."""
    assert (
        str(find_manager(tmp_path, 7))
        == f"no systemd user manager runs: there is no {tmp_path}/7/systemd/private"
    )
    (tmp_path / "7" / "systemd").mkdir(parents=True)
    (tmp_path / "7" / "systemd" / "private").touch()
    assert str(find_manager(tmp_path, 7)) == "a systemd user manager runs"
    assert not find_manager(tmp_path, 8).running


def test_the_boot_time_is_read_from_proc(tmp_path: Path) -> None:
    """From /proc/stat; unknown where there is none."""
    machine = Machine(tmp_path)
    assert boot_time(machine.proc) == datetime(2026, 1, 1, tzinfo=UTC)
    assert boot_time(tmp_path / "absent") is None
