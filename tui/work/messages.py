"""Messages from threads to the console: a thread posts, a handler changes the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import KW_ONLY, dataclass
from typing import Any

from textual.message import Message

from engine.core.records import Level
from engine.core.snapshot import Away, Snapshot


class SnapshotRead(Message):
    """The engine's snapshot was read and differs from the one before."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot


class SnapshotFailed(Message):
    """The snapshot could not be read; what the screen shows is old."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class AwayRead(Message):
    """What happened while the console was not open was read."""

    def __init__(self, away: Away) -> None:
        super().__init__()
        self.away = away


class ServiceSeen(Message):
    """The prediction service is in another state than before, or answers at another speed."""

    def __init__(self, word: str, latency_s: float | None) -> None:
        super().__init__()
        self.word, self.latency_s = word, latency_s


class Looked(Message):
    """The look of a screen returned a new value."""

    def __init__(self, value: Any, turn: int) -> None:
        super().__init__()
        self.value, self.turn = value, turn


class LookFailed(Message):
    """The look of a screen failed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class VerbDone(Message):
    """A verb of the engine returned."""

    def __init__(self, verb: str, done: Callable[[Any], None], result: Any) -> None:
        super().__init__()
        self.verb = verb
        self.done = done
        self.result = result


class VerbFailed(Message):
    """A verb of the engine raised."""

    def __init__(self, verb: str, text: str, hint: str) -> None:
        super().__init__()
        self.verb = verb
        self.text = text
        self.hint = hint


class Unrecorded(Message):
    """Something was done that the audit does not have."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the operator: what happened, and the next step."""

    text: str
    hint: str = ""
    _: KW_ONLY
    level: Level = Level.OK
    """CRIT: it did not work; WARN: not all of it did, or the result wants a look."""
    sticky: bool = False
    """Whether it stays until another notice: its work is still running."""

    @classmethod
    def still(cls, verb: str) -> Notice:
        """The answer to a second press of a key while its work is running."""
        return cls(f"{verb}: the engine is still at it")

    @property
    def seconds(self) -> float:
        """Seconds that it is shown, unless it is sticky or another notice replaces it."""
        return 8.0 if self.level is Level.OK else 30.0


def level_of(*, failed: bool = False, incomplete: bool = False) -> Level:
    """The level of what failed, of what is incomplete, and of the rest."""
    if failed:
        return Level.CRIT
    return Level.WARN if incomplete else Level.OK
