"""What the lock and the service say of its state: off, down, starting, healthy, degraded,
unhealthy, silent, error."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from engine.client.place import find_place, lock_path, place_text
from engine.client.records import ServicePlace, ServiceReply, ServiceState
from engine.client.service_client import ask_service, find_client, service_state
from engine.core.files import FileLock
from engine.core.paths import Home
from tests.helpers import new_home, wait_for
from tests.service.homes import TOKEN, serving

RUNS = ServicePlace(True, ("127.0.0.1", 8081), "http://127.0.0.1:8081, pid 7")


def test_the_lock_says_where_the_service_is(home: Home) -> None:
    """While it runs its real port is found, with its token;
    after an end in order nothing is left, and nobody is asked."""
    assert service_state(home, 0.5).word == "off"
    with serving(home) as served:
        assert find_place(home).address == ("127.0.0.1", served.port)
        client = find_client(home)
        assert client is not None
        assert (client.port, client.token) == (served.port, TOKEN)
        assert TOKEN not in repr(client)
        assert client.ask("POST", "/api/v1/cache/clear", 60.0).ok
        assert service_state(home, 60.0).word == "healthy"
        home.model("NVDA").write_bytes(b"broken")
        served.post("/api/v1/models/NVDA/reload")
        wait_for(lambda: service_state(home, 60.0).word == "degraded", what="the next look")
    assert find_place(home) == ServicePlace(False)
    assert service_state(home).word == "off"


def test_nobody_else_is_asked(home: Home) -> None:
    """While no service of the home runs, whatever listens at the settings' port gets no request
    and no token."""
    assert find_client(home) is None
    assert ask_service(home, "/", 0.5).unreachable


def test_a_service_that_ended_without_a_word_is_down(tmp_path: Path) -> None:
    """What a killed one leaves in the lock file tells where it was;
    a held lock without a place is one that starts."""
    home = new_home(tmp_path / "home")
    with FileLock(lock_path(home)) as lock:
        assert lock.acquire()
        assert service_state(home).word == "starting"
        lock.describe(place_text("0.0.0.0", 8085))
        assert find_place(home).address == ("127.0.0.1", 8085)
    state = service_state(home)
    assert (state.word, state.running, state.place.text.partition(",")[0]) == (
        "down",
        False,
        "http://0.0.0.0:8085",
    )


def test_a_service_that_does_not_answer_is_silent(tmp_path: Path) -> None:
    """The lock is held and the port accepts, but nothing comes within the deadline."""
    home = new_home(tmp_path / "home")
    with socket.create_server(("127.0.0.1", 0)) as deaf, FileLock(lock_path(home)) as lock:
        assert lock.acquire(place_text("127.0.0.1", deaf.getsockname()[1]))
        state = service_state(home, 0.3)
    assert (state.word, state.up) == ("silent", False)
    assert "no answer within 0.3 s" in state.reply.problem


@pytest.mark.parametrize(
    ("status", "tree", "word"),
    [
        (200, {"status": "healthy", "total": 13}, "healthy"),
        (206, {"status": "degraded", "total": 13}, "degraded"),
        (503, {"status": "unhealthy", "total": 13}, "unhealthy"),
        (503, {"status": "unhealthy", "total": 0}, "starting"),
        (401, {"status": 401}, "error"),
        (200, {}, "error"),
        (200, {"status": ["healthy"]}, "error"),
    ],
)
def test_the_word_of_an_answer(status: int, tree: dict[str, Any], word: str) -> None:
    """Only health's own words count, from the statuses that carry them;
    before the first look at the models it starts."""
    assert ServiceState(RUNS, ServiceReply(status, 0.01, tree)).word == word
