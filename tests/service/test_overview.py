"""The look at a service from outside: figures of a real one, silence without a request,
strangers on the port."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from engine.client.place import lock_path, place_text
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.service.overview import overview
from engine.settings.load import load
from engine.settings.schema import Settings
from tests.helpers import new_home
from tests.service.homes import copied, serving


def at(settings: Settings, port: int) -> Settings:
    return msgspec.structs.replace(
        settings, service=msgspec.structs.replace(settings.service, port=port)
    )


@contextmanager
def nobody() -> Iterator[int]:
    """A port at which nothing listens, and which nobody else gets meanwhile."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        yield found.getsockname()[1]


@contextmanager
def listener() -> Iterator[tuple[socket.socket, int]]:
    with socket.create_server(("127.0.0.1", 0)) as found:
        yield found, found.getsockname()[1]


@pytest.fixture
def bare(tmp_path: Path) -> Home:
    return new_home(tmp_path / "bare")


def test_a_running_service_tells_figures_and_models(home: Home) -> None:
    """State, statistics and one row for each of the 13 models come from the service itself."""
    with serving(home) as served:
        served.get("/api/v1/predict/NVDA")
        found = overview(home, load(home, {}), 60.0)
        assert (found.state.word, found.fault, found.stranger) == ("healthy", "", "")
        assert found.stats["requests"]["predictions"]["recent"] == 1
        assert [row["symbol"] for row in found.models] == list(load(home, {}).names)


def test_without_a_service_a_free_port_is_no_stranger(bare: Home) -> None:
    """Nothing runs and nothing listens: off, and nobody is in the way."""
    with nobody() as port:
        found = overview(bare, at(load(bare, {}), port), 60.0)
    assert (found.state.word, found.stranger, found.models) == ("off", "", ())


def test_another_program_on_the_port_is_named(bare: Home) -> None:
    """A port that accepts and says nothing of HTTP is another program's, and gets no token."""
    bare.secrets.write_text('[service]\ntoken = "a-token-that-is-long-enough-for-tests"\n')
    bare.secrets.chmod(0o600)
    with listener() as (sock, port):
        found = overview(bare, at(load(bare, {}), port), 0.3)
        peer, _ = sock.accept()
        with peer:
            peer.settimeout(60)
            heard = peer.recv(4096)
    assert found.stranger == "another program, which does not answer HTTP"
    assert heard.startswith(b"GET / ")
    assert b"uthorization" not in heard


def test_the_service_of_another_home_is_no_service_of_ours(
    bare: Home, template: Home, tmp_path: Path
) -> None:
    """It is named as what it is, and none of its figures are taken for ours."""
    with serving(copied(template, tmp_path / "other")) as served:
        found = overview(bare, at(load(bare, {}), served.port), 60.0)
    assert (found.state.word, found.stranger) == ("off", "a stockml service of another home")
    assert (found.stats, found.models) == ({}, ())


def test_a_silent_service_is_asked_no_further(bare: Home) -> None:
    """One request within its deadline tells that it does not answer;
    statistics and models are not asked."""
    with listener() as (sock, port), FileLock(lock_path(bare)) as lock:
        assert lock.acquire(place_text("127.0.0.1", port))
        found = overview(bare, load(bare, {}), 0.3)
        assert (found.state.word, found.stats, found.stranger) == ("silent", {}, "")
        sock.settimeout(0.3)
        sock.accept()[0].close()
        with pytest.raises(TimeoutError):
            sock.accept()
