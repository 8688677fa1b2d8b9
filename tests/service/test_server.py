"""Real processes: start, stop, one a home, a taken port, what is loaded, how much memory it
takes."""

from __future__ import annotations

import http.client
import json
import re
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.client.place import find_place, lock_path
from engine.core.errors import BusyError, ConfigError, RefusedError, StockmlError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.service import server
from engine.service.server import Address, prepare
from engine.settings.load import load
from tests.helpers import ROOT, environment, stockml, wait_for
from tests.service.homes import copied, serving

LOOPBACK = Address("127.0.0.1", 0)


@contextmanager
def process(home: Home, *words: str) -> Iterator[subprocess.Popen[str]]:
    """`stockml serve` as a real process, ended in any case."""
    line = [
        sys.executable,
        "-m",
        "engine.cli",
        "serve",
        "--home",
        str(home.root),
        "--port",
        "0",
        "--no-fetch",
        *words,
    ]
    ran = subprocess.Popen(
        line,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=environment(),
        cwd=ROOT,
    )
    try:
        yield ran
    finally:
        ran.kill()
        ran.communicate()


def port_of(home: Home) -> int:
    """The port, once the service answers."""

    def ready() -> int | None:
        place = find_place(home).address
        if place is None:
            return None
        try:
            return place[1] if asked(place[1], "/readyz") == 200 else None
        except OSError:
            return None

    return int(wait_for(ready, 40, "a ready service"))


def asked(port: int, path: str) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        answer.read()
        return answer.status
    finally:
        connection.close()


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_cleanly(home: Home, number: signal.Signals, code: int) -> None:
    """SIGTERM ends it with 0, Ctrl-C with 130;
    its lock is free and its port closed, and it says that it stopped."""
    with process(home) as ran:
        port = port_of(home)
        ran.send_signal(number)
        text, _ = ran.communicate(timeout=90)
        assert (ran.returncode, "stopped" in text, "Traceback" in text) == (code, True, False), text
        assert re.search(rf"http://127\.0\.0\.1:{port} ", text)
    assert find_place(home).address is None
    with pytest.raises(OSError, match="refused"):
        asked(port, "/livez")


def test_a_second_service_of_the_home_is_refused(home: Home) -> None:
    """The second one ends 75 and names the place and process of the first, which goes on."""
    with process(home) as first:
        port = port_of(home)
        second = stockml("serve", "--home", str(home.root), "--port", "0")
        assert second.returncode == 75
        assert f"http://127.0.0.1:{port}, pid {first.pid}" in second.stderr
        assert asked(port, "/livez") == 200


def test_a_killed_service_leaves_nothing_in_the_way(home: Home) -> None:
    """After kill -9 the next service starts."""
    with process(home) as first:
        port_of(home)
        first.kill()
        first.wait(60)
    with serving(home) as served:
        assert served.ask("/livez").status == 200


def test_a_taken_port_is_said_in_words(home: Home) -> None:
    """A port of another program: exit 1, one line that names it and the next step, no traceback;
    the lock is free again."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ran = stockml("serve", "--home", str(home.root), "--port", str(port))
    assert ran.returncode == 1
    assert f"port {port} on 127.0.0.1 is taken" in ran.stderr
    assert "--port" in ran.stderr
    assert "Traceback" not in ran.stderr
    with FileLock(lock_path(home)) as lock:
        assert lock.acquire()


def test_another_address_needs_a_token(home: Home) -> None:
    """Off loopback without a token is refused with 5; so is a secrets.toml that others can read."""
    settings = load(home, {})
    home.secrets.chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        prepare(home, settings, LOOPBACK)
    home.secrets.unlink()
    with pytest.raises(RefusedError, match="other machines"):
        prepare(home, settings, Address("0.0.0.0", 0))
    ran = stockml("serve", "--home", str(home.root), "--host", "0.0.0.0", "--port", "0")
    assert (ran.returncode, "--make-token" in ran.stderr) == (5, True)


def test_an_unknown_host_is_a_configuration_error(home: Home) -> None:
    """A name that leads nowhere is said, and the lock is given back."""
    for host in ("no-such-host.invalid", "192.0.2.1"):
        with pytest.raises(StockmlError, match=re.escape(host)):
            prepare(home, load(home, {}), Address(host, 0))
    with FileLock(lock_path(home)) as lock:
        assert lock.acquire()


def test_busy_names_the_holder(home: Home) -> None:
    """In one process too, a second service of a home is refused."""
    with serving(home) as served, pytest.raises(BusyError) as caught:
        prepare(home, load(home, {}), LOOPBACK)
    assert f":{served.port}, pid " in caught.value.holder


def test_requests_finish_while_it_stops(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request under way when the stop is asked for is answered whole;
    new connections are refused."""
    from engine.service.served import ServedSymbol

    monkeypatch.setattr(server, "DRAIN_S", 60)
    begun, go_on = threading.Event(), threading.Event()
    real = ServedSymbol.forecast
    found: list[int] = []
    with serving(home) as served:

        def slow(served: ServedSymbol) -> object:
            begun.set()
            assert go_on.wait(60)
            return real(served)

        monkeypatch.setattr(ServedSymbol, "forecast", slow)
        client = threading.Thread(
            target=lambda: found.append(served.ask("/api/v1/predict/NVDA").status)
        )
        client.start()
        assert begun.wait(60)
        served.running.stop()

        def refused() -> bool:
            try:
                return asked(served.port, "/livez") == 0
            except OSError:
                return True

        wait_for(refused, 10, "a closed port")
        assert found == []
        go_on.set()
        client.join(60)
    assert found == [200]


def test_an_idle_connection_does_not_hold_up_the_stop(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A client that keeps its connection open without asking costs the stop no waiting."""
    monkeypatch.setattr(
        server, "DRAIN_S", 3600
    )  # were it waited for, `serving` would find a service that does not stop
    with serving(home) as served:
        connection = http.client.HTTPConnection("127.0.0.1", served.port, timeout=60)
        connection.request("GET", "/livez")
        connection.getresponse().read()
    connection.close()


SCRIPT = """
import json, sys, threading
from pathlib import Path
from tests.fake_clock import FakeClock
from engine.settings.load import load
from engine.core.paths import Home
from engine.service.server import Address, prepare
from datetime import UTC, datetime
from tests.helpers import wait_for
import http.client
home = Home(Path(sys.argv[1]))
clock = FakeClock(datetime(2026, 7, 1, 12, tzinfo=UTC))
running = prepare(home, load(home), Address("127.0.0.1", 0), clock=clock, fetching=False)
thread = threading.Thread(target=running.run)
thread.start()
wait_for(lambda: running.service.loaded and running.server.started, 40, "the models")
statuses = []
for path in sys.argv[2:]:
    connection = http.client.HTTPConnection("127.0.0.1", running.policy.port, timeout=60)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    statuses.append(answer.status)
    connection.close()
running.stop()
thread.join(60)
status = Path("/proc/self/status").read_text()
print(json.dumps({"statuses": statuses, "modules": sorted(sys.modules), "status": status}))
"""


def test_neither_tensorflow_nor_pandas_is_loaded(template: Home, tmp_path: Path) -> None:
    """A process that has answered every kind of request with 13 models holds none of the heavy
    libraries, in 120 MB."""
    home = copied(template, tmp_path / "h")
    kinds = [
        "predict",
        "predict/NVDA",
        "historical/NVDA",
        "stats",
        "health",
        "models",
        "predictions/accuracy",
        "predictions/history",
    ]
    paths = [f"/api/v1/{kind}" for kind in kinds] + [
        "/metrics",
        "/openapi.json",
        "/docs",
        "/",
        "/livez",
        "/readyz",
    ]
    line = [sys.executable, "-c", SCRIPT, str(home.root), *paths]
    ran = subprocess.run(
        line, capture_output=True, text=True, env=environment(), cwd=ROOT, timeout=240, check=False
    )
    told = json.loads(ran.stdout.strip().splitlines()[-1])
    assert told["statuses"] == [200] * len(paths), ran.stderr
    loaded = {name.partition(".")[0] for name in told["modules"]}
    assert {"numpy", "h5py", "starlette"} <= loaded  # the look at sys.modules can see something
    assert loaded.isdisjoint(
        {
            "tensorflow",
            "keras",
            "pandas",
            "sklearn",
            "scipy",
            "yfinance",
            "matplotlib",
            "exchange_calendars",
        }
    )
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", told["status"])[1])  # type: ignore[index]
    assert peak < 120_000, f"{peak} kB"
