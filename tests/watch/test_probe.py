"""A prediction asked for: through a service that is up, else in this process.

And whose fault it is when there is none.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

from engine.client.place import lock_path, place_text
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.watch.probe import BY_SERVICE, IN_PROCESS, ask, service_up
from tests.fake_clock import FakeClock
from tests.watch.homes import SUNDAY, Trainer, simulated_home


class Service:
    """A service on loopback with set answers."""

    def __init__(self) -> None:
        self.health: tuple[int, Any] = (200, {"status": "healthy"})
        self.predict: tuple[int, Any] = (
            200,
            {"symbol": "SPY", "predicted_price": 101.0, "confidence": 0.72},
        )
        self.tokens: list[str] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                code, tree = outer.health if self.path.endswith("/health") else outer.predict
                body = json.dumps(tree).encode()
                outer.tokens.append(self.headers.get("Authorization", ""))
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *words: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def service() -> Iterator[Service]:
    found = Service()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def trainer(tmp_path: Path) -> Trainer:
    return Trainer(simulated_home(tmp_path / "home"), FakeClock(SUNDAY))


@contextmanager
def running(home: Home, service: Service) -> Iterator[None]:
    """The service runs for this home: it holds the home's lock, on a port that is not the one of
    the settings."""
    with FileLock(lock_path(home)) as lock:
        assert lock.acquire(place_text("127.0.0.1", service.server.server_port))
        yield


def test_up_means_healthy_or_degraded(trainer: Trainer, service: Service) -> None:
    """ "unhealthy" is not up, although the word ends like healthy;
    nor is silence or a stranger's page."""
    home = trainer.home
    assert not service_up(home)
    with running(home, service):
        for code, tree, up in (
            (200, {"status": "healthy"}, True),
            (206, {"status": "degraded"}, True),
            (503, {"status": "unhealthy"}, False),
            (200, {"status": "unhealthy"}, False),
            (200, ["a stranger"], False),
            (404, {}, False),
        ):
            service.health = (code, tree)
            assert up is service_up(home, 60.0)


def test_only_our_own_service_is_asked(trainer: Trainer, service: Service) -> None:
    """A healthy service at the settings' port that is not this home's is not asked at all;
    our own gets the token."""
    home = trainer.home
    text = home.settings.read_text()
    home.settings.write_text(text.replace("port = 8081", f"port = {service.server.server_port}"))
    home.secrets.write_text(f'[service]\ntoken = "{"t" * 30}"\n')
    home.secrets.chmod(0o600)
    assert not service_up(home)
    assert service.tokens == []
    with running(home, service):
        assert service_up(home, 60.0)
    assert service.tokens == [f"Bearer {'t' * 30}"]


def test_the_service_answers_and_the_forecast_stays_whole(
    trainer: Trainer, service: Service
) -> None:
    """Time and confidence are the service's, the forecast for the ledger is the model's own with
    its intervals."""
    trainer.train("SPY")
    with running(trainer.home, service):
        found = ask(
            trainer.home, trainer.settings, "SPY", "simulated", trainer.clock, by_service=True
        )

    assert (BY_SERVICE, "", 72.0) == (found.via, found.fault, found.confidence)
    assert found.forecast is not None
    assert found.forecast.low95 < found.forecast.next_close < found.forecast.high95


@pytest.mark.parametrize(
    ("code", "fault"),
    [(500, "model"), (503, "data"), (404, "data"), (429, "service"), (200, "service")],
)
def test_whose_fault_it_is_through_the_service(
    trainer: Trainer, service: Service, code: int, fault: str
) -> None:
    """500 is the model's failure inside a service that is up; 404 and 503 are missing data;
    the rest is the service's."""
    trainer.train("SPY")
    service.predict = (code, {"title": "no"})
    with running(trainer.home, service):
        found = ask(
            trainer.home, trainer.settings, "SPY", "simulated", trainer.clock, by_service=True
        )

    assert fault == found.fault


def test_whose_fault_it_is_in_this_process(trainer: Trainer) -> None:
    """A broken file is the model's fault, bars that end before its training are the data's."""
    trainer.train("SPY")
    asked = (trainer.home, trainer.settings, "SPY", "simulated")
    good = ask(*asked, trainer.clock, by_service=False)
    assert (IN_PROCESS, "", True) == (good.via, good.fault, (good.confidence or 0) > 50)
    from datetime import timedelta

    early = ask(*asked, FakeClock(SUNDAY - timedelta(days=30)), by_service=False)
    assert ("data", True) == (early.fault, "before the model's last bar" in early.problem)
    trainer.home.model("SPY").write_bytes(b"broken")
    assert "model" == ask(*asked, trainer.clock, by_service=False).fault
