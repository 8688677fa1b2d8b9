"""The outermost layer of a request: who may ask what and how much.

Then its count, its line in the log, its time limit.

Refused in this order: a foreign Host (DNS rebinding), too many connections, too many requests,
too long a target, a missing token, too large or too slow a body. What is refused never reaches a
route.
"""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.core.clock import Clock
from engine.service.access import AccessLog
from engine.service.limits import RateLimit, is_loopback
from engine.service.metrics import ServiceMetrics
from engine.service.problems import MEDIA_TYPE, ApiProblem, internal, problem_tree

MOST_BODY = 4096
"""Bytes; no request of ours needs a body."""
MOST_TARGET = 2048
"""Bytes of path and query."""
MOST_CONNECTIONS = 512
"""Open at once; one more is told so, and closed."""
BODY_S = 10.0
REQUEST_S = 30.0
"""Seconds until the answer is made;
who takes it slowly meets the limits of engine.service.protocol."""
ROUTE = "stockml.route"
"""Where a route leaves its own path in the scope, for the counters."""
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"cache-control", b"no-store"),
    (
        b"content-security-policy",
        b"default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    ),
]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the operator decided: `host` is the address listened on, `token` may be empty on
    loopback only."""

    host: str
    port: int
    token: str = ""
    names: tuple[str, ...] = ()
    """Further host names by which clients may call us."""

    def __repr__(self) -> str:
        return f"Policy({self.host}:{self.port}, token {'set' if self.token else 'absent'})"

    @property
    def open(self) -> bool:
        """Whether reading needs no token."""
        return is_loopback(self.host)

    def refuse_host(self, scope: Scope) -> ApiProblem | None:
        """400 for a Host that is not one of ours;
        an address is ours when the client reached us at it."""
        found = [value for name, value in scope["headers"] if name == b"host"]
        text = found[0].decode("latin-1").lower() if len(found) == 1 else ""
        if not self._ours(text, scope):
            return ApiProblem(400, "host", "the Host header is missing, or is not this service")
        return None

    def _ours(self, text: str, scope: Scope) -> bool:
        name, _, port = (
            text.rpartition(":") if not text.endswith("]") and ":" in text else (text, "", "")
        )
        if port and port != str(self.port):
            return False
        if name in ("localhost", "127.0.0.1", "[::1]", self.host, f"[{self.host}]", *self.names):
            return bool(name)
        local = (scope.get("server") or ("",))[0]
        try:
            # A page of a foreign site cannot make a browser send a bare address that it did not
            # connect to.
            return ipaddress.ip_address(name.strip("[]")) == ipaddress.ip_address(local)
        except ValueError:
            return False

    def refuse_caller(self, scope: Scope) -> ApiProblem | None:
        """401 or 403 without the token where one is needed: every change, and everything off
        loopback."""
        if self.open and scope["method"] in ("GET", "HEAD", "OPTIONS"):
            return None
        if not self.token:
            return ApiProblem(
                403,
                "no-token",
                "no token is configured: `stockml serve --make-token`, then start the service"
                " again",
            )
        given = [value for name, value in scope["headers"] if name == b"authorization"]
        wanted = f"Bearer {self.token}".encode()
        if len(given) != 1 or not hmac.compare_digest(given[0], wanted):
            return ApiProblem(
                401, "token", "a bearer token is needed", {"WWW-Authenticate": "Bearer"}
            )
        return None


@dataclass(frozen=True, slots=True)
class Admission:
    """What decides before a request is looked at."""

    policy: Callable[[], Policy]
    """Asked at every request."""
    limit: RateLimit
    connections: Callable[[], int]
    """How many are open now."""


class Guard:
    """ASGI middleware around the routes."""

    def __init__(
        self,
        app: ASGIApp,
        admission: Admission,
        metrics: ServiceMetrics,
        log: AccessLog,
        clock: Clock,
    ):
        self._app, self._admission, self._metrics, self._log, self._clock = (
            app,
            admission,
            metrics,
            log,
            clock,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        answer = _Answer(send)
        start = time.perf_counter()
        self._metrics.active.inc()
        try:
            await self._answered(scope, receive, answer)
        finally:
            self._metrics.active.dec()
            self._count(scope, answer, time.perf_counter() - start)

    async def _answered(self, scope: Scope, receive: Receive, answer: _Answer) -> None:
        problem = self._refusal(scope)
        try:
            async with asyncio.timeout(REQUEST_S):
                problem = problem or await _refuse_body(scope, receive)
                if problem is None:
                    await self._app(scope, receive, answer)
                    return
        except TimeoutError:
            problem = ApiProblem(
                503, "timeout", f"not answered within {REQUEST_S:g} s", {"Connection": "close"}
            )
        except Exception:  # noqa: BLE001 - a fault of ours must end as an answer; the details go to the service's stderr
            traceback.print_exc(file=sys.stderr)
            problem = internal()
        if answer.status == 0:
            await _send(answer, problem, scope["path"], self._clock.now())

    def _refusal(self, scope: Scope) -> ApiProblem | None:
        policy = self._admission.policy()
        found = policy.refuse_host(scope)
        if found is None and self._admission.connections() > MOST_CONNECTIONS:
            found = ApiProblem(
                503, "crowded", "too many connections", {"Retry-After": "1", "Connection": "close"}
            )
        if found is None and not self._admission.limit.take(_client(scope), time.monotonic()):
            found = ApiProblem(429, "rate", "too many requests", {"Retry-After": "1"})
        if found is None and len(scope["raw_path"]) + len(scope["query_string"]) > MOST_TARGET:
            found = ApiProblem(414, "target", f"path and query may take {MOST_TARGET} bytes")
        found = found or policy.refuse_caller(scope)
        if found is not None:
            self._metrics.refused.labels(found.kind).inc()
        return found

    def _count(self, scope: Scope, answer: _Answer, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        self._metrics.request(scope.get(ROUTE, "other"), method, answer.status, seconds)
        line = f"{scope['method']} {scope['path']}"
        self._log.write(
            self._clock.now(), _client(scope), line, answer.status, seconds, answer.size
        )


class _Answer:
    """The way out: remembers status and size, adds the headers that every answer carries."""

    def __init__(self, send: Send) -> None:
        self._send, self.status, self.size = send, 0, 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message["headers"], *_HEADERS]}
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        await self._send(message)


async def _refuse_body(scope: Scope, receive: Receive) -> ApiProblem | None:
    """Read the body to its end, for nothing of it is used;
    a problem when it is too large or too slow."""
    names = {name for name, _ in scope["headers"]}
    if b"content-length" not in names and b"transfer-encoding" not in names:
        return None
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                size += len(message.get("body", b""))
                if size > MOST_BODY:
                    return ApiProblem(
                        413, "body", f"a body may take {MOST_BODY} bytes", {"Connection": "close"}
                    )
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return None
    except TimeoutError:
        return ApiProblem(
            408, "slow", f"the body did not come within {BODY_S:g} s", {"Connection": "close"}
        )


async def _send(send: Send, problem: ApiProblem, path: str, now: datetime) -> None:
    body = msgspec.json.encode(problem_tree(problem, path, now))
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), **problem.headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def _client(scope: Scope) -> str:
    return str((scope.get("client") or ("?",))[0])
