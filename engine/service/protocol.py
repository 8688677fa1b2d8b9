"""uvicorn's HTTP/1.1 protocol with a time limit for the head of a request: a client that drips holds no connection."""

from __future__ import annotations

from asyncio import Transport
from typing import TYPE_CHECKING

from uvicorn.protocols.http.h11_impl import H11Protocol

if TYPE_CHECKING:
    from asyncio import TimerHandle

HEAD_S = 10.0
"""Seconds for request line and headers; uvicorn itself limits only the silence between two requests."""


class PatientProtocol(H11Protocol):
    """Closes a connection whose request head is not complete HEAD_S after its first byte (or after connecting)."""

    _limit: TimerHandle | None = None

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._arm()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.cycle is not None and not self.cycle.response_complete:
            self._disarm()  # the head is there, the request is being answered
        elif self._limit is None:
            self._arm()

    def on_response_complete(self) -> None:
        self._disarm()
        super().on_response_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._disarm()
        super().connection_lost(exc)

    def _arm(self) -> None:
        self._limit = self.loop.call_later(HEAD_S, self._late)

    def _disarm(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _late(self) -> None:
        self._limit = None
        waiting = self.cycle is None or self.cycle.response_complete
        if waiting and not self.transport.is_closing():
            self.transport.abort()
