"""A slow machine changes nothing: a key has had its effect when `pilot.press` returns, and a
stall is told by its own tests."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from typing import Any

import pytest
from textual._context import active_app
from textual.app import App

# Passes of the event loop in a row in which nothing was left to do: what one part hands to another
# takes one pass or two.
QUIET = 20
LONGEST_S = 60.0


def at_work(app: App[Any]) -> bool:
    """Whether a message or a callback waits somewhere, or a change is not drawn yet;
    what is to be drawn is drawn."""
    pumps = [pump for pump in (app, *app._registry) if not pump._closed]
    if any(pump.message_queue_size or pump._next_callbacks for pump in pumps):
        return True
    if not app.screen_stack or app.screen._closed:
        return False
    screen = app.screen
    drawn = not (
        screen._layout_required
        or screen._scroll_required
        or screen._repaint_required
        or screen._dirty_widgets
    )
    if drawn and not screen._callbacks:
        return False
    screen._on_timer_update()  # as the timer of the screen does 60 times a second
    return True


async def drained(*_: float) -> None:
    """Wait until everything that was sent to the console is done;
    what its threads bring is not waited for."""
    app, end, quiet = active_app.get(), time.monotonic() + LONGEST_S, 0
    while quiet < QUIET:
        await asyncio.sleep(0)
        quiet = 0 if at_work(app) else quiet + 1
        assert time.monotonic() < end, "the console does not come to rest"


@pytest.fixture(autouse=True)
def steady(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Textual's pilot takes 20 ms with little CPU time for the end of the work.

    A process that gets no CPU has that too.

    Neither does a console of a test tell of a stall, in its title and in a newest log file,
    because its machine had no time.
    """
    for module in ("textual.app", "textual.pilot"):
        monkeypatch.setattr(f"{module}.wait_for_idle", drained)
    monkeypatch.setattr("tui.terminal.watchdog.STALL_S", 3600.0)
    yield


@pytest.fixture(autouse=True)
def _utc() -> Iterator[None]:
    """Screens show local time: the zone of the scenes, whatever the machine's is."""
    with pytest.MonkeyPatch.context() as zone:
        zone.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()
