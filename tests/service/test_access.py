"""The access log: one line a request, bounded, and following a rename."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from engine.service.access import AccessLog
from tests.service.homes import NOW


def write_lines(log: AccessLog, count: int) -> None:
    for number in range(count):
        log.write(NOW, "127.0.0.1", f"GET /{number:04d}", status=200, seconds=0.0012, size=34)


def test_a_line_describes_the_request(tmp_path: Path) -> None:
    """Time, client, request, status, duration and size are in one line."""
    log = AccessLog(tmp_path / "service" / "access.log", 1000)
    write_lines(log, 1)
    assert (
        tmp_path / "service" / "access.log"
    ).read_text() == f'{NOW:%Y-%m-%dT%H:%M:%S}.000Z 127.0.0.1 "GET /0000" 200 1.2ms 34\n'


def test_the_log_never_takes_more_than_two_files(tmp_path: Path) -> None:
    """A thousand requests leave two files within the limit, the newest request at the end."""
    path = tmp_path / "access.log"
    log = AccessLog(path, 2000)
    write_lines(log, 1000)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["access.log", "access.log.1"]
    assert all(file.stat().st_size <= 2100 for file in tmp_path.iterdir())
    newest = path.read_text() or (tmp_path / "access.log.1").read_text()
    assert "/0999" in newest.splitlines()[-1]


def test_the_log_follows_a_rename(tmp_path: Path) -> None:
    """After `clean` renamed the file the next check leads to a new one; no line is lost."""
    path = tmp_path / "access.log"
    log = AccessLog(path, 10_000)
    write_lines(log, 1)
    path.rename(tmp_path / "access.log.1")
    write_lines(log, 1)
    log.check_rename()
    write_lines(log, 1)
    assert len((tmp_path / "access.log.1").read_text().splitlines()) == 2
    assert len(path.read_text().splitlines()) == 1
    log.close()


def test_a_check_from_another_thread_closes_nothing(tmp_path: Path) -> None:
    """The check only notes the rename; the writing thread closes the file when it moves on."""
    path = tmp_path / "access.log"
    log = AccessLog(path, 10_000)
    write_lines(log, 1)
    fd = log._fd
    assert fd is not None
    path.rename(tmp_path / "access.log.1")
    thread = threading.Thread(target=log.check_rename)
    thread.start()
    thread.join()
    assert os.fstat(fd).st_ino == (tmp_path / "access.log.1").stat().st_ino
    write_lines(log, 1)
    assert len(path.read_text().splitlines()) == 1
    log.close()


def test_a_log_that_cannot_be_written_costs_no_request(tmp_path: Path) -> None:
    """A file in place of the folder is not overwritten; once it is gone lines are written."""
    path = tmp_path / "service" / "access.log"
    path.parent.write_text("in the way")
    log = AccessLog(path, 1000)
    write_lines(log, 2)
    log.check_rename()
    assert path.parent.read_text() == "in the way"
    path.parent.unlink()
    write_lines(log, 1)
    assert [line.split('"')[1] for line in path.read_text().splitlines()] == ["GET /0000"]
