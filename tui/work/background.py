"""Background work in daemon threads, not Textual's workers, which block exit while they hang."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from functools import wraps
from typing import Any

from textual.app import App
from textual.message import Message
from textual.message_pump import MessagePump

from engine.core.clock import Clock, iso
from engine.core.errors import StockmlError
from engine.core.files import append_line
from engine.core.paths import Home
from engine.core.text import clean
from tui.work.messages import VerbDone, VerbFailed

# What is looked at more often streams; on a slow line 13 rows of progress each second are 2.4 KB.
SLOW_LOOK_S = 2.0
HURRY_S = 0.01


def pause(every: float, pace: str) -> float:
    """Seconds to the next look: at the slow pace two or more, but for what reads a long file."""
    return max(every, SLOW_LOOK_S) if pace == "slow" and every > HURRY_S else every


def while_open(handler: Callable[..., None]) -> Callable[..., None]:
    """A handler of the application that does nothing once it ends: a thread may still post."""

    @wraps(handler)
    def guarded(app: App[Any], *arguments: Any) -> None:
        if app.screen_stack:
            handler(app, *arguments)

    return guarded


def post(to: MessagePump, message: Message) -> None:
    """From a thread: post to a screen or the application, unless it is gone."""
    with suppress(RuntimeError):
        to.post_message(message)


class Poller:
    """A thread that looks again and again; each look returns the seconds to the next one."""

    def __init__(self, look: Callable[[], float], name: str) -> None:
        self._look = look
        self._wake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    @property
    def stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stopped

    def start(self) -> None:
        self._thread.start()

    def poke(self) -> None:
        """Look now instead of at the end of the wait."""
        self._wake.set()

    def stop(self) -> None:
        """No further look; does not wait for one under way."""
        self._stopped = True
        self._wake.set()

    def _run(self) -> None:
        while not self._stopped:
            wait = self._look()
            self._wake.wait(wait)
            self._wake.clear()


def start_verb(
    app: App[Any],
    verb: str,
    work: Callable[[], Any],
    done: Callable[[Any], None],
    log: Callable[[str], None],
) -> None:
    """Run `work` in a thread: its result goes to `done` on the loop, or VerbFailed is posted."""

    def body() -> None:
        try:
            result = work()
        except StockmlError as error:
            post(app, VerbFailed(verb, error.message, error.hint))
        except Exception as error:  # noqa: BLE001 - the console never dies of the engine
            text = f"{type(error).__name__}: {error}"
            log(f"action={verb} error={text}")
            post(app, VerbFailed(verb, f"{verb} failed: {text}", "details: logs/console.log"))
        else:
            post(app, VerbDone(verb, done, result))

    threading.Thread(target=body, name=f"verb-{verb}", daemon=True).start()


def write_log(home: Home, clock: Clock, text: str) -> None:
    """One line in logs/console.log; a full disk does not end the console."""
    with suppress(OSError):
        append_line(home.logs / "console.log", f"{iso(clock.now())} {clean(text)}")
