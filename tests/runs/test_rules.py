"""What the supervisor decides."""

from __future__ import annotations

import pytest

from engine.runs.rules import Force, death_of, force_due, overdue, room_mb, signal_name, span
from engine.runs.spec import Limits

LIMITS = Limits(wall_s=600, stall_s=60)


@pytest.mark.parametrize(
    ("waited", "first", "force"),
    [
        (0, Force.ASK, Force.ASK),
        (9.9, Force.ASK, Force.ASK),
        (10, Force.ASK, Force.TERM),
        (20, Force.ASK, Force.KILL),
        (500, Force.ASK, Force.KILL),
        (0, Force.TERM, Force.TERM),
        (10, Force.TERM, Force.KILL),
    ],
)
def test_a_stop_grows_harder_each_grace(waited: float, first: Force, force: Force) -> None:
    """Asked, then SIGTERM after one grace, then SIGKILL after the next."""
    assert force_due(waited, 10.0, first) is force


def test_limits_name_the_setting() -> None:
    """A job over a limit is told which one and where it is set; within both, nothing."""
    assert overdue(now=600, since=0, heard=599, limits=LIMITS) is None
    assert overdue(601, 0, 600, LIMITS) == "took longer than 10 min (training.wall_limit_min)"
    assert overdue(161, 100, 100, LIMITS) == "no progress for 60 s (training.stall_limit_min)"


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
    death = death_of(code, oom)
    assert words in death.message
    assert (death.retry, death.exit_code) == (retry, 1)


def test_room_counts_what_running_workers_will_still_need() -> None:
    """A worker that has just begun has not yet taken its memory: it is counted as if it had."""
    assert room_mb(2000, [], 900) == 2000
    assert room_mb(2000, [100, 900, 1200], 900) == 1200


def test_words_for_people() -> None:
    """Signals by name, durations in the unit that reads best."""
    assert (signal_name(11), signal_name(99)) == ("SIGSEGV", "signal 99")
    assert (span(1800), span(90), span(0.5)) == ("30 min", "90 s", "0.5 s")
