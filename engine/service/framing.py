"""Heads of requests whose body could end at two places: they are refused.

h11 takes one of two lengths and lets Transfer-Encoding win over Content-Length; a proxy that
chooses otherwise would see other requests in the same bytes (RFC 9112, 6.3 and 11.2).
"""

from __future__ import annotations

from collections.abc import Sequence

from h11 import LocalProtocolError
from h11._receivebuffer import ReceiveBuffer


class HeadBuffer(ReceiveBuffer):
    """h11's buffer of received bytes, which refuses a head with a doubtful length."""

    fault = ""
    """Why the newest head is refused."""

    def maybe_extract_lines(self) -> list[bytearray] | None:
        """The lines up to a blank one, or None; LocalProtocolError for a doubtful length."""
        lines = super().maybe_extract_lines()
        self.fault = framing_fault(lines or ())
        if self.fault:
            raise LocalProtocolError(self.fault)
        return lines


def framing_fault(lines: Sequence[bytes | bytearray]) -> str:
    """Why the end of the body is in doubt, or nothing; `lines` begin with the request line."""
    fields = [(name.strip().lower(), value) for name, _, value in map(_split, lines[1:])]
    lengths = [value for name, value in fields if name == b"content-length"]
    coded = any(name == b"transfer-encoding" for name, _ in fields)
    if len(lengths) > 1 or any(b"," in value for value in lengths):
        return "a request may have one Content-Length alone"
    if lengths and coded:
        return "a request may not have both Content-Length and Transfer-Encoding"
    if coded and lines[0].endswith(b"HTTP/1.0"):
        return "HTTP/1.0 has no Transfer-Encoding"
    if any(line[:1] in (b" ", b"\t") for line in lines[1:]):
        return "a header must not continue on the next line"
    return ""


def _split(line: bytes | bytearray) -> tuple[bytes, bytes, bytes]:
    return bytes(line).partition(b":")
