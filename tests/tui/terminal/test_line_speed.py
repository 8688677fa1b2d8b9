"""The line is judged by the answers of its terminal, not by where it comes from."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.terminal.line_speed import ASK_AGAIN_S, LOST_S, SETTLED_ASK_S, LineSpeed


def ask(line: LineSpeed, now: float, answers: Sequence[float]) -> float:
    """Ask whenever it is due; each answer takes so long. The moment after the last."""
    for seconds in answers:
        while not line.due(now):
            now += 0.5
        line.asked(now)
        line.answered(now + seconds)
        now += max(seconds, 0.5)
    return now


@pytest.mark.parametrize(
    ("answers", "link"),
    [
        ((0.001,) * 3, "fast"),
        ((0.4,) * 3, "slow"),
        ((0.4,) * 2, "fast"),
        ((0.4, 0.4, 0.01), "fast"),
        ((0.12,) * 9, "fast"),
        ((0.4,) * 3 + (0.12,) * 5, "slow"),
        ((0.4,) * 3 + (0.02,) * 3, "fast"),
        ((0.02,) * 5 + (0.4,) * 3, "slow"),
    ],
)
def test_three_answers_in_a_row_decide(answers: Sequence[float], link: str) -> None:
    """Between the two limits a line stays what it was."""
    line = LineSpeed("auto")
    ask(line, 0.0, answers)

    assert line.link == link


def test_a_settled_line_is_asked_seldom_and_an_unsure_one_soon() -> None:
    """Once a second until three answers agree, then every ten seconds."""
    line = LineSpeed("auto")
    now = ask(line, 0.0, (0.01, 0.01))
    assert line.due(now + ASK_AGAIN_S)
    now = ask(line, now, (0.01,))
    assert not line.due(now + ASK_AGAIN_S)
    now = ask(line, now + SETTLED_ASK_S, (0.3,))
    assert line.due(now + ASK_AGAIN_S)


@pytest.mark.parametrize(
    ("answers", "pace"),
    [((), "slow"), ((0.001,) * 2, "slow"), ((0.001,) * 3, "fast"), ((0.4,) * 3, "slow")],
)
def test_the_pace_is_slow_until_the_line_is_judged(answers: Sequence[float], pace: str) -> None:
    """A slow line is full before its third answer when everything streams on it."""
    line = LineSpeed("auto")
    ask(line, 0.0, answers)

    assert line.pace == pace


def test_a_line_that_was_set_has_its_pace_at_once() -> None:
    """Nothing is measured first."""
    assert [LineSpeed(link).pace for link in ("fast", "slow")] == ["fast", "slow"]


def test_a_terminal_that_never_answers_is_left_alone() -> None:
    """It stays fast, at the fast pace, and is asked no more after three queries were lost."""
    line, asked = LineSpeed("auto"), 0
    for now in range(100):
        if line.due(now):
            line.asked(now)
            asked += 1

    assert (asked, line.link) == (4, "fast")


def test_answers_that_stay_away_are_slow_ones() -> None:
    """A line that answered before and does no more is no fast one."""
    line = LineSpeed("auto")
    now = ask(line, 0.0, (0.01,) * 3) + SETTLED_ASK_S
    for _ in range(4):
        assert line.due(now)
        line.asked(now)
        now += LOST_S

    assert line.link == "slow"


def test_blocked_writes_make_a_line_slow() -> None:
    """Three that waited for the terminal; short waits count for nothing."""
    line = LineSpeed("auto")
    for seconds in (0.5, 0.01, 0.5, 0.5):
        line.blocked(seconds)

    assert line.link == "slow"


@given(st.lists(st.floats(0, 60), max_size=20), st.sampled_from(["fast", "slow"]))
def test_a_line_that_was_set_is_never_measured(answers: list[float], link: str) -> None:
    """`--link` and `console.link` are the operator's word."""
    line = LineSpeed(link)
    for seconds in answers:
        line.blocked(seconds)
        line.answered(seconds)

    assert not line.due(1e9)
    assert line.link == link


def test_an_answer_on_its_way_is_waited_for_a_second() -> None:
    """Else the shell would read it behind the prompt."""
    line = LineSpeed("auto")
    line.asked(5.0)

    assert line.awaits(5.4)
    assert not line.awaits(6.5)
    line.answered(5.5)
    assert not line.awaits(5.6)
