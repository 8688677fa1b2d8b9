"""Text from outside, made safe for a terminal."""

from __future__ import annotations

import re

# Both are compiled by their first use, 3 ms.
# CSI, OSC/DCS/SOS/PM/APC with their ends, then two-byte escapes; C1 forms of the same introducers
# beside them.
_SEQUENCES = (
    r"(?:\x1b\[|\x9b)[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d\x9e\x9f])[^\x07\x1b\x9c]*(?:\x07|\x1b\\|\x9c|$)"
    r"|\x1b[ -/]*[0-~]"
)
# C0 without tab, DEL, C1, line separators, and the bidi marks that reorder what an operator reads.
_CONTROLS = (
    r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]"
    r"|[\ud800-\udfff]"
)


def clean(text: str, limit: int = 2000) -> str:
    """One line without control sequences, at most `limit` characters; `\\r` overwrites."""
    if len(text) <= limit and text.isprintable():
        # Nothing below can touch it; a log of thousands of lines is read every half second.
        return text
    text = text[: limit * 4].rstrip("\r\n").rpartition("\r")[2]
    text = re.sub(_CONTROLS, "", re.sub(_SEQUENCES, "", text)).replace("\t", "    ")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def clean_bytes(raw: bytes, limit: int = 2000) -> str:
    """The same for bytes that may not be UTF-8."""
    return clean(raw[: limit * 4].decode("utf-8", "replace"), limit)


def complete_lines(window: bytes, cut: bool, limit: int = 400) -> list[bytes]:
    """The lines at the end of a file that are not blank; with `cut` the first may be cut.

    A cut line is left out, unless it is the only one: then an ellipsis and its last `limit` bytes.
    """
    first, *rest = window.split(b"\n")
    lines = [line for line in rest if line.strip()]
    if not first.strip() or (cut and lines):
        return lines
    return ["…".encode() + first[-limit:]] if cut else [first, *lines]
