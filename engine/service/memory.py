"""Values in memory up to a limit: the least recently used are dropped and made again when asked."""

from __future__ import annotations

import threading
import weakref
from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any, Generic, TypeVar

Value = TypeVar("Value")


class MemoryRoom:
    """Which values are in memory, the least recently used first; for any thread."""

    def __init__(self, limit_bytes: Callable[[], int]) -> None:
        self._limit_bytes = limit_bytes
        self._sizes: OrderedDict[weakref.ref[Held[Any]], int] = OrderedDict()
        self._gone: deque[weakref.ref[Held[Any]]] = deque()
        """Values that nobody holds any more; a callback of the collector takes no lock."""
        self._lock = threading.Lock()
        self.used_bytes = 0

    def use(self, held: Held[Any]) -> None:
        """Note that a value is in use; drop others while all take more than the limit."""
        with self._lock:
            while self._gone:
                self.used_bytes -= self._sizes.pop(self._gone.popleft(), 0)
            ref = weakref.ref(held, self._gone.append)
            self.used_bytes += held.size_bytes - self._sizes.pop(ref, 0)
            self._sizes[ref] = held.size_bytes
            while self.used_bytes > self._limit_bytes() and len(self._sizes) > 1:
                oldest, size_bytes = self._sizes.popitem(last=False)
                self.used_bytes -= size_bytes
                dropped = oldest()
                if dropped is not None:
                    dropped.drop()


class Held(Generic[Value]):
    """A value that `room` may drop, and how it is made again."""

    def __init__(
        self, room: MemoryRoom, value: Value, size_bytes: int, again: Callable[[], Value]
    ) -> None:
        self._room = room
        self._value: Value | None = value
        self._again = again
        self.size_bytes = size_bytes
        room.use(self)

    @property
    def in_memory(self) -> bool:
        return self._value is not None

    def get(self) -> Value:
        """The value, made again where it was dropped; StockmlError when it cannot be."""
        value = self._value
        if value is None:
            value = self._value = self._again()
        self._room.use(self)
        return value

    def drop(self) -> None:
        """Leave the value to the collector."""
        self._value = None
