"""Asking for statuses that are out of date."""

from __future__ import annotations

from tests.tui.scenes import row, snapshot
from tui.dashboard.status_refresh import EVERY_S, TRIES, StatusRefresh


def test_a_child_that_never_answers_is_a_problem() -> None:
    """It is asked every few seconds;
    after some tries the problem is named, and is gone with the first answer."""
    now: list[float] = [0.0]
    asked: list[float] = []
    logged: list[str] = []

    def spawn() -> bool:
        asked.append(now[0])
        return True

    refresh = StatusRefresh(spawn, lambda: now[0], logged.append)
    waiting = snapshot((row("NVDA", stale_status=True), row("TSLA")))
    for _ in range(2 * TRIES + 1):
        assert refresh.with_problem(waiting).problems == ()
        refresh.ask(waiting)
        now[0] += EVERY_S / 2

    assert asked == [at * EVERY_S for at in range(TRIES + 1)]
    assert refresh.with_problem(waiting).problems == (
        "the figures of NVDA do not come: `stockml status` shows what is wrong",
    )
    answered = snapshot((row("NVDA"), row("TSLA")))
    assert refresh.with_problem(answered).problems == ()
    refresh.ask(answered)
    assert refresh.with_problem(waiting).problems == ()
    assert logged == []


def test_a_child_at_work_is_waited_for() -> None:
    """While one is at work none is started, and nothing is complained of;
    an error to start one is written down."""
    now: list[float] = [0.0]
    logged: list[str] = []
    waiting = snapshot((row("NVDA", stale_status=True),))
    patient = StatusRefresh(lambda: False, lambda: now[0], logged.append)
    for _ in range(20):
        now[0] += EVERY_S
        patient.ask(waiting)
    assert patient.with_problem(waiting) is waiting

    def broken() -> bool:
        raise OSError("no more processes")

    StatusRefresh(broken, lambda: now[0], logged.append).ask(waiting)
    assert logged == ["action=status-refresh error=OSError: no more processes"]
