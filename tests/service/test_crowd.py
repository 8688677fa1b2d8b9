"""How many connections may be open, which makes way, and what a crowd of idle ones costs."""

from __future__ import annotations

import http.client
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from engine.client.place import find_place
from engine.core.paths import Home
from engine.service.crowd import (
    MAX_CONNECTIONS,
    Crowd,
    connection_bound,
    raise_descriptor_limit,
)
from tests.helpers import ROOT, environment, wait_for

LOCAL = "127.0.0.1"
FAR = "10.0.0.9"


@dataclass(eq=False)
class Visitor:
    """A connection that counts how often it was closed."""

    idle: bool = True
    closed: list[bool] = field(default_factory=list)

    def make_way(self) -> None:
        self.closed.append(True)


def test_the_longest_idle_connection_makes_way() -> None:
    """With every place taken the one idle longest is closed; one that asked lately stays."""
    doors = Crowd(most=3)
    first, second, third, newcomer = (Visitor() for _ in range(4))
    assert all(doors.enter(guest, LOCAL) for guest in (first, second, third))
    doors.seat_last(first)
    assert doors.enter(newcomer, LOCAL)
    assert (first.closed, second.closed, third.closed) == ([], [True], [])
    assert len(doors) == 3


def test_answers_under_way_are_never_cut() -> None:
    """With every place being answered, the newcomer is refused; a free place lets the next in."""
    doors = Crowd(most=2)
    busy = [Visitor(idle=False) for _ in range(2)]
    assert all(doors.enter(guest, LOCAL) for guest in busy)
    assert not doors.enter(Visitor(), LOCAL)
    assert not any(guest.closed for guest in busy)
    doors.leave(busy[0])
    assert doors.enter(Visitor(), LOCAL)


def test_one_address_off_loopback_has_fewer_places() -> None:
    """A far address that takes its places closes its own idle connections, nobody else's."""
    doors = Crowd(most=100, most_each=2)
    local = [Visitor() for _ in range(5)]
    assert all(doors.enter(guest, LOCAL) for guest in local)
    far = [Visitor() for _ in range(4)]
    assert all(doors.enter(guest, FAR) for guest in far)
    assert [len(guest.closed) for guest in far] == [1, 1, 0, 0]
    for guest in far:
        guest.idle = False
    assert not doors.enter(Visitor(), FAR)
    assert doors.enter(Visitor(), "10.0.0.10")
    assert not any(guest.closed for guest in local)


def test_a_crowd_is_one_line_a_minute(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A thousand closed connections are one line, and a minute later one with their number."""
    seconds = [1000.0]
    monkeypatch.setattr(time, "monotonic", lambda: seconds[0])
    counted = []
    doors = Crowd(most=1, turned_away=lambda: counted.append(1))
    for _ in range(1001):
        doors.enter(Visitor(), LOCAL)
    first = capsys.readouterr().err
    assert first.count("\n") == 1
    assert "1 may be: idle ones make way (1 closed, 0 refused" in first
    seconds[0] += 60
    doors.enter(Visitor(), LOCAL)
    assert "(1000 closed, 0 refused" in capsys.readouterr().err
    assert len(counted) == 1001


@pytest.mark.parametrize(
    ("descriptors", "places"),
    [(-1, 512), (20_000, 512), (1024, 512), (640, 512), (300, 172), (64, 32), (2, 1)],
)
def test_descriptors_are_kept_back(descriptors: int, places: int) -> None:
    """The bound leaves descriptors for our own files, half of them where there are few."""
    assert connection_bound(descriptors) == places


def test_the_soft_limit_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    """The soft limit becomes the hard one; a kernel that refuses changes nothing."""
    limits: list[tuple[int, int]] = []
    monkeypatch.setattr(resource, "getrlimit", lambda _: (256, 4096))
    monkeypatch.setattr(resource, "setrlimit", lambda _, pair: limits.append(pair))
    raise_descriptor_limit()
    assert limits == [(4096, 4096)]

    def refuses(*_: object) -> None:
        raise ValueError("not allowed to raise maximum limit")

    monkeypatch.setattr(resource, "setrlimit", refuses)
    raise_descriptor_limit()


@contextmanager
def limited_service(home: Home, log: Path, descriptors: int) -> Iterator[tuple[int, int]]:
    """Port and pid of `stockml serve` as a process that may have `descriptors` files open."""
    command = (
        f"ulimit -n {descriptors} && exec {sys.executable} -m engine.cli serve"
        f" --home {home.root} --port 0 --no-fetch"
    )
    with log.open("wb") as output:
        ran = subprocess.Popen(
            ["bash", "-c", command],
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment(),
            cwd=ROOT,
        )
    try:
        yield wait_for(lambda: ready_port(home), 60, "a ready service"), ran.pid
    finally:
        ran.kill()
        ran.wait()


def ready_port(home: Home) -> int | None:
    place = find_place(home).address
    with suppress(OSError):
        if place is not None and answer_of(place[1], "/readyz") == 200:
            return place[1]
    return None


def answer_of(port: int, path: str) -> int:
    connection = http.client.HTTPConnection(LOCAL, port, timeout=60)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_crowd_of_idle_connections_shuts_nobody_out(home: Home, tmp_path: Path) -> None:
    """1,400 idle connections at a limit of 1,024 files: /livez answers within a second all the
    time, models are still read, and the log stays short."""
    log = tmp_path / "serve.log"
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 0 <= hard < 2000:
        pytest.skip(f"this process may open {hard} files at most")
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    seconds: list[float] = []
    with limited_service(home, log, 1024) as (port, pid):
        before = log.stat().st_size
        idle: list[socket.socket] = []
        crowding = threading.Thread(target=connect, args=(port, 1400, idle))
        crowding.start()
        while crowding.is_alive() or len(seconds) < 50:
            start = time.monotonic()
            assert answer_of(port, "/livez") == 200
            seconds.append(time.monotonic() - start)
        crowding.join()
        assert len(idle) == 1400
        assert answer_of(port, "/api/v1/predict/NVDA") == 200
        assert descriptors_of(pid) <= MAX_CONNECTIONS + 60
        for sock in idle:
            sock.close()
    assert log.stat().st_size - before < 10_000
    assert "Traceback" not in log.read_text()
    assert max(seconds) < 1.0, f"the slowest of {len(seconds)} answers took {max(seconds):.2f} s"


def connect(port: int, count: int, into: list[socket.socket]) -> None:
    for _ in range(count):
        into.append(socket.create_connection((LOCAL, port), timeout=60))


def descriptors_of(pid: int) -> int:
    return len(list(Path(f"/proc/{pid}/fd").iterdir()))
