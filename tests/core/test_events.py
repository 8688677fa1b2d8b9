"""Events and their lines."""

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.events import MAX_LINE, TYPES, VERSION, Event, decode, encode

NOW = datetime(2025, 8, 13, 12, 0, 0, 123000, tzinfo=UTC)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=40)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=8,
)


def event(**data: Any) -> Event:
    return Event(7, NOW, 12.5, "run-1", "worker-1", "NVDA", "epoch", data)


def test_an_event_decodes_to_itself() -> None:
    """What was written is read again: stamps, order, symbol, type and figures."""
    said = event(epoch=3, epochs=50, loss=0.25, eta_s=12.0)

    assert said == decode(encode(said))


@given(st.dictionaries(st.text(max_size=12), VALUES, max_size=4))
def test_any_data_is_one_line_of_valid_json(data: dict[str, Any]) -> None:
    """Whatever the data holds, the line is JSON without NaN, below the limit, ends once, and is
    read again."""
    line = encode(event(**{f"k{name}": value for name, value in data.items()}))

    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert len(line) <= MAX_LINE
    json.loads(line, parse_constant=lambda name: pytest.fail(name))
    decoded = decode(line)
    assert decoded is not None and (7, "NVDA", "epoch") == (
        decoded.seq,
        decoded.symbol,
        decoded.type,
    )


def test_nan_is_written_as_null() -> None:
    """NaN and infinities are written as null, deep inside as well."""
    decoded = decode(encode(event(loss=math.nan, deep={"x": [math.inf, 1.0]})))

    assert decoded is not None
    assert {"loss": None, "deep": {"x": [None, 1.0]}} == decoded.data


def test_long_texts_are_cut_and_never_the_line() -> None:
    """A message of a megabyte is cut; too much of everything leaves the head."""
    assert len(encode(event(message="x" * 1_000_000))) <= MAX_LINE
    crowded = decode(encode(event(**{f"key{at}": "y" * 60 for at in range(500)})))
    assert crowded is not None
    assert {} == crowded.data


def test_data_cannot_forge_the_head() -> None:
    """A key of the head inside the data is left out."""
    decoded = decode(encode(event(seq=99, run="other", v=5, note="kept")))

    assert decoded is not None
    assert (7, "run-1", {"note": "kept"}) == (decoded.seq, decoded.run, decoded.data)


def test_escape_codes_are_removed() -> None:
    """A message with escape codes is written without them."""
    assert b"\\u001b" not in encode(event(message="\x1b[2Jgone"))


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b'{"v":1}',
        b'{"v":1,"seq":1,"ts":"yesterday","run":"r","type":"epoch"}',
        b'{"v":1,"seq":1,"ts":"2025-08-13T12:00:00","run":"r","type":"epoch"}',
        b'{"v":1,"seq":"x","ts":"2025-08-13T12:00:00Z","run":"r","type":"epoch"}',
        b'{"v":"1","seq":1,"ts":"2025-08-13T12:00:00Z","run":"r","type":"epoch"}',
        b"[" * 100_000,
    ],
)
def test_garbage_decodes_to_none(line: bytes) -> None:
    """A torn, foreign or absurd line is None and never an error."""
    assert decode(line) is None


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_skipped(line: bytes) -> None:
    """No bytes at all raise."""
    assert decode(line) is None or isinstance(decode(line), Event)


def test_a_newer_format_is_skipped_and_an_unknown_type_kept() -> None:
    """A line of a newer version is not understood;
    a type that is new is left to the reader to ignore."""
    line = encode(event())

    assert decode(line.replace(b'"v":%d' % VERSION, b'"v":%d' % (VERSION + 1))) is None
    decoded = decode(line.replace(b'"epoch"', b'"dance"'))
    assert decoded is not None and decoded.type == "dance"


def test_the_event_types_of_the_contract_exist() -> None:
    """The types that other readers rely on are all there."""
    promised = {
        "queued",
        "started",
        "phase",
        "epoch",
        "member",
        "scored",
        "published",
        "refused",
        "failed",
        "cancelled",
        "finished",
    }

    assert promised <= set(TYPES)
