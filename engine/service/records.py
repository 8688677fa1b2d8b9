"""The records of the service as it is seen from outside."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from engine.client.records import ServiceState


@dataclass(frozen=True, slots=True)
class Overview:
    """The service at one moment; trees are empty where it did not answer, and `fault` says why."""

    state: ServiceState
    stats: dict[str, Any] = field(default_factory=dict)
    """The answer of /api/v1/stats."""
    models: tuple[dict[str, Any], ...] = ()
    """The models of /api/v1/models."""
    fault: str = ""
    stranger: str = ""
    """The program at the settings' port while no service of this home runs; else empty."""
