"""A client of the service with one deadline for connecting, sending and the whole answer."""

from __future__ import annotations

import http.client
import json
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from engine.client.place import find_place
from engine.client.records import ServiceReply, ServiceState
from engine.client.token import read_token
from engine.core.errors import ConfigError
from engine.core.paths import Home
from engine.core.text import clean

MAX_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class ServiceClient:
    """Asks one service; never raises for what the other side does."""

    host: str
    port: int
    token: str = ""

    def __repr__(self) -> str:
        return f"Client({self.host}:{self.port})"

    @property
    def url(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"

    def get(self, path: str, deadline_s: float) -> ServiceReply:
        """GET `path`; the whole of it within `deadline_s` seconds."""
        return self.ask("GET", path, deadline_s)

    def ask(self, method: str, path: str, deadline_s: float) -> ServiceReply:
        """One request, answered by a reply in any case."""
        start = time.monotonic()
        try:
            status, body = self._exchange(method, path, deadline_s)
        except (OSError, http.client.HTTPException) as error:
            seconds = time.monotonic() - start
            late = seconds >= deadline_s or isinstance(error, TimeoutError)
            fault = f"no answer within {deadline_s:g} s" if late else _reason(error)
            connected = (http.client.HTTPException, ConnectionResetError, BrokenPipeError)
            unreachable = not late and not isinstance(error, connected)
            return ServiceReply(0, seconds, {}, f"{self.url}: {fault}", unreachable)
        return ServiceReply(status, time.monotonic() - start, _tree(body))

    def _exchange(self, method: str, path: str, deadline_s: float) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, self.port, timeout=deadline_s)
        # A socket's time limit counts each read alone: a slow trickle would never end.
        late = threading.Event()
        timer = threading.Timer(deadline_s, _cut, (connection, late))
        timer.daemon = True
        timer.start()
        try:
            headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            body = _body(answer)
            if late.is_set():  # a connection that was cut reads like one that ended
                raise TimeoutError
            return answer.status, body
        finally:
            timer.cancel()
            connection.close()


def find_client(home: Home) -> ServiceClient | None:
    """The client of the service that runs for this home, with its token; None while none does.

    Whatever else listens at the settings' port is not ours: it must neither answer for our models
    nor learn the token.
    """
    place = find_place(home)
    if place.address is None:
        return None
    token = ""
    with suppress(ConfigError):  # an unsafe secrets.toml: the service will refuse us and say why
        token = read_token(home)
    return ServiceClient(*place.address, token)


def ask_service(home: Home, path: str, deadline_s: float) -> ServiceReply:
    """GET a path of this home's own service; no request while none runs."""
    client = find_client(home)
    if client is None:
        return ServiceReply(0, 0.0, {}, "no prediction service of this home runs", unreachable=True)
    return client.get(path, deadline_s)


def service_state(home: Home, deadline_s: float = 2.0) -> ServiceState:
    """Ask for the health of the service, where one runs, within the deadline."""
    place = find_place(home)
    if place.address is None:
        return ServiceState(place)
    return ServiceState(place, ask_service(home, "/api/v1/health", deadline_s))


def _body(answer: http.client.HTTPResponse) -> bytes:
    """The whole body; HTTPException when it is cut short, too long or of unknown length."""
    if answer.length is None or answer.length > MAX_BYTES:
        raise http.client.HTTPException(f"an answer of {answer.length or 'unknown'} bytes")
    return answer.read()


def _cut(connection: http.client.HTTPConnection, late: threading.Event) -> None:
    late.set()
    sock = connection.sock
    if sock is not None:
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)


def _tree(body: bytes) -> dict[str, Any]:
    try:
        tree = json.loads(body)
    except ValueError:
        return {}
    return tree if isinstance(tree, dict) else {}


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "nothing listens there"
    return clean(getattr(error, "strerror", None) or str(error) or type(error).__name__, 120)
