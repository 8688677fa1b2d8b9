"""Starting and stopping: one service per home, on its own port; a stop lets requests finish.

another service of this home runs      BusyError naming it
the port is taken                      StockmlError naming the port
another host than loopback, no token   RefusedError
"""

from __future__ import annotations

import errno
import os
import platform
import signal
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from engine.core.files import lock_text

# Before numpy: on shared cores a BLAS with threads took 74 ms where one thread took 13.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

import uvicorn
from starlette.types import ASGIApp

from engine.client.place import lock_path, place_text
from engine.client.token import read_token
from engine.core.audit import acting
from engine.core.clock import Clock, SystemClock
from engine.core.errors import BusyError, ConfigError, RefusedError, StockmlError
from engine.core.files import FileLock
from engine.core.paths import Home
from engine.service.app import build_app
from engine.service.crowd import (
    Crowd,
    connection_bound,
    descriptor_limit,
    raise_descriptor_limit,
)
from engine.service.doorway import Doorway
from engine.service.guard import Admission
from engine.service.limits import RateLimit, is_loopback
from engine.service.policy import Policy
from engine.service.protocol import PatientProtocol
from engine.service.service import PredictionService
from engine.settings.schema import Settings

DRAIN_S = 10
"""Seconds that requests may still take after SIGTERM."""
IDLE_S = 30
"""Seconds a connection may be idle between two requests."""


@dataclass(frozen=True, slots=True)
class Address:
    """Where to listen; port 0 lets the kernel choose."""

    host: str
    port: int


def check_policy(home: Home, host: str) -> str:
    """The token; RefusedError if it is missing off loopback, ConfigError for unsafe secrets."""
    token = read_token(home)
    if not token and not is_loopback(host):
        raise RefusedError(
            f"{host} can be reached from other machines, and no token is set",
            "`stockml serve --make-token`, then start again",
        )
    return token


def listen(address: Address) -> Doorway:
    """A listening socket; StockmlError for an unusable port, ConfigError for a bad host."""
    try:
        family, kind, proto, _, where = socket.getaddrinfo(
            address.host, address.port, type=socket.SOCK_STREAM
        )[0]
    except OSError as error:
        raise ConfigError(
            f"unknown host {address.host!r}: {error.strerror}", "service.host, or --host ADDRESS"
        ) from error
    sock = Doorway(family, kind, proto)
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(where)
        sock.listen(256)
    except OSError as error:
        sock.close()
        if error.errno == errno.EADDRINUSE:
            raise StockmlError(
                f"port {address.port} on {address.host} is taken by another program",
                "stop it, or choose another: stockml serve --port N",
            ) from error
        raise StockmlError(
            f"cannot listen on {address.host}:{address.port}: {error.strerror}",
            "another --host or --port",
        ) from error
    return sock


@dataclass(kw_only=True)
class Running:
    """A service ready to run, with its lock and socket."""

    service: PredictionService
    policy: Policy
    lock: FileLock
    sock: socket.socket
    crowd: Crowd
    server: uvicorn.Server

    @property
    def url(self) -> str:
        return f"http://{_bracketed(self.policy.host)}:{self.policy.port}"

    def run(self) -> int:
        """Answer until SIGTERM or SIGINT, let requests finish; the signal, 0 for none."""
        signals: list[int] = []
        before: dict[int, Any] = {}
        if threading.current_thread() is threading.main_thread():
            # uvicorn raises the signal again once it has drained: it must then end nothing.
            before = {
                number: signal.signal(number, lambda received, _: signals.append(received))
                for number in (signal.SIGTERM, signal.SIGINT)
            }
        try:
            self.server.run(sockets=[self.sock])
            self.lock.describe("")  # a text that stays in the file means a crash
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
            self.sock.close()
            self.lock.release()
        return signals[0] if signals else 0

    def stop(self) -> None:
        """Request a stop, as SIGTERM does; for another thread."""
        self.server.should_exit = True


def prepare(
    home: Home,
    settings: Settings,
    address: Address,
    source: str | None = None,
    *,
    clock: Clock | None = None,
    fetching: bool = True,
    limit: RateLimit | None = None,
) -> Running:
    """Take lock and port and build the service; errors as in the table above."""
    token = check_policy(home, address.host)
    lock = FileLock(lock_path(home))
    if not lock.acquire():
        holder = _holder(lock)
        raise BusyError(
            f"a service of this home runs already: {holder}", "use it, or stop it first", holder
        )
    try:
        sock = listen(address)
    except BaseException:
        lock.release()
        raise
    port = sock.getsockname()[1]
    policy = Policy(address.host, port, token, names=(platform.node().lower(),))
    lock.describe(place_text(address.host, port))
    service = PredictionService(
        home, clock or SystemClock(), settings, source=source, fetching=fetching
    )
    admission = Admission(
        policy=lambda: policy,
        rate_limit=limit or RateLimit(),
    )
    crowd = Crowd(
        connection_bound(descriptor_limit()),
        turned_away=service.metrics.refused.labels("crowded").inc,
    )
    sock.on_exhausted = crowd.close_idle
    server = uvicorn.Server(_config(build_app(service, admission), crowd))
    return Running(service=service, policy=policy, lock=lock, sock=sock, crowd=crowd, server=server)


def _config(app: ASGIApp, crowd: Crowd) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        http=cast("type[PatientProtocol]", partial(PatientProtocol, crowd=crowd)),
        ws="none",
        loop="asyncio",
        lifespan="on",
        access_log=False,
        log_config=None,
        log_level="error",  # a stranger's garbage must not fill the log that our stderr goes to
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=IDLE_S,
        timeout_graceful_shutdown=DRAIN_S,
        h11_max_incomplete_event_size=16_384,
    )


def serve(
    home: Home,
    settings: Settings,
    address: Address,
    source: str | None,
    on_ready: Callable[[Running], None],
    fetching: bool = True,
) -> int:
    """Serve until a signal, which is returned (0 for none); `on_ready` once the port is ours."""
    with acting(home, SystemClock(), "serve", host=address.host, port=address.port) as act:
        raise_descriptor_limit()
        running = prepare(home, settings, address, source, fetching=fetching)
        act.announce(port=running.policy.port)
        on_ready(running)
        number = running.run()
        act.message = f"stopped by {signal.Signals(number).name}" if number else "stopped"
    return number


def _holder(lock: FileLock) -> str:
    return lock_text(lock.path) or "unknown"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
