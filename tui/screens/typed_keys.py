"""What is typed, in its order: the screen on top gets one key at a time, once it listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Protocol

from textual import events

from tui.terminal.textual_private import forward

Typed = events.Key | events.Paste


class Listener(Protocol):
    """A screen as the keys see it."""

    listens: bool
    """Whether it is drawn: what is typed earlier waits for it."""

    def post_message(self, message: events.Event) -> bool: ...


class TypedKeys:
    """The keys that no screen has acted on yet.

    A key that reached a screen's own queue could not follow the operator to the prompt that the
    key before it opened: posted again there, it comes behind those typed later.
    """

    def __init__(self) -> None:
        self._waiting: deque[Typed] = deque()
        self._given: tuple[Listener, Typed] | None = None
        self._begun = False

    def add(self, key: Typed, top: Listener) -> None:
        """One more was typed."""
        self._waiting.append(key)
        self.give(top)

    def insert(self, keys: Iterable[Typed]) -> None:
        """Keys that come before all that wait: those of a pasted line."""
        self._waiting.extendleft(reversed(tuple(keys)))

    def forget(self) -> None:
        """Drop what waits: a question is not answered by what was typed before it was drawn."""
        self._waiting.clear()

    def give(self, top: Listener) -> None:
        """Hand the next key to the screen on top, unless one is still being handled."""
        if self._given is not None and not self._begun and self._given[0] is not top:
            self._waiting.appendleft(self._given[1])  # its screen was covered or left meanwhile
            self._given = None
        if self._given is None and self._waiting and top.listens:
            self._given = (top, self._waiting.popleft())
            forward(top, self._given[1])

    def begin(self, screen: Listener, key: Typed) -> bool:
        """Whether `screen` acts on `key` now; False for one that was taken back from it."""
        if self._given is None or self._given != (screen, key):
            return False
        self._begun = True
        return True

    def end(self, top: Listener) -> None:
        """The key is handled: the next one."""
        self._given = None
        self._begun = False
        self.give(top)
