"""When to look again at what could not be reached."""

from __future__ import annotations

from engine.service.retries import LONGEST_S, Retries


def test_the_waits_grow_to_the_longest() -> None:
    """The first failure is tried at the next look, then after 2, 4, 8 and 8 seconds."""
    now = [0.0]
    retries = Retries(lambda: now[0])
    waits = []
    for _ in range(5):
        assert retries.due("NVDA")
        retries.failed("NVDA")
        begun = now[0]
        while not retries.due("NVDA"):
            now[0] += 0.5
        waits.append(now[0] - begun)
    assert waits == [0.0, 2.0, 4.0, LONGEST_S, LONGEST_S]
    assert retries.due("TSLA")


def test_what_was_reached_starts_anew() -> None:
    """After a success, or a question by hand, the next failure is tried at once again."""
    now = [0.0]
    retries = Retries(lambda: now[0])
    for _ in range(4):
        retries.failed("NVDA")
    assert not retries.due("NVDA")
    retries.clear("NVDA")
    assert retries.due("NVDA")
    retries.failed("NVDA")
    assert retries.due("NVDA")
