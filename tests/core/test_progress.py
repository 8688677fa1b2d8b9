"""Steps told across processes: only where somebody reads them, and never more than they are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.core.progress import VARIABLE, ProgressStep, counted, read_step
from engine.core.text import clean


def test_steps_are_told_where_somebody_reads_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each name as it begins; without a reader not a byte."""
    monkeypatch.delenv(VARIABLE, raising=False)
    assert list(counted(("NVDA", "TSLA"))) == ["NVDA", "TSLA"]
    assert capsys.readouterr().err == ""
    monkeypatch.setenv(VARIABLE, "1")
    list(counted(("NVDA", "TSLA")))
    lines = capsys.readouterr().err.encode().splitlines()

    assert [read_step(line) for line in lines] == [
        ProgressStep(0, 2, "NVDA"),
        ProgressStep(1, 2, "TSLA"),
    ]


@given(st.binary(max_size=60))
def test_any_line_is_a_step_or_none(line: bytes) -> None:
    """What a child writes never breaks its reader, and its figures are bounded."""
    for text in (line, b"\x1e" + line, b"\x1e3 13 " + line):
        step = read_step(text)
        assert step is None or (0 <= step.done <= step.total and step.name == clean(step.name))


def test_the_time_left_is_that_of_the_pace() -> None:
    """Nothing before the first is done."""
    assert ProgressStep(0, 13, "NVDA").seconds_left(5.0) is None
    assert ProgressStep(4, 12, "NVDA").seconds_left(8.0) == 16.0
