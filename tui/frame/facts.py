"""What the frame shows, as one value."""

from __future__ import annotations

from dataclasses import dataclass

from engine.core.snapshot import Snapshot


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameFacts:
    """The state of home, service and line that stands on every screen."""

    snapshot: Snapshot | None = None
    """What was read last; None before the first look."""
    failure: str = ""
    """Why the last look failed; empty when it did not."""
    clock: str = ""
    """The local time of day."""
    service: str = ""
    """The state of the prediction service; empty before the first look at it."""
    latency_s: float | None = None
    """Seconds that the service took to answer; None while it does not."""
    slow: bool = False
    """The line to the terminal is slow."""
    lag: str = ""
    """Words when the numbers are old or the console stalled."""
    read_only: bool = False
    unsaved: tuple[str, ...] = ()
    """The tabs with changes that are not written."""
