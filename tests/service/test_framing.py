"""Heads whose body could end at two places."""

from __future__ import annotations

import h11
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.service.framing import HeadBuffer, framing_fault

LINE = b"POST /api/v1/cache/clear HTTP/1.1"


@pytest.mark.parametrize(
    "fields",
    [
        (b"Content-Length: 5", b"Transfer-Encoding: chunked"),
        (b"transfer-encoding: chunked", b"content-length:0"),
        (b"Content-Length: 5", b"Content-Length: 5"),
        (b"Content-Length: 5", b"CONTENT-LENGTH: 6"),
        (b"Content-Length: 5, 5",),
        (b"Content-Length: 5", b" ,5"),
        (b"Content-Length : 5", b"Content-Length: 6"),
        (b"X: a", b"\tTransfer-Encoding: chunked"),
    ],
)
def test_a_doubtful_length_is_a_fault(fields: tuple[bytes, ...]) -> None:
    """Two lengths, a length with a coding, and a folded line are each named."""
    assert framing_fault([LINE, *fields])


@pytest.mark.parametrize(
    "fields",
    [
        (),
        (b"Content-Length: 5",),
        (b"Transfer-Encoding: chunked",),
        (b"X-Content-Length: 5", b"Content-Length: 5"),
    ],
)
def test_a_plain_head_has_none(fields: tuple[bytes, ...]) -> None:
    """One length, one coding or none is fine."""
    assert framing_fault([LINE, *fields]) == ""


def test_the_old_protocol_has_no_coding() -> None:
    """HTTP/1.0 knows no chunks: a proxy would take the body's end elsewhere."""
    assert framing_fault([b"POST / HTTP/1.0", b"Transfer-Encoding: chunked"])


@given(st.binary(max_size=400))
def test_any_bytes_end_as_events_or_a_protocol_error(data: bytes) -> None:
    """h11 with our buffer behaves as before on garbage: events or RemoteProtocolError."""
    connection = h11.Connection(h11.SERVER)
    connection._receive_buffer = HeadBuffer()
    connection.receive_data(LINE + b"\r\nHost: x\r\n" + data)
    try:
        for _ in range(10):
            if connection.next_event() in (h11.NEED_DATA, h11.PAUSED):
                break
    except h11.RemoteProtocolError:
        pass
