"""What crosses the line: bars bit for bit, JSON of ours, and answers of this attempt alone."""

from __future__ import annotations

import json
import pickle
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine.cluster.messages import (
    Alive,
    Answer,
    Failed,
    Progress,
    SentBars,
    WireError,
    checked_answer,
    differing,
    pack,
    received_bars,
    sent_bars,
    sha256,
    unpack,
)
from engine.core.records import Forecast
from engine.market.bars import Bars, data_hash

FORECAST = Forecast(
    last_bar="2026-11-27",
    last_close=1.0,
    next_close=1.0,
    low80=0.9,
    high80=1.1,
    low95=0.8,
    high95=1.2,
    p_up=50.0,
    confidence=50.0,
    target_session="2026-11-30",
)


def bars_of(columns: np.ndarray[Any, np.dtype[np.float64]]) -> Bars:
    """Bars with these five columns."""
    days = np.arange(len(columns)).astype("datetime64[D]")
    return Bars("NVDA", "simulated", days, *columns.T)


@given(arrays(np.float64, st.tuples(st.integers(1, 30), st.just(5))))
def test_bars_arrive_bit_for_bit(columns: np.ndarray[Any, np.dtype[np.float64]]) -> None:
    """Any numbers, NaN and infinities too, are the same after JSON."""
    bars = bars_of(columns)
    raw = msgspec.json.encode(sent_bars(bars))
    there = received_bars(msgspec.json.decode(raw, type=SentBars))
    assert data_hash(there) == data_hash(bars)
    assert there.volume.tobytes() == bars.volume.tobytes()
    assert (there.symbol, there.source) == (bars.symbol, bars.source)


def test_torn_bars_are_refused() -> None:
    """Columns of different lengths, or half a number, are a fault in words."""
    sent = sent_bars(bars_of(np.ones((3, 5))))
    with pytest.raises(WireError, match="different lengths"):
        received_bars(msgspec.structs.replace(sent, close=sent.close[:8]))
    with pytest.raises(WireError, match="torn"):
        received_bars(msgspec.structs.replace(sent, close=sent.close[:5]))


@pytest.mark.parametrize(
    "message",
    [
        Alive(),
        Progress(attempt="a", kind="phase", figures={"name": "fit"}),
        Failed(attempt="a", text="x"),
    ],
)
def test_a_message_is_read_as_it_was_sent(message: Any) -> None:
    """Head and body come back."""
    assert unpack(pack(message, b"body")) == (message, b"body")


@given(st.one_of(st.none(), st.binary(), st.text(), st.dictionaries(st.text(), st.binary())))
def test_anything_else_is_refused(raw: object) -> None:
    """Garbage is a fault in words, whatever it is."""
    with pytest.raises(WireError):
        unpack(raw)


@given(st.binary(max_size=200))
def test_a_head_that_is_not_ours_is_refused(head: bytes) -> None:
    """Bytes that are no message of ours, a pickle too."""
    for wrong in (head, pickle.dumps(head), json.dumps({"type": "Run"}).encode()):
        with pytest.raises(WireError):
            unpack({"head": wrong, "body": b""})


def test_an_answer_counts_for_its_attempt_alone() -> None:
    """One of an earlier attempt is dropped, and so are bytes that do not match the hash."""
    answer = Answer(attempt="run/NVDA/2", digest=sha256(b"model"), forecast=FORECAST)
    assert checked_answer(answer, b"model", "run/NVDA/2") == b"model"
    with pytest.raises(WireError, match="not to run/NVDA/3: dropped"):
        checked_answer(answer, b"model", "run/NVDA/3")
    with pytest.raises(WireError, match="does not match its hash"):
        checked_answer(answer, b"modem", "run/NVDA/2")


def test_versions_that_differ_are_both_named() -> None:
    """Equal ones say nothing; a package that one side lacks is named as missing."""
    assert differing({"numpy": "2.4"}, {"numpy": "2.4"}) == ""
    assert differing({"numpy": "2.4"}, {"numpy": "2.3"}) == "numpy 2.3 there, 2.4 here"
    assert differing({"numpy": "2.4"}, {}) == "numpy missing there, 2.4 here"
