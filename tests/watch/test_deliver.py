"""Delivery to a webhook on loopback: once each, also after it was down, and after the process
was killed in between."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from engine.core.files import FileLock
from engine.core.paths import Home
from engine.settings.load import load
from engine.watch.alerts import evaluate
from engine.watch.deliver import Secret, alert_urls, deliver, outbox
from tests.helpers import ROOT, environment, new_home
from tests.watch.test_alerts import HOUR, NOW, off, on

FIRE = """
import sys
from pathlib import Path
from engine.settings.load import load
from engine.core.paths import Home
from engine.watch.alerts import evaluate
from tests.watch.test_alerts import NOW, on
home = Home(Path(sys.argv[1]))
evaluate(home, load(home), [on("corrupt", "NVDA")], NOW)
"""


class Receiver:
    """A webhook on loopback; `down` answers 503."""

    def __init__(self) -> None:
        self.got: list[str] = []
        self.down = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if not outer.down:
                    outer.got.append(json.loads(body)["title"])
                self.send_response(503 if outer.down else 200)
                self.end_headers()

            def log_message(self, *words: object) -> None:
                pass

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"json://127.0.0.1:{self.server.server_port}/a-secret-token"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.server.shutdown()
    found.server.server_close()


@pytest.fixture
def home(tmp_path: Path, receiver: Receiver) -> Home:
    home = new_home(tmp_path / "home")
    home.secrets.touch(0o600)
    home.secrets.write_text(f'[alerts]\nurls = ["{receiver.url}"]\n')
    return home


def test_firing_and_resolved_arrive_once_each_also_when_it_was_down(
    home: Home, receiver: Receiver
) -> None:
    """What nobody took waits on show, without the URL's secret, and arrives once when the
    receiver is back."""
    settings = load(home)
    receiver.down = True
    evaluate(home, settings, [on("corrupt", "NVDA")], NOW)
    fault = deliver(home, settings)
    assert "json://…" in fault
    assert "token" not in fault
    assert [1] == [each.tries for each in outbox(home)]

    receiver.down = False
    evaluate(home, settings, [off("corrupt", "NVDA")], NOW + HOUR)
    assert "" == deliver(home, settings)
    assert "" == deliver(home, settings)
    assert ["stockml firing", "stockml resolved"] == [
        title.partition(":")[0] for title in receiver.got
    ]
    assert () == outbox(home)


def test_a_process_killed_between_ringing_and_sending_costs_no_message(
    home: Home, receiver: Receiver
) -> None:
    """The state and its message are one transaction: after a kill the next delivery sends it,
    once."""
    child = subprocess.run(
        [sys.executable, "-c", FIRE, str(home.root)],
        env=environment(STOCKML_TEST="1", STOCKML_FAILPOINTS="alerts.queued=kill"),
        cwd=ROOT,
        check=False,
    )
    assert -signal.SIGKILL == child.returncode
    settings = load(home)
    assert () == evaluate(home, settings, [on("corrupt", "NVDA")], NOW + HOUR)
    assert "" == deliver(home, settings)

    assert 1 == len(receiver.got)


def test_a_receiver_that_is_down_keeps_nothing_from_the_others(
    home: Home, receiver: Receiver
) -> None:
    """Two URLs, the first dead: the second gets every message once and in order, however often
    it is tried; the first gets them all when it is back."""
    settings, dead = load(home), Receiver()
    dead.down = True
    home.secrets.write_text(f'[alerts]\nurls = ["{dead.url}", "{receiver.url}"]\n')
    for number, symbol in enumerate(("NVDA", "TSLA", "AAPL")):
        evaluate(home, settings, [on("corrupt", symbol)], NOW + number * HOUR)
        fault = deliver(home, settings)
    assert "3 messages wait: not taken by json://…" == fault
    assert ["NVDA", "TSLA", "AAPL"] == [
        title.rpartition(" ")[2].rstrip(")") for title in receiver.got
    ]
    assert [3, 1, 1] == [each.tries for each in outbox(home)]

    dead.down = False
    assert "" == deliver(home, settings)
    assert (dead.got, outbox(home)) == (receiver.got, ())
    dead.server.shutdown()
    dead.server.server_close()


def test_secrets_that_others_can_read_are_not_used(home: Home) -> None:
    """A secrets.toml open to others sends nothing and says how to mend it;
    without one the words say what to write."""
    home.secrets.chmod(0o644)
    urls, fault = alert_urls(home)
    assert urls == ()
    assert "it can be read by others (mode 644)" in fault
    assert f"chmod 600 {home.secrets}" in fault
    home.secrets.unlink()
    assert "[alerts] urls" in alert_urls(home)[1]


def test_a_secret_is_in_no_text() -> None:
    """Neither str nor repr of a URL shows what stands behind its scheme."""
    secret = Secret("mailto://user:hunter2@host")

    assert "hunter2" not in f"{secret} {secret!r}"


def test_switched_off_sends_nothing(home: Home, receiver: Receiver) -> None:
    """alerts.enabled = false keeps messages in the outbox."""
    settings = load(home)
    evaluate(home, settings, [on("corrupt", "NVDA")], NOW)
    home.settings.write_text(
        home.settings.read_text().replace("enabled = true", "enabled = false", 1)
    )
    assert "alerts.enabled" in deliver(home, load(home))
    assert [] == receiver.got


def test_what_was_not_sent_is_never_called_sent(home: Home, receiver: Receiver) -> None:
    """A child that dies without a word, and one that finds another at it, leave the message
    waiting and say so."""
    settings, lock = load(home), home.locks / ".outbox"
    evaluate(home, settings, [on("corrupt", "NVDA")], NOW)
    lock.mkdir(parents=True)
    assert "the delivery ended with exit 1" == deliver(home, settings)
    lock.rmdir()
    with FileLock(lock) as other:
        assert other.acquire("delivery of alerts")
        assert "1 message waits: another process sends them" == deliver(home, settings)
    assert [] == receiver.got
    assert "" == deliver(home, settings)
    assert 1 == len(receiver.got)


def test_a_receiver_that_hangs_is_given_up_and_the_message_waits(home: Home) -> None:
    """A webhook that takes the connection and never answers costs the time limit, not the work:
    the message waits on show."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        home.secrets.write_text(
            f'[alerts]\nurls = ["json://127.0.0.1:{silent.getsockname()[1]}/hook"]\n'
        )
        settings = load(home)
        evaluate(home, settings, [on("corrupt", "NVDA")], NOW)
        fault = deliver(home, settings, limit_s=3.0)

    assert "longer than 3 s" in fault
    assert [each.kind for each in outbox(home)] == ["firing"]
