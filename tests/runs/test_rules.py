"""What the supervisor decides."""

from __future__ import annotations

import pytest

from engine.runs.rules import (
    StopLevel,
    explain_exit,
    overdue,
    room_mb,
    signal_name,
    span,
    stop_level_due,
)
from engine.runs.spec import Limits

LIMITS = Limits(wall_s=600, stall_s=60)


@pytest.mark.parametrize(
    ("waited", "first", "level"),
    [
        (0, StopLevel.ASK, StopLevel.ASK),
        (9.9, StopLevel.ASK, StopLevel.ASK),
        (10, StopLevel.ASK, StopLevel.TERM),
        (20, StopLevel.ASK, StopLevel.KILL),
        (500, StopLevel.ASK, StopLevel.KILL),
        (0, StopLevel.TERM, StopLevel.TERM),
        (10, StopLevel.TERM, StopLevel.KILL),
    ],
)
def test_a_stop_grows_harder_each_grace(waited: float, first: StopLevel, level: StopLevel) -> None:
    """Asked, then SIGTERM after one grace, then SIGKILL after the next."""
    assert stop_level_due(waited, 10.0, first) is level


def test_limits_name_the_setting() -> None:
    """A job over a limit is told which one and where it is set; within both, nothing."""
    assert overdue(600, since=0, heard=599, limits=LIMITS) is None
    assert (
        overdue(601, since=0, heard=600, limits=LIMITS)
        == "took longer than 10 min (training.wall_limit_min)"
    )
    assert (
        overdue(161, since=100, heard=100, limits=LIMITS)
        == "no progress for 60 s (training.stall_limit_min)"
    )


@pytest.mark.parametrize(
    ("code", "oom", "words", "retry"),
    [
        (-9, True, "ran out of memory", True),
        (-9, False, "killed (out of memory?)", True),
        (-11, False, "SIGSEGV", True),
        (1, False, "code 1", False),
        (0, False, "code 0", False),
        (70, True, "code 70", False),
    ],
)
def test_a_death_is_named_and_only_signals_are_tried_again(
    code: int, oom: bool, words: str, retry: bool
) -> None:
    """A signal or the OOM killer is worth one more try; an exit code is the program's own word."""
    end = explain_exit(code, oom)
    assert words in end.message
    assert (end.retry, end.exit_code) == (retry, 1)


def test_free_memory_counts_what_running_workers_will_still_need() -> None:
    """A worker that has just begun has not yet taken its memory: it is counted as if it had."""
    assert room_mb(2000, [], 900) == 2000
    assert room_mb(2000, [100, 900, 1200], 900) == 1200


def test_words_for_people() -> None:
    """Signals by name, durations in the unit that reads best."""
    assert (signal_name(11), signal_name(99)) == ("SIGSEGV", "signal 99")
    assert (span(1800), span(90), span(0.5)) == ("30 min", "90 s", "0.5 s")
