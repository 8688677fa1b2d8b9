"""uvicorn's HTTP/1.1 protocol with a time limit for each part of a request.

A client has HEAD_S to send the head, ANSWER_S until its answer is written, FLUSH_S to read it.
uvicorn limits only idle connections, and waits forever for the reader of a closed one.
"""

from __future__ import annotations

from asyncio import Transport
from datetime import UTC, datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11
import msgspec
from uvicorn.protocols.http.h11_impl import H11Protocol

from engine.service.crowd import Crowd
from engine.service.framing import HeadBuffer
from engine.service.problems import MEDIA_TYPE, ApiProblem, problem_tree

if TYPE_CHECKING:
    from asyncio import TimerHandle

HEAD_S = 10.0
"""Seconds for request line and headers, from the first byte (or from connecting)."""
ANSWER_S = 40.0
"""Seconds for the rest of the request; the guard's limits (10 s, 30 s) end it in words before."""
FLUSH_S = 30.0
"""Seconds for a reader to take what the kernel has not taken yet."""


_LATER = {"Retry-After": "1"}


class PatientProtocol(H11Protocol):
    """Aborts a connection whose part of a request is not done in time, or that must make way."""

    _limit: TimerHandle | None = None

    def __init__(self, *args: Any, crowd: Crowd, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._crowd = crowd
        self._heads = HeadBuffer()
        self.conn._receive_buffer = self._heads

    @property
    def idle(self) -> bool:
        """Whether this side waits for the client."""
        return not self._answering or self.cycle.more_body

    def make_way(self) -> None:
        """Close at once."""
        self.transport.abort()

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if self._crowd.enter(self, self.client[0] if self.client else "?"):
            self._arm(HEAD_S)
        else:
            self._close_with(ApiProblem(503, "crowded", "too many connections", _LATER))

    def data_received(self, data: bytes) -> None:
        answering = self._answering
        super().data_received(data)
        if self._answering and not answering:
            self._crowd.seat_last(self)
            self._arm(ANSWER_S)  # the head is there
        elif not self._answering and (self._limit is None or answering):
            self._arm(HEAD_S)

    def on_response_complete(self) -> None:
        self._disarm()
        super().on_response_complete()
        if self._answering:
            self._arm(ANSWER_S)  # a pipelined request
        elif self.transport.get_write_buffer_size():
            self._limit = self.loop.call_later(FLUSH_S, self._flushed)

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        self._crowd.leave(self)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's own text
        detail = self._heads.fault or "this is no HTTP request that can be read"
        self._close_with(ApiProblem(400, "request", detail))
        if self._answering:
            # The request whose body broke off: nobody can be answered any more.
            self.cycle.disconnected = True
            self.cycle.message_event.set()

    def _close_with(self, problem: ApiProblem) -> None:
        """Answer `problem` unless an answer has begun, and close."""
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            body = msgspec.json.encode(problem_tree(problem, "", datetime.now(UTC)))
            headers = {
                "content-type": MEDIA_TYPE,
                "content-length": str(len(body)),
                "connection": "close",
                **problem.headers,
            }
            reason = HTTPStatus(problem.status).phrase.encode()
            for event in (
                h11.Response(
                    status_code=problem.status, headers=list(headers.items()), reason=reason
                ),
                h11.Data(data=body),
                h11.EndOfMessage(),
            ):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    @property
    def _answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _arm(self, seconds: float) -> None:
        self._disarm()
        self._limit = self.loop.call_later(seconds, self.transport.abort)

    def _flushed(self) -> None:
        self._limit = None
        if self.transport.get_write_buffer_size():
            self.transport.abort()
        elif not self.transport.is_closing():
            # An idle connection is closed by uvicorn now, a begun head has its own time.
            self._arm(HEAD_S)

    def _disarm(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None
