"""The newest sessions as one text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.recent import SESSIONS, parse_recent, recent_text, rolling_mase
from engine.core.symbol_details import RecordedSession
from tests.tui.scenes import details


def test_sessions_come_back_from_their_text() -> None:
    """The newest closes and the forecasts made for them are read as they were written."""
    model = details().model
    recent = parse_recent(recent_text(model.closes, model.record))

    assert [close.day for close in recent.closes] == [
        close.day for close in model.closes[-SESSIONS - 1 :]
    ]
    assert [session.day for session in recent.record] == [session.day for session in model.record]
    assert recent.record[-1].forecast == pytest.approx(model.record[-1].forecast, rel=1e-5)
    assert recent.record[-1].last_close == recent.closes[-2].price
    assert recent.record[-1].actual == recent.closes[-1].price


@given(st.text(max_size=200))
def test_a_damaged_text_leaves_out_lines(text: str) -> None:
    """Whatever stands in the file, reading raises nothing."""
    recent = parse_recent(text)

    assert len(recent.record) <= len(recent.closes) <= len(text.splitlines())


def test_rolling_mase_is_the_ratio_of_mean_errors() -> None:
    """A forecast half-way between the last close and the outcome has MASE 0.5 in every window."""
    values = rolling_mase(details().model.record)

    assert len(values) == 56
    assert all(value == pytest.approx(0.5, abs=0.01) for value in values)
    assert rolling_mase([]) == ()
    assert rolling_mase([RecordedSession("d", 1.0, 1.0, 1.0, 1.0, 1.0)] * 5) == (None,)
