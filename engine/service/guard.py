"""The outermost layer of a request: it refuses, counts and logs requests and limits their time.

It refuses in this order: foreign Host (DNS rebinding), too many requests, target too long, token
missing, body too large or too slow.
"""

from __future__ import annotations

import asyncio
import sys
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from engine.core.clock import Clock
from engine.service.access import AccessLog
from engine.service.limits import RateLimit
from engine.service.metrics import ServiceMetrics
from engine.service.policy import Policy
from engine.service.problems import MEDIA_TYPE, ApiProblem, internal, problem_tree

MAX_BODY = 4096
"""Bytes; no request of ours needs a body."""
MAX_TARGET = 2048
"""Bytes of path and query."""
BODY_S = 10.0
REQUEST_S = 30.0
"""Seconds until the answer is made; engine.service.protocol limits the time to send it."""
ROUTE = "stockml.route"
"""The scope key under which a route stores its path, for the counters."""
_CLOSE = {"Connection": "close"}
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
class Admission:
    """Decides whether to refuse a request before its body is read."""

    policy: Callable[[], Policy]
    """Asked at every request."""
    rate_limit: RateLimit

    def refusal(self, scope: Scope) -> ApiProblem | None:
        """The first reason to refuse the request, or None."""
        return next(self._refusals(scope), None)

    def _refusals(self, scope: Scope) -> Iterator[ApiProblem]:
        policy = self.policy()
        if problem := policy.refuse_host(scope):
            yield problem
        if not self.rate_limit.take(client_of(scope), time.monotonic()):
            yield ApiProblem(429, "rate", "too many requests", {"Retry-After": "1"})
        if len(scope["raw_path"]) + len(scope["query_string"]) > MAX_TARGET:
            yield ApiProblem(414, "target", f"path and query may take {MAX_TARGET} bytes")
        if problem := policy.refuse_caller(scope):
            yield problem


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
        self._app = app
        self._admission = admission
        self._metrics = metrics
        self._log = log
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        response = _Response(send)
        start = time.perf_counter()
        self._metrics.active.inc()
        try:
            await self._handle(scope, receive, response)
        finally:
            self._metrics.active.dec()
            self._count(scope, response, time.perf_counter() - start)

    async def _handle(self, scope: Scope, receive: Receive, response: _Response) -> None:
        problem = self._admission.refusal(scope)
        if problem is not None:
            self._metrics.refused.labels(problem.kind).inc()
        try:
            async with asyncio.timeout(REQUEST_S):
                problem = problem or await _refuse_body(scope, receive)
                if problem is None:
                    await self._app(scope, receive, response)
                    return
        except TimeoutError:
            problem = ApiProblem(503, "timeout", f"not answered within {REQUEST_S:g} s", _CLOSE)
        except Exception:  # noqa: BLE001 - a fault of ours ends as an answer
            traceback.print_exc(file=sys.stderr)
            problem = internal()
        if response.status == 0:
            await _send(response, problem, scope["path"], self._clock.now())

    def _count(self, scope: Scope, response: _Response, seconds: float) -> None:
        method = scope["method"] if scope["method"] in _METHODS else "other"
        route = scope.get(ROUTE, "other")
        self._metrics.record_request(route, method, response.status, seconds)
        self._log.write(
            self._clock.now(),
            client_of(scope),
            f"{scope['method']} {scope['path']}",
            status=response.status,
            seconds=seconds,
            size=response.size,
        )


class _Response:
    """Remembers status and size, and adds the headers of every response."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0
        self.size = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            message = {**message, "headers": [*message["headers"], *_HEADERS]}
        elif message["type"] == "http.response.body":
            self.size += len(message.get("body", b""))
        await self._send(message)


async def _refuse_body(scope: Scope, receive: Receive) -> ApiProblem | None:
    """Read the body to its end and drop it; a problem when it is too large or too slow."""
    names = {name for name, _ in scope["headers"]}
    if b"content-length" not in names and b"transfer-encoding" not in names:
        return None
    size = 0
    try:
        async with asyncio.timeout(BODY_S):
            while True:
                message = await receive()
                size += len(message.get("body", b""))
                if size > MAX_BODY:
                    return ApiProblem(413, "body", f"a body may take {MAX_BODY} bytes", _CLOSE)
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return None
    except TimeoutError:
        return ApiProblem(408, "slow", f"the body did not come within {BODY_S:g} s", _CLOSE)


async def _send(send: Send, problem: ApiProblem, path: str, now: datetime) -> None:
    body = msgspec.json.encode(problem_tree(problem, path, now))
    headers = {"Content-Type": MEDIA_TYPE, "Content-Length": str(len(body)), **problem.headers}
    raw = [(name.lower().encode(), value.encode()) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": problem.status, "headers": raw})
    await send({"type": "http.response.body", "body": body})


def client_of(scope: Scope) -> str:
    """The address of the client; "?" for a socket without one."""
    return str((scope.get("client") or ("?",))[0])
