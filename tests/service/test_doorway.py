"""The listening socket: few at a time, and what happens without a descriptor."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from engine.service.doorway import AT_ONCE, Doorway


@pytest.fixture
def door() -> Iterator[Doorway]:
    with Doorway(socket.AF_INET, socket.SOCK_STREAM) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(256)
        listening.setblocking(False)
        yield listening


def call(door: Doorway) -> socket.socket:
    """A client that connects."""
    return socket.create_connection(door.getsockname(), timeout=60)


def taken(door: Doorway) -> list[socket.socket]:
    """What one round of the event loop takes."""
    accepted = []
    while True:
        try:
            accepted.append(door.accept()[0])
        except BlockingIOError:
            return accepted


def close_all(*sockets: socket.socket) -> None:
    for sock in sockets:
        sock.close()


def test_a_round_takes_few(door: Doorway) -> None:
    """However many wait, a round takes 32; the next ones take the rest."""
    clients = [call(door) for _ in range(AT_ONCE + 5)]
    rounds = [taken(door) for _ in range(3)]
    assert [len(each) for each in rounds] == [AT_ONCE, 5, 0]
    close_all(*clients, *(sock for each in rounds for sock in each))


def test_without_descriptors_the_next_is_turned_away(
    door: Doorway, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At EMFILE the waiting client is closed at once instead of waiting, and the crowd is asked
    to close an idle connection; then the next is taken as ever."""
    asked: list[bool] = []
    door.on_exhausted = lambda: asked.append(True)
    client = call(door)
    monkeypatch.setattr(socket.socket, "_accept", Exhausted(door), raising=True)
    assert taken(door) == []
    assert asked == [True]
    assert client.recv(10) == b""
    following = call(door)
    accepted = taken(door)
    assert len(accepted) == 1
    close_all(client, following, *accepted)


class Exhausted:
    """accept(2) that fails once with EMFILE."""

    def __init__(self, door: Doorway) -> None:
        self._accept = super(Doorway, door)._accept  # type: ignore[misc]
        self._failed = False

    def __call__(self) -> tuple[int, object]:
        if not self._failed:
            self._failed = True
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return self._accept()  # type: ignore[no-any-return]


def test_other_faults_are_raised(door: Doorway, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is no lack of descriptors is asyncio's to report, once a round."""

    def fails(_: socket.socket) -> None:
        raise OSError(errno.ENOBUFS, os.strerror(errno.ENOBUFS))

    monkeypatch.setattr(socket.socket, "_accept", fails, raising=True)
    with pytest.raises(OSError, match="buffer"):
        door.accept()
    with pytest.raises(BlockingIOError):
        door.accept()


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


def test_closing_gives_the_spare_back() -> None:
    """A closed listener leaves no descriptor behind, also when it is closed twice."""
    before = descriptors()
    door = Doorway(socket.AF_INET, socket.SOCK_STREAM)
    door.close()
    door.close()
    assert descriptors() == before
