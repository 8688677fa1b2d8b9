"""The records of the client: where the service is, its state, its replies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.core.text import clean


@dataclass(frozen=True, slots=True)
class ServicePlace:
    """What the lock of a home's service says."""

    held: bool
    """A service runs: nothing but the kernel's lock decides it."""
    address: tuple[str, int] | None = None
    """Host and port at which it answers; None while it starts."""
    text: str = ""
    """The text of the lock, `http://127.0.0.1:8081, pid 7`; a service that crashed leaves it."""


@dataclass(frozen=True, slots=True)
class ServiceReply:
    """What came back; `status` 0 and a `fault` when nothing did."""

    status: int
    seconds: float
    tree: dict[str, Any]
    fault: str = ""
    unreachable: bool = False
    """Nothing seems to listen there."""

    @property
    def ok(self) -> bool:
        return 200 <= self.status < 300

    @property
    def problem(self) -> str:
        """Why it is no success; empty when it is one."""
        if self.fault or self.ok:
            return self.fault
        stated = self.tree.get("detail") or self.tree.get("error")
        return clean(str(stated or f"HTTP {self.status}"), 300)


NOT_ASKED = ServiceReply(0, 0.0, {}, "not asked")


@dataclass(frozen=True, slots=True)
class ServiceState:
    """What the console, `health` and the checks show of the service."""

    place: ServicePlace
    reply: ServiceReply = NOT_ASKED
    """The answer to /api/v1/health; not asked while no service runs."""

    @property
    def running(self) -> bool:
        return self.place.held

    @property
    def up(self) -> bool:
        """Whether symbols are answered, all or some."""
        return self.word in ("healthy", "degraded")

    @property
    def word(self) -> str:
        """off, down (it crashed), starting, healthy, degraded, unhealthy, silent or error.

        silent = no answer in time; error = an answer that is none of health.
        """
        if not self.place.held:
            return "down" if self.place.text else "off"
        if self.place.address is None:
            return "starting"
        tree = self.reply.tree
        health = tree.get("status")
        if self.reply.status in (200, 206, 503) and health in ("healthy", "degraded", "unhealthy"):
            return "starting" if health == "unhealthy" and tree.get("total") == 0 else str(health)
        return "error" if self.reply.status else "silent"
