"""The access log: one line a request, bounded, and following a rename."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from engine.service.access import AccessLog
from tests.service.homes import NOW


def lines(log: AccessLog, count: int) -> None:
    for number in range(count):
        log.write(NOW, "127.0.0.1", f"GET /{number:04d}", 200, 0.0012, 34)


def test_a_line_tells_the_request(tmp_path: Path) -> None:
    """Time, client, request, status, duration and size stand in one line."""
    log = AccessLog(tmp_path / "service" / "access.log", 1000)
    lines(log, 1)
    assert (
        tmp_path / "service" / "access.log"
    ).read_text() == f'{NOW:%Y-%m-%dT%H:%M:%S}.000Z 127.0.0.1 "GET /0000" 200 1.2ms 34\n'


def test_it_never_takes_more_than_two_files(tmp_path: Path) -> None:
    """A thousand requests leave two files within the limit, the newest request at the end."""
    path = tmp_path / "access.log"
    log = AccessLog(path, 2000)
    lines(log, 1000)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["access.log", "access.log.1"]
    assert all(file.stat().st_size <= 2100 for file in tmp_path.iterdir())
    newest = path.read_text() or (tmp_path / "access.log.1").read_text()
    assert "/0999" in newest.splitlines()[-1]


def test_it_follows_a_rename(tmp_path: Path) -> None:
    """After `clean` renamed the file the next look leads to a new one; no line is lost."""
    path = tmp_path / "access.log"
    log = AccessLog(path, 10_000)
    lines(log, 1)
    path.rename(tmp_path / "access.log.1")
    lines(log, 1)
    log.look()
    lines(log, 1)
    assert len((tmp_path / "access.log.1").read_text().splitlines()) == 2
    assert len(path.read_text().splitlines()) == 1
    log.close()


def test_a_look_from_another_thread_closes_nothing(tmp_path: Path) -> None:
    """Who looks only notes the rename: the descriptor stays open until the thread that writes
    goes on to the new file."""
    path = tmp_path / "access.log"
    log = AccessLog(path, 10_000)
    lines(log, 1)
    fd = log._fd
    assert fd is not None
    path.rename(tmp_path / "access.log.1")
    thread = threading.Thread(target=log.look)
    thread.start()
    thread.join()
    assert os.fstat(fd).st_ino == (tmp_path / "access.log.1").stat().st_ino
    lines(log, 1)
    assert len(path.read_text().splitlines()) == 1
    log.close()


def test_a_place_that_cannot_be_written_costs_no_request(tmp_path: Path) -> None:
    """Where the folder is a file nothing is raised and nothing is overwritten;
    once it is gone the next line is written."""
    path = tmp_path / "service" / "access.log"
    path.parent.write_text("in the way")
    log = AccessLog(path, 1000)
    lines(log, 2)
    log.look()
    assert path.parent.read_text() == "in the way"
    path.parent.unlink()
    lines(log, 1)
    assert [line.split('"')[1] for line in path.read_text().splitlines()] == ["GET /0000"]
