"""What background threads tell the console; a thread posts, a handler changes the screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from textual.message import Message

from engine.core.records import Away, Snapshot


class SnapshotRead(Message):
    """The engine's snapshot was read and differs from the one before."""

    def __init__(self, snapshot: Snapshot) -> None:
        super().__init__()
        self.snapshot = snapshot


class SnapshotFailed(Message):
    """The snapshot could not be read; what stands on the screen is old."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


class AwayRead(Message):
    """What happened while the console was not open was read."""

    def __init__(self, away: Away) -> None:
        super().__init__()
        self.away = away


class ServiceSeen(Message):
    """The prediction service is in another state than before."""

    def __init__(self, word: str) -> None:
        super().__init__()
        self.word = word


class VerbDone(Message):
    """A verb of the engine came back."""

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
    """Something was done and does not stand in the audit."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


@dataclass(frozen=True, slots=True)
class Notice:
    """One sentence for the operator: what happened, and the next step."""

    text: str
    hint: str = ""
    bad: bool = False
    """It did not work: the sentence begins with ERROR."""
    warns: bool = False
    """It worked, and not all of it, or what it found wants a look: WARN."""
    stays: bool = False
    """It stands until something else is said: the work it tells of goes on."""

    @classmethod
    def still(cls, verb: str) -> Notice:
        """What a second press of a key is told while its work goes on."""
        return cls(f"{verb}: the engine is still at it")

    @property
    def seconds(self) -> float:
        """How long it stands, where nothing else is said."""
        return 30.0 if self.bad or self.warns else 8.0
